import { ImproperlyConfigured } from '@tq/core';
import type { Clock, Component, Logger, Pool } from '@tq/core';

/** How often it looks. */
const LOOK_MS = 250;
/** Slots that are idle for this long are given up. Celery's AUTOSCALE_KEEPALIVE, in seconds. */
const KEEP_MS = 30_000;

export interface AutoscaleRange {
  readonly max: number;
  readonly min: number;
}

/** Both numbers, in either order. @throws ImproperlyConfigured */
export function rangeOf(a: number, b: number): AutoscaleRange {
  const range = { max: Math.max(a, b), min: Math.min(a, b) };
  if (!Number.isSafeInteger(a) || !Number.isSafeInteger(b) || range.max < 1 || range.min < 0)
    throw new ImproperlyConfigured(
      `Autoscale needs two whole numbers, the most and the fewest slots, not ${a} and ${b}.`,
    );
  return { max: range.max, min: Math.max(1, range.min) };
}

export interface AutoscalerParts {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Tasks in the pool, running or waiting. */
  readonly demand: () => number;
  readonly resize: (size: number) => Promise<void>;
  /** The range is another one. */
  readonly changed: () => void;
  /** How long idle slots are kept. @default AUTOSCALE_KEEPALIVE seconds of the environment, 30 s */
  readonly keepMs?: number;
}

/**
 * Fits the pool to what there is to do: up at once when tasks wait, down after a while without need. The worker takes as many
 * messages as the largest pool could run, so that what waits is here and can be seen.
 */
export class Autoscaler implements Component {
  readonly name = 'autoscaler';
  readonly #parts: AutoscalerParts;
  readonly #keepMs: number;
  #range: AutoscaleRange;
  #timer: Disposable | undefined;
  /** Until when the pool was needed as large as it is. Monotonic. */
  #neededMs = 0;
  #resizing: Promise<void> | undefined;

  constructor(range: AutoscaleRange, parts: AutoscalerParts) {
    this.#range = range;
    this.#parts = parts;
    this.#keepMs = parts.keepMs ?? keepAliveMs() ?? KEEP_MS;
  }

  get range(): AutoscaleRange {
    return this.#range;
  }

  start(): Promise<void> {
    const { clock } = this.#parts;
    this.#neededMs = clock.monotonic();
    this.#timer = clock.every(LOOK_MS, () => this.#look());
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    this.#timer?.[Symbol.dispose]();
    await this.#resizing;
  }

  /** Another range. @throws ImproperlyConfigured */
  update({ max = this.#range.max, min = this.#range.min }: Partial<AutoscaleRange>): AutoscaleRange {
    if (min > max)
      throw new ImproperlyConfigured(`The fewest slots, ${min}, are more than the most, ${max}.`);
    this.#range = rangeOf(max, min);
    this.#parts.changed();
    this.#look();
    return this.#range;
  }

  info(): Readonly<Record<string, number>> {
    const { pool, demand } = this.#parts;
    return { max: this.#range.max, min: this.#range.min, current: pool.size, qty: demand() };
  }

  #look(): void {
    const { pool, clock, demand } = this.#parts;
    const { max, min } = this.#range;
    const wanted = Math.min(max, Math.max(min, demand()));
    const nowMs = clock.monotonic();
    if (wanted >= pool.size && pool.size <= max) this.#neededMs = nowMs;
    if (wanted > pool.size || pool.size > max) this.#resize(wanted);
    else if (wanted < pool.size && nowMs - this.#neededMs >= this.#keepMs) {
      this.#neededMs = nowMs;
      this.#resize(wanted);
    }
  }

  /** One change at a time. */
  #resize(size: number): void {
    if (this.#resizing) return;
    const { pool, logger, resize } = this.#parts;
    const by = size - pool.size;
    logger.info(by > 0 ? `Scaling up ${by} slots.` : `Scaling down ${-by} slots.`);
    this.#resizing = resize(size)
      .catch((error: unknown) => logger.warn("The pool couldn't be resized", { error: String(error) }))
      .finally(() => (this.#resizing = undefined));
  }
}

function keepAliveMs(): number | undefined {
  const given = process.env['AUTOSCALE_KEEPALIVE'];
  return given === undefined || !(Number(given) >= 0) ? undefined : Number(given) * 1000;
}

import type { Clock, Component, Pool } from '@tq/core';
import type { PrefetchWindow } from './prefetch.ts';

/** A slot that is busy for this long without an end makes the reserve behind it wait for nothing. */
const STALL_MS = 50;

/**
 * Gives the reserve back to the queue when the slots turn out to be busy for long: a short task must not wait here while
 * a slot elsewhere is idle. Runs only while something waits in the pool.
 */
export class StallWatch implements Component {
  readonly name = 'stall watch';
  readonly #parts: {
    readonly pool: Pool;
    readonly window: PrefetchWindow;
    readonly clock: Clock;
    readonly changed: () => void;
  };
  #lastEndMs = 0;
  #timer: Disposable | undefined;

  constructor(parts: {
    readonly pool: Pool;
    readonly window: PrefetchWindow;
    readonly clock: Clock;
    readonly changed: () => void;
  }) {
    this.#parts = parts;
  }

  start(): Promise<void> {
    this.#lastEndMs = this.#parts.clock.monotonic();
    if (this.#parts.window.giveBackWhenStalled)
      this.#timer = this.#parts.clock.every(STALL_MS, () => this.#lookSoon());
    return Promise.resolve();
  }

  stop(): Promise<void> {
    this.#timer?.[Symbol.dispose]();
    return Promise.resolve();
  }

  finished(): void {
    this.#lastEndMs = this.#parts.clock.monotonic();
  }

  /** After what has already come is read: timers run before pipes, and a late timer must not take itself for a stall. */
  #lookSoon(): void {
    setImmediate(() => this.#look());
  }

  #look(): void {
    const { pool, window, clock, changed } = this.#parts;
    const idleMs = clock.monotonic() - this.#lastEndMs;
    if (idleMs < STALL_MS) return;
    const { waiting, busy, size } = pool.stats();
    if (waiting === 0 || busy < size) return;
    window.stalled(idleMs);
    changed();
    pool.recall();
  }
}

import { ImproperlyConfigured } from '@tq/core';
import type { TaskDefinition, TaskRequest } from '@tq/core';

const PER_SECOND: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 };

/** Starts a second of a rate such as '10/s', '100/m', '5/h' or a number; undefined = no limit. Celery's rate_limit. */
export function parseRate(rate: string | number | null | undefined, task: string): number | undefined {
  if (rate === null || rate === undefined) return undefined;
  const match = /^\s*(\d+(?:\.\d+)?)\s*(?:\/\s*([smh]))?\s*$/.exec(String(rate));
  if (!match)
    throw new ImproperlyConfigured(
      `The rate limit ${JSON.stringify(rate)} of ${task} is not a number a second, or '10/s', '100/m', '5/h'.`,
    );
  const perSecond = Number(match[1]) / (PER_SECOND[match[2] ?? 's'] as number);
  return perSecond === 0 ? undefined : perSecond;
}

/** Rate limits of this worker, one a task. Each request takes the next free moment, in the order of arrival. */
export class Buckets {
  readonly #defaultRate: string | number | null;
  readonly #enabled: boolean;
  /** Limits that were changed at run time. */
  readonly #rates = new Map<string, string | number | null>();
  /** Interval and the next free moment, by task; null = no limit. */
  readonly #buckets = new Map<string, { readonly intervalMs: number; nextMs: number } | null>();

  constructor(options: { readonly enabled: boolean; readonly defaultRate: string | number | null }) {
    this.#enabled = options.enabled;
    this.#defaultRate = options.defaultRate;
  }

  /** Another limit for a task from now on, whatever it was; undefined = none. @throws ImproperlyConfigured */
  set(task: string, rate: string | number | null): void {
    const perSecond = parseRate(rate, task);
    this.#rates.set(task, perSecond === undefined ? null : rate);
    this.#buckets.delete(task);
  }

  /** Whether a limit was set for the task at run time that holds. */
  isLimited(task: string): boolean {
    return this.#rates.get(task) != null;
  }

  /** The limit of a task as it was given. */
  rateOf(definition: TaskDefinition): string | number | null {
    const changed = this.#rates.get(definition.name);
    if (changed !== undefined) return changed;
    return definition.options.rateLimit === undefined ? this.#defaultRate : definition.options.rateLimit;
  }

  /** The moment from which the request may run; the moment is its own from now on. */
  take(request: TaskRequest, definition: TaskDefinition, nowMs: number): number {
    if (!this.#enabled) return 0;
    let bucket = this.#buckets.get(request.task);
    if (bucket === undefined) this.#buckets.set(request.task, (bucket = this.#make(definition)));
    if (bucket === null) return 0;
    const atMs = Math.max(nowMs, bucket.nextMs);
    bucket.nextMs = atMs + bucket.intervalMs;
    return atMs;
  }

  #make(definition: TaskDefinition): { readonly intervalMs: number; nextMs: number } | null {
    const rate = parseRate(this.rateOf(definition), definition.name);
    return rate === undefined ? null : { intervalMs: 1000 / rate, nextMs: 0 };
  }
}

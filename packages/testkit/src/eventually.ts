import { setTimeout as delay } from 'node:timers/promises';

export interface EventuallyOptions {
  /** Longest wait. Milliseconds. @default 5000 */
  readonly timeoutMs?: number;
  /** Pause between two looks. Milliseconds. @default 5 */
  readonly everyMs?: number;
  /** What is waited for, for the message when it doesn't come. */
  readonly what?: string;
}

/**
 * Looks until `look` gives something truthy, and returns that. An error that `look` throws (a failed `expect`, say)
 * means "not yet"; the last one becomes the cause when time is up.
 */
export async function eventually<T>(
  look: () => T | Promise<T>,
  options: EventuallyOptions = {},
): Promise<NonNullable<T>> {
  const { timeoutMs = 5000, everyMs = 5, what = 'the condition' } = options;
  const end = performance.now() + timeoutMs;
  let last: unknown;
  for (;;) {
    try {
      last = undefined;
      const seen = await look();
      if (seen) return seen;
    } catch (error) {
      last = error;
    }
    if (performance.now() >= end) break;
    await delay(everyMs);
  }
  const detail = last instanceof Error ? `: ${last.message}` : '';
  throw new Error(`Waited ${timeoutMs} ms for ${what}${detail}`, { cause: last });
}

/** The promise's value, or an error that says what was awaited. */
export async function within<T>(promise: Promise<T>, timeoutMs: number, what: string): Promise<T> {
  const stop = new AbortController();
  const late = async (): Promise<never> => {
    await delay(timeoutMs, undefined, { signal: stop.signal });
    throw new Error(`Waited ${timeoutMs} ms for ${what}`);
  };
  const timer = late();
  timer.catch(() => undefined); // aborted: the promise was faster
  try {
    return await Promise.race([promise, timer]);
  } finally {
    stop.abort();
  }
}

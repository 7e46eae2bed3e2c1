import type { Clock } from '@tq/core';

/** Closing and cancelling wait for the store at most this long. */
export const CLOSE_TIMEOUT_MS = 5000;

/** Whether the work has settled in time; a failure counts as settled, and rejects. Late failures are let go. */
export async function settlesWithin(work: Promise<unknown>, ms: number, clock: Clock): Promise<boolean> {
  const stop = new AbortController();
  const late = clock.sleep(ms, { signal: stop.signal }).then(
    () => false,
    () => true, // stopped, because the work was faster
  );
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    stop.abort();
  }
}

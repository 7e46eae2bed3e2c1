import { createApp } from '@tq/core';
import type { App } from '@tq/core';
import type { Workplace } from './worker-process.ts';

/** A client of a workplace's queue; calls tasks by name. Pollutes no environment. */
export function clientOf(place: Workplace): App {
  return createApp('client', { broker: place.url, backend: place.backend });
}

/** Waits for a condition. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  timeoutMs = 15_000,
): Promise<void> {
  for (const end = Date.now() + timeoutMs; Date.now() < end;) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`Not within ${timeoutMs} ms: ${what}`);
}

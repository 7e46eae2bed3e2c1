import type { Channel, Clock, Delivery } from '@tq/core';
import { deferred } from '@tq/core/internal';

export interface GatherOptions {
  readonly clock: Clock;
  /** A queue that gives nothing for so long gives nothing more. Milliseconds. */
  readonly stillMs: number;
}

/** Takes what is ready in a queue and holds it: `count` messages, or fewer when others are quicker. */
export async function gather(
  channel: Channel,
  queue: string,
  count: number,
  options: GatherOptions,
): Promise<readonly Delivery[]> {
  const taken: Delivery[] = [];
  if (count === 0) return taken;
  const enough = deferred();
  const consumer = await channel.consume(queue, (delivery) => {
    taken.push(delivery);
    if (taken.length >= count) enough.resolve();
  });
  const done = new AbortController();
  await Promise.race([enough.promise, untilStill(() => taken.length, options, done.signal)]);
  done.abort();
  await consumer.cancel();
  return taken;
}

async function untilStill(
  size: () => number,
  { clock, stillMs }: GatherOptions,
  signal: AbortSignal,
): Promise<void> {
  let before = -1;
  while (size() !== before && !signal.aborted) {
    before = size();
    await clock.sleep(stillMs, { signal }).catch(() => undefined); // there is enough
  }
}

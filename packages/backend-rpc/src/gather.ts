import type { Channel, Clock, Delivery } from '@tq/core';
import { deferred } from '@tq/core/internal';

/** A queue that gives nothing for so long gives nothing more. */
const STILL_MS = 1000;

/** Takes what is ready in a queue and holds it: `count` messages, or fewer when others are quicker. */
export async function gather(
  channel: Channel,
  queue: string,
  count: number,
  clock: Clock,
): Promise<readonly Delivery[]> {
  const taken: Delivery[] = [];
  if (count === 0) return taken;
  const enough = deferred();
  const consumer = await channel.consume(queue, (delivery) => {
    taken.push(delivery);
    if (taken.length >= count) enough.resolve();
  });
  const done = new AbortController();
  await Promise.race([enough.promise, untilStill(() => taken.length, clock, done.signal)]);
  done.abort();
  await consumer.cancel();
  return taken;
}

async function untilStill(size: () => number, clock: Clock, signal: AbortSignal): Promise<void> {
  let before = -1;
  while (size() !== before && !signal.aborted) {
    before = size();
    await clock.sleep(STILL_MS, { signal }).catch(() => undefined); // there is enough
  }
}

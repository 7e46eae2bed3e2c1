import type { App } from '@tq/core';

/** Removes the waiting messages of queues; resolves with how many there were in each. */
export async function purgeQueues(
  app: App,
  queues: readonly string[],
): Promise<Readonly<Record<string, number>>> {
  await using connection = await app.connect();
  await using channel = await connection.openChannel();
  const counts: Record<string, number> = {};
  for (const queue of queues) counts[queue] = await channel.purgeQueue(queue);
  return counts;
}

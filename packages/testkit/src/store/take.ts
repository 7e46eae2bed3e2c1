import type { QueueStore, Taken } from '@tq/virtual';

/** Takes once; fails when nothing has come after `timeoutMs`. */
export async function takeSome(
  store: QueueStore,
  queues: string | readonly string[],
  max: number,
  timeoutMs = 5000,
): Promise<readonly Taken[]> {
  const names = typeof queues === 'string' ? [queues] : queues;
  const taken = await store.take(names, { max, signal: AbortSignal.timeout(timeoutMs) });
  if (taken.length === 0) throw new Error(`Nothing to take from ${names.join(', ')} in ${timeoutMs} ms`);
  return taken;
}

export async function takeOne(store: QueueStore, queue: string, timeoutMs?: number): Promise<Taken> {
  const [taken] = await takeSome(store, queue, 1, timeoutMs);
  return taken!;
}

/** Takes until `count` messages are held. */
export async function takeCount(
  store: QueueStore,
  queues: string | readonly string[],
  count: number,
): Promise<Taken[]> {
  const all: Taken[] = [];
  while (all.length < count) all.push(...(await takeSome(store, queues, count - all.length)));
  return all;
}

export function tagsOf(taken: readonly Taken[]): string[] {
  return taken.map((each) => each.tag);
}

import { describe, expect, test } from '@jest/globals';
import type { QueueStore } from '@tq/virtual';
import { entry, numbered, sorted, textOf } from '../fixtures.ts';
import type { StoreBench } from '../store-contract.ts';

const PER_SENDER = 1000;

export function storeVolume(bench: StoreBench): void {
  describe('volume', () => {
    async function send(store: QueueStore, queues: readonly string[], texts: readonly string[]) {
      for (let start = 0; start < texts.length; start += 25) {
        const batch = texts.slice(start, start + 25);
        await store.put(batch.map((text, index) => entry(queues[index % queues.length]!, text)));
      }
    }

    /** Takes until everything is done; every seventh message is given back the first time it comes. */
    async function work(store: QueueStore, queues: readonly string[], done: string[], total: number) {
      while (done.length < total) {
        const taken = await store.take(queues, { max: 40, signal: AbortSignal.timeout(200) });
        const back = taken.filter((each, index) => !each.redelivered && index % 7 === 3);
        const finished = taken.filter((each) => !back.includes(each));
        done.push(...finished.map((each) => textOf(each.envelope)));
        const tags = finished.map((each) => each.tag);
        await Promise.all([
          store.settle(tags, 'done'),
          store.settle(
            back.map((each) => each.tag),
            'requeue',
          ),
        ]);
      }
    }

    test('senders and takers on several connections lose nothing and double nothing', async () => {
      const stores = [await bench.open(), await bench.open(), await bench.open()];
      const queues = [bench.name(), bench.name()];
      const texts = [numbered(PER_SENDER, 'a'), numbered(PER_SENDER, 'b')] as const;
      const done: string[] = [];
      await Promise.all([
        send(stores[0]!, queues, texts[0]),
        send(stores[1]!, queues, texts[1]),
        ...stores.map((store) => work(store, queues, done, 2 * PER_SENDER)),
      ]);
      expect(sorted(done)).toEqual(sorted(texts.flat()));
      for (const queue of queues) expect(await stores[0]!.size(queue)).toBe(0);
    });
  });
}

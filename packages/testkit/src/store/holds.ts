import { describe, expect, test } from '@jest/globals';
import { entries, entry, numbered, sorted, textsOf } from '../fixtures.ts';
import type { StoreBench } from '../store-contract.ts';
import { tagsOf, takeCount, takeOne, takeSome } from './take.ts';

export function storeHolds(bench: StoreBench): void {
  describe('holds', () => {
    test('what is held is nobody else’s', async () => {
      const [store, other] = [await bench.open(), await bench.open()];
      const queue = bench.name();
      await store.put(entries(queue, ['a', 'b']));
      await takeOne(store, queue);
      expect(textsOf(await takeSome(other, queue, 10))).toEqual(['b']);
      expect(await other.size(queue)).toBe(0);
    });

    test('done messages are gone for good', async () => {
      const [store, other] = [await bench.open(), await bench.open()];
      const queue = bench.name();
      await store.put(entries(queue, ['a', 'b', 'c']));
      await store.settle(tagsOf(await takeCount(store, queue, 2)), 'done');
      expect(textsOf(await takeSome(other, queue, 10))).toEqual(['c']);
      expect(await store.size(queue)).toBe(0);
    });

    test('messages given back come to their old place, marked redelivered and not counted', async () => {
      const store = await bench.open();
      const queue = bench.name();
      await store.put(entries(queue, ['a', 'b', 'c', 'd']));
      const held = await takeCount(store, queue, 3);
      await store.settle([held[2]!.tag, held[0]!.tag, held[1]!.tag], 'requeue');
      const again = await takeCount(store, queue, 4);
      expect(textsOf(again)).toEqual(['a', 'b', 'c', 'd']);
      expect(again.map((each) => each.redelivered)).toEqual([true, true, true, false]);
      expect(again.map((each) => each.deliveries)).toEqual([1, 1, 1, 1]);
    });

    test('giving back any number of times isn’t counted', async () => {
      const store = await bench.open();
      const queue = bench.name();
      await store.put([entry(queue, 'a')]);
      for (let round = 0; round < 5; round++) {
        const taken = await takeOne(store, queue);
        expect(taken.deliveries).toBe(1);
        await store.settle([taken.tag], 'requeue');
      }
    });

    test('every hold has a tag of its own, also over one message taken again', async () => {
      const store = await bench.open();
      const queue = bench.name();
      await store.put(entries(queue, ['a', 'b']));
      const first = tagsOf(await takeCount(store, queue, 2));
      await store.settle(first, 'requeue');
      const second = tagsOf(await takeCount(store, queue, 2));
      expect(new Set([...first, ...second]).size).toBe(4);
    });

    test('a tag that was settled before, or never existed, is ignored', async () => {
      const store = await bench.open();
      const queue = bench.name();
      await store.put([entry(queue, 'a')]);
      const first = await takeOne(store, queue);
      await store.settle([first.tag], 'requeue');
      const second = await takeOne(store, queue);
      await store.settle([first.tag, 'no-such-tag'], 'done');
      await store.settle([first.tag], 'requeue');
      expect(await store.size(queue)).toBe(0);
      await store.settle([second.tag], 'requeue');
      expect(await store.size(queue)).toBe(1);
    });

    test('a batch of tags with unknown ones among them settles the others', async () => {
      const store = await bench.open();
      const queue = bench.name();
      await store.put(entries(queue, ['a', 'b']));
      const [a, b] = tagsOf(await takeCount(store, queue, 2));
      await store.settle([a!, 'no-such-tag', b!], 'requeue');
      expect(await store.size(queue)).toBe(2);
      await store.settle([], 'done');
    });

    test('takers at one time never get the same message', async () => {
      const stores = [await bench.open(), await bench.open(), await bench.open()];
      const queue = bench.name();
      const texts = numbered(300);
      await stores[0]!.put(entries(queue, texts));
      const left = { count: texts.length };
      const seen = await Promise.all(
        [...stores, ...stores].map(async (store) => {
          const mine: string[] = [];
          while (left.count > 0) {
            const taken = await store.take([queue], { max: 7, signal: AbortSignal.timeout(250) });
            left.count -= taken.length;
            mine.push(...textsOf(taken));
          }
          return mine;
        }),
      );
      expect(sorted(seen.flat())).toEqual(texts);
    });
  });
}

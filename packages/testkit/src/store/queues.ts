import { describe, expect, test } from '@jest/globals';
import { entries, entry, numbered, textsOf } from '../fixtures.ts';
import type { StoreBench } from '../store-contract.ts';
import { takeCount, takeOne, takeSome } from './take.ts';

export function storeQueues(bench: StoreBench): void {
  describe('queues', () => {
    test('a declared queue is empty, and declaring it again changes nothing', async () => {
      const [store, other] = [await bench.open(), await bench.open()];
      const queue = bench.name();
      await store.declare(queue);
      expect(await store.size(queue)).toBe(0);
      await store.put([entry(queue, 'a')]);
      await other.declare(queue);
      expect(await other.size(queue)).toBe(1);
    });

    test('a message for a queue that nobody declared creates the queue', async () => {
      const store = await bench.open();
      const queue = bench.name();
      expect(await store.size(queue)).toBe(0);
      await store.put([entry(queue, 'a')]);
      expect(await store.size(queue)).toBe(1);
    });

    test('the size counts what is ready, for every connection', async () => {
      const [store, other] = [await bench.open(), await bench.open()];
      const queue = bench.name();
      await store.put(entries(queue, numbered(5)));
      await takeCount(store, queue, 2);
      expect(await store.size(queue)).toBe(3);
      expect(await other.size(queue)).toBe(3);
    });

    test('a purge removes what isn’t held and says how many', async () => {
      const [store, other] = [await bench.open(), await bench.open()];
      const [queue, bystander] = [bench.name(), bench.name()];
      await store.put([...entries(queue, numbered(5)), entry(bystander, 'x')]);
      const held = await takeCount(store, queue, 2);
      expect(await other.purge(queue)).toBe(3);
      expect(await other.purge(queue)).toBe(0);
      expect(await store.size(queue)).toBe(0);
      await store.settle([held[0]!.tag], 'requeue');
      expect(textsOf([await takeOne(other, queue)])).toEqual(['m0']);
      expect(await store.size(bystander)).toBe(1);
    });

    test('a purged or dropped queue that nobody knows removes nothing', async () => {
      const store = await bench.open();
      expect(await store.purge(bench.name())).toBe(0);
      await store.drop(bench.name());
    });

    test('a dropped queue takes its messages and its bindings along, and can be used anew', async () => {
      const [store, other] = [await bench.open(), await bench.open()];
      const [queue, exchange] = [bench.name(), bench.name('exchange')];
      await store.declare(queue);
      await store.bind({ exchange, queue, routingKey: 'k', type: 'direct' });
      await store.put(entries(queue, ['a', 'b']));
      await other.drop(queue);
      expect(await store.size(queue)).toBe(0);
      expect(await store.bindings(exchange)).toEqual([]);
      await store.put([entry(queue, 'new')]);
      expect(textsOf(await takeSome(store, queue, 10))).toEqual(['new']);
    });

    test('a batch is seen whole or not at all', async () => {
      const [store, other] = [await bench.open(), await bench.open()];
      const queue = bench.name();
      const sizes: number[] = [];
      let putting = true;
      const looking = (async () => {
        while (putting) {
          sizes.push(await other.size(queue));
          await new Promise((resolve) => {
            setImmediate(resolve);
          });
        }
      })();
      for (let batch = 0; batch < 20; batch++) await store.put(entries(queue, numbered(50)));
      putting = false;
      await looking;
      expect(sizes.filter((size) => size % 50 !== 0)).toEqual([]);
      expect(await other.size(queue)).toBe(1000);
    });

    test('of a batch that is refused nothing is kept', async () => {
      const store = await bench.open();
      const queue = bench.name();
      const loop: Record<string, unknown> = {};
      loop['self'] = loop;
      const odd = entry(queue, 'odd');
      const bad = {
        ...odd,
        envelope: { ...odd.envelope, message: { ...odd.envelope.message, headers: loop } },
      };
      const kept = await store.put([entry(queue, 'a'), bad, entry(queue, 'b')]).then(
        () => 3,
        () => 0,
      );
      expect(await store.size(queue)).toBe(kept);
      await store.put([entry(queue, 'next')]);
      expect(await store.size(queue)).toBe(kept + 1);
    });

    test('an empty batch is no work', async () => {
      const store = await bench.open();
      await store.put([]);
    });
  });
}

import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import type { QueueStore } from '@tq/virtual';
import { eventually } from '../eventually.ts';
import { entries, entry } from '../fixtures.ts';
import type { StoreBench } from '../store-contract.ts';
import { takeOne } from './take.ts';

/** Short enough to wait for, long enough for a busy machine to use a queue in time. */
const LIFE_MS = 300;
const LONG_MS = 60_000;

export function storeExpiry(bench: StoreBench): void {
  describe('queues that expire', () => {
    /** Whether nothing is left of a queue; other tests may have left some that expire, too. */
    const isEmpty = async (store: QueueStore, queue: string): Promise<boolean> => {
      await store.removeUnused();
      return (await store.size(queue)) === 0;
    };
    const removed = async (store: QueueStore, queue: string): Promise<void> => {
      const how = { timeoutMs: 10_000, everyMs: 20, what: 'a queue to expire' };
      await eventually(() => isEmpty(store, queue), how);
    };

    test('a queue that nobody uses goes, with its messages and its bindings, whoever declared it', async () => {
      const [store, other] = [await bench.open(), await bench.open()];
      const [queue, bystander] = [bench.name(), bench.name()];
      const [direct, headers] = [bench.name('exchange'), bench.name('exchange')];
      await store.declare(queue, LIFE_MS);
      await store.declare(bystander, LONG_MS);
      for (const each of [queue, bystander]) {
        await store.bind({ exchange: direct, queue: each, routingKey: 'k', type: 'direct' });
        await store.bind({
          exchange: headers,
          queue: each,
          routingKey: '',
          type: 'headers',
          arguments: { a: 1 },
        });
        await store.put(entries(each, ['a', 'b']));
      }
      await store.put([entry(queue, 'urgent', { priority: bench.priorities.at(-1)! })]);
      await bench.vanish(store);
      await removed(other, queue);
      for (const exchange of [direct, headers])
        expect((await other.bindings(exchange)).map((each) => each.queue)).toEqual([bystander]);
      expect(await other.size(bystander)).toBe(2);
    });

    test('a queue that is used stays, however long', async () => {
      const [store, other] = [await bench.open(), await bench.open()];
      const [queue, exchange] = [bench.name(), bench.name('exchange')];
      await store.declare(queue, LIFE_MS * 3);
      await store.bind({ exchange, queue, routingKey: 'k', type: 'direct' });
      await store.put([entry(queue, 'a')]);
      for (let round = 0; round < 6; round++) {
        await delay(LIFE_MS);
        expect(await (round % 2 === 0 ? store : other).use(queue)).toBe(LIFE_MS * 3);
        expect(await isEmpty(other, queue)).toBe(false);
      }
      expect(await other.bindings(exchange)).toHaveLength(1);
    });

    test('declaring a queue is using it', async () => {
      const [store, other] = [await bench.open(), await bench.open()];
      const queue = bench.name();
      await store.declare(queue, LIFE_MS);
      await store.put([entry(queue, 'a')]);
      await other.declare(queue, LONG_MS);
      await delay(2 * LIFE_MS);
      expect(await isEmpty(store, queue)).toBe(false);
    });

    test('a queue that is declared without an end has none any more', async () => {
      const [store, other] = [await bench.open(), await bench.open()];
      const queue = bench.name();
      await store.declare(queue, LIFE_MS);
      await store.put([entry(queue, 'a')]);
      await other.declare(queue);
      await delay(2 * LIFE_MS);
      expect(await isEmpty(store, queue)).toBe(false);
      expect(await store.use(queue)).toBeUndefined();
    });

    test('a queue that doesn’t expire is used without an end', async () => {
      const store = await bench.open();
      const queue = bench.name();
      expect(await store.use(queue)).toBeUndefined();
      await store.declare(queue);
      expect(await store.use(queue)).toBeUndefined();
    });

    test.each(['expired', 'was removed'] as const)(
      'what is sent to a queue after it %s goes as well',
      async (how) => {
        const [store, other] = [await bench.open(), await bench.open()];
        const queue = bench.name();
        await store.declare(queue, LIFE_MS);
        await store.put([entry(queue, 'in time')]);
        if (how === 'expired') await removed(other, queue);
        else await store.drop(queue);
        for (const text of ['late', 'later']) {
          await other.put([entry(queue, text)]);
          await removed(other, queue);
        }
      },
    );

    test('a queue that has gone can be declared anew, and what it then holds stays', async () => {
      const [store, other] = [await bench.open(), await bench.open()];
      const queue = bench.name();
      await store.declare(queue, LIFE_MS);
      await store.put([entry(queue, 'a')]);
      await removed(other, queue);
      await other.declare(queue, LONG_MS);
      await other.put([entry(queue, 'b')]);
      await delay(2 * LIFE_MS);
      expect(await isEmpty(store, queue)).toBe(false);
      await takeOne(store, queue);
    });
  });
}

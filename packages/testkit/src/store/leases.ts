import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import type { QueueStore } from '@tq/virtual';
import { eventually } from '../eventually.ts';
import { entries, entry, textsOf } from '../fixtures.ts';
import type { StoreBench } from '../store-contract.ts';
import { tagsOf, takeCount, takeOne } from './take.ts';

/** Short enough to wait for, long enough for a busy machine. */
const LEASE_MS = 400;

export function storeLeases(bench: StoreBench): void {
  describe('leases', () => {
    const restored = (store: QueueStore): Promise<number> =>
      eventually(() => store.restoreExpired(), {
        timeoutMs: store.leaseMs * 5 + 5000,
        everyMs: 20,
        what: 'expired holds to be restored',
      });

    test('a fresh hold isn’t given to anybody else', async () => {
      const [store, other] = [await bench.open(60_000), await bench.open(60_000)];
      const queue = bench.name();
      await store.put([entry(queue, 'a')]);
      await takeOne(store, queue);
      expect(await other.restoreExpired()).toBe(0);
      expect(await other.size(queue)).toBe(0);
    });

    test('what a holder lost that stopped renewing comes back to its place, redelivered and counted', async () => {
      const [store, other] = [await bench.open(LEASE_MS), await bench.open(LEASE_MS)];
      const queue = bench.name();
      await store.put(entries(queue, ['a', 'b', 'c']));
      await takeCount(store, queue, 2);
      await bench.vanish(store);
      let count = 0;
      while (count < 2) count += await restored(other);
      expect(count).toBe(2);
      const again = await takeCount(other, queue, 3);
      expect(textsOf(again)).toEqual(['a', 'b', 'c']);
      expect(again.map((each) => each.deliveries)).toEqual([2, 2, 1]);
      expect(again.map((each) => each.redelivered)).toEqual([true, true, false]);
    });

    test('a taker that waits gets what is restored', async () => {
      const [store, other] = [await bench.open(LEASE_MS), await bench.open(LEASE_MS)];
      const queue = bench.name();
      await store.put([entry(queue, 'a')]);
      await takeOne(store, queue);
      await bench.vanish(store);
      const waiting = takeOne(other, queue, store.leaseMs * 5 + 10_000);
      await restored(other);
      expect(await waiting).toMatchObject({ deliveries: 2, redelivered: true });
    });

    test('each lost holder is counted, and giving back in between is not', async () => {
      const queue = bench.name();
      const keeper = await bench.open(LEASE_MS);
      await keeper.put([entry(queue, 'a')]);
      for (let lost = 0; lost < 2; lost++) {
        const store = await bench.open(LEASE_MS);
        const taken = await takeOne(store, queue);
        await store.settle([taken.tag], 'requeue');
        expect(await takeOne(store, queue)).toMatchObject({ deliveries: lost + 1 });
        await bench.vanish(store);
        expect(await restored(keeper)).toBe(1);
      }
      expect(await takeOne(keeper, queue)).toMatchObject({ deliveries: 3 });
    });

    test('a renewed hold lives longer than its lease', async () => {
      const [store, other] = [await bench.open(LEASE_MS), await bench.open(LEASE_MS)];
      const queue = bench.name();
      await store.put(entries(queue, ['kept', 'lost']));
      const [kept, lost] = await takeCount(store, queue, 2);
      let count = 0;
      const end = performance.now() + store.leaseMs * 2.5;
      while (performance.now() < end || count === 0) {
        await store.renew([kept!.tag]);
        count += await other.restoreExpired();
        await delay(store.leaseMs / 8);
        if (performance.now() > end + 10_000) break;
      }
      expect(count).toBe(1);
      expect(textsOf([await takeOne(other, queue)])).toEqual(textsOf([lost!]));
      await store.settle([kept!.tag], 'done');
      expect(await other.restoreExpired()).toBe(0);
    });

    test('whoever lost a message can’t settle or renew it any more', async () => {
      const [store, other] = [await bench.open(LEASE_MS), await bench.open(LEASE_MS)];
      const queue = bench.name();
      await store.put([entry(queue, 'a')]);
      const old = await takeOne(store, queue);
      await restored(other);
      const taken = await takeOne(other, queue);
      await store.renew([old.tag, 'no-such-tag']);
      await store.settle([old.tag], 'done');
      await store.settle([old.tag], 'requeue');
      expect(await other.size(queue)).toBe(0);
      await other.settle([taken.tag], 'requeue');
      expect(await other.size(queue)).toBe(1);
    });

    test('a message is restored once, however many look for it', async () => {
      const stores = [await bench.open(LEASE_MS), await bench.open(LEASE_MS), await bench.open(LEASE_MS)];
      const queue = bench.name();
      await stores[0]!.put(entries(queue, ['a', 'b', 'c', 'd']));
      await takeCount(stores[0]!, queue, 4);
      await bench.vanish(stores[0]!);
      let count = 0;
      await eventually(
        async () => {
          const found = await Promise.all(stores.slice(1).map((store) => store.restoreExpired()));
          count += found.reduce((sum, each) => sum + each, 0);
          return count >= 4;
        },
        { timeoutMs: 10_000, what: 'four messages to be restored' },
      );
      expect(count).toBe(4);
      expect(await stores[1]!.size(queue)).toBe(4);
    });

    test('a settled message isn’t restored', async () => {
      const store = await bench.open(LEASE_MS);
      const queue = bench.name();
      await store.put(entries(queue, ['a', 'b', 'c']));
      const [a, b] = await takeCount(store, queue, 3);
      await store.settle([a!.tag], 'done');
      await store.settle(tagsOf([b!]), 'requeue');
      expect(await restored(store)).toBe(1);
      expect(await store.size(queue)).toBe(2);
    });
  });
}

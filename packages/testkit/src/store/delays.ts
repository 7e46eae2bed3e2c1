import { describe, expect, test } from '@jest/globals';
import { entry, textsOf } from '../fixtures.ts';
import type { StoreBench } from '../store-contract.ts';
import { takeOne, takeSome } from './take.ts';

export function storeDelays(bench: StoreBench): void {
  const whenDelays = bench.traits.delays ? describe : describe.skip;
  whenDelays('delays', () => {
    test('a delayed message doesn’t come early, and at most a second late', async () => {
      const [store, other] = [await bench.open(), await bench.open()];
      const queue = bench.name();
      const dueMs = Date.now() + 700;
      const waiting = takeOne(other, queue, 10_000);
      await store.put([{ ...entry(queue, 'later'), notBeforeMs: dueMs }]);
      expect(textsOf([await waiting])).toEqual(['later']);
      expect(Date.now()).toBeGreaterThanOrEqual(dueMs);
      expect(Date.now() - dueMs).toBeLessThanOrEqual(1000);
    });

    test('due messages overtake those that still wait', async () => {
      const store = await bench.open();
      const queue = bench.name();
      const nowMs = Date.now();
      await store.put([
        { ...entry(queue, 'last'), notBeforeMs: nowMs + 600 },
        { ...entry(queue, 'second'), notBeforeMs: nowMs + 200 },
        entry(queue, 'first'),
      ]);
      const seen = [];
      while (seen.length < 3) seen.push(...textsOf(await takeSome(store, queue, 10)));
      expect(seen).toEqual(['first', 'second', 'last']);
    });

    test('a moment in the past means now', async () => {
      const store = await bench.open();
      const queue = bench.name();
      await store.put([{ ...entry(queue, 'a'), notBeforeMs: Date.now() - 5000 }]);
      expect(await store.size(queue)).toBe(1);
      expect(textsOf([await takeOne(store, queue)])).toEqual(['a']);
    });

    test('a message that waits isn’t ready: not in the size, but purged', async () => {
      const store = await bench.open();
      const queue = bench.name();
      await store.put([{ ...entry(queue, 'later'), notBeforeMs: Date.now() + 60_000 }, entry(queue, 'now')]);
      expect(await store.size(queue)).toBe(1);
      expect(await store.purge(queue)).toBe(2);
      expect(await store.size(queue)).toBe(0);
    });

    test('a message given back after its delay is ready at once', async () => {
      const store = await bench.open();
      const queue = bench.name();
      await store.put([{ ...entry(queue, 'a'), notBeforeMs: Date.now() + 100 }]);
      await store.settle([(await takeOne(store, queue)).tag], 'requeue');
      expect(await store.size(queue)).toBe(1);
    });
  });
}

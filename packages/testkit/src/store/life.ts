import { describe, expect, test } from '@jest/globals';
import { TqError } from '@tq/core';
import { eventually, within } from '../eventually.ts';
import { entry, textsOf } from '../fixtures.ts';
import type { StoreBench } from '../store-contract.ts';
import { takeOne } from './take.ts';

export function storeLife(bench: StoreBench): void {
  describe('life', () => {
    test('disposing ends `closed` without a reason, any number of times', async () => {
      const store = await bench.open();
      await store[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
      expect(await within(store.closed, 1000, 'closed')).toBeUndefined();
    });

    test('disposing ends a take that waits', async () => {
      const store = await bench.open();
      const waiting = store.take([bench.name()], { max: 1, signal: new AbortController().signal });
      await store[Symbol.asyncDispose]();
      expect(await within(waiting, 2000, 'the take')).toEqual([]);
    });

    test('a disposed store refuses work with an error of ours', async () => {
      const store = await bench.open();
      await store[Symbol.asyncDispose]();
      await expect(store.put([entry(bench.name(), 'a')])).rejects.toBeInstanceOf(TqError);
    });

    test('disposing one connection leaves the messages and the other connections alone', async () => {
      const [store, other] = [await bench.open(), await bench.open()];
      const queue = bench.name();
      const waiting = takeOne(other, queue);
      await store.put([entry(queue, 'a'), entry(queue, 'b')]);
      await store[Symbol.asyncDispose]();
      expect(textsOf([await waiting])).toEqual(['a']);
      expect(await other.size(queue)).toBe(1);
    });

    test('what a disposed store held comes back, marked redelivered', async () => {
      const [store, other] = [await bench.open(400), await bench.open(400)];
      const queue = bench.name();
      await store.put([entry(queue, 'a')]);
      await takeOne(store, queue);
      await store[Symbol.asyncDispose]();
      await eventually(
        async () => {
          await other.restoreExpired();
          return (await other.size(queue)) === 1;
        },
        { timeoutMs: 10_000, what: 'the message to come back' },
      );
      expect(await takeOne(other, queue)).toMatchObject({ redelivered: true });
    });

    test('a disposed store’s listeners hear nothing', async () => {
      const [store, other] = [await bench.open(), await bench.open()];
      const exchange = bench.name('exchange');
      const heard: unknown[] = [];
      const kept: unknown[] = [];
      await store.listen(exchange, '#', (envelope) => void heard.push(envelope));
      await other.listen(exchange, '#', (envelope) => void kept.push(envelope));
      await store[Symbol.asyncDispose]();
      const { envelope } = entry('', 'a');
      await other.broadcast(exchange, '', { ...envelope, exchange });
      await eventually(() => kept.length > 0, { what: 'the other listener' });
      expect(heard).toEqual([]);
    });
  });
}

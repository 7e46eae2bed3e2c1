import { describe, expect, test } from '@jest/globals';
import { within } from '../eventually.ts';
import { entries, entry, numbered, sorted, textsOf } from '../fixtures.ts';
import type { StoreBench } from '../store-contract.ts';
import { tagsOf, takeOne, takeSome } from './take.ts';

export function storeWaiting(bench: StoreBench): void {
  describe('waiting for work', () => {
    test('a take waits, and wakes for a message of its own connection', async () => {
      const store = await bench.open();
      const queue = bench.name();
      const waiting = takeOne(store, queue);
      await store.put([entry(queue, 'late')]);
      expect(textsOf([await waiting])).toEqual(['late']);
    });

    test('a take wakes for a message that another connection puts', async () => {
      const [store, other] = [await bench.open(), await bench.open()];
      const queue = bench.name();
      const waiting = takeSome(store, [bench.name(), queue], 10);
      await other.put([entry(queue, 'late')]);
      expect(textsOf(await waiting)).toEqual(['late']);
    });

    test('a take wakes for a message that another connection gives back', async () => {
      const [store, other] = [await bench.open(), await bench.open()];
      const queue = bench.name();
      await other.put([entry(queue, 'a')]);
      const held = await takeOne(other, queue);
      const waiting = takeOne(store, queue);
      await other.settle([held.tag], 'requeue');
      expect(await waiting).toMatchObject({ queue, redelivered: true });
    });

    test('an aborted take resolves with nothing, at once', async () => {
      const store = await bench.open();
      const stop = new AbortController();
      const waiting = store.take([bench.name()], { max: 10, signal: stop.signal });
      stop.abort();
      expect(await within(waiting, 2000, 'the aborted take')).toEqual([]);
    });

    test('a take whose signal is aborted already takes nothing', async () => {
      const store = await bench.open();
      const queue = bench.name();
      await store.put([entry(queue, 'a')]);
      expect(await store.take([queue], { max: 1, signal: AbortSignal.abort() })).toEqual([]);
      expect(await store.size(queue)).toBe(1);
    });

    test('after an aborted take the next message is there for whoever takes then', async () => {
      const [store, other] = [await bench.open(), await bench.open()];
      const queue = bench.name();
      const stop = new AbortController();
      const waiting = store.take([queue], { max: 10, signal: stop.signal });
      stop.abort();
      await waiting;
      await store.put([entry(queue, 'a')]);
      expect(textsOf([await takeOne(other, queue)])).toEqual(['a']);
    });

    test('nothing is lost when messages arrive while takes are being aborted', async () => {
      const [store, other] = [await bench.open(), await bench.open()];
      const queue = bench.name();
      const texts = numbered(100);
      const seen: string[] = [];
      for (const text of texts) {
        const stop = new AbortController();
        const waiting = store.take([queue], { max: 10, signal: stop.signal });
        const putting = other.put([entry(queue, text)]);
        setImmediate(() => stop.abort());
        const taken = await waiting;
        seen.push(...textsOf(taken));
        await store.settle(tagsOf(taken), 'done');
        await putting;
      }
      if (seen.length < texts.length)
        seen.push(...textsOf(await takeSome(store, queue, texts.length - seen.length)));
      expect(sorted(seen)).toEqual(texts);
      expect(await store.size(queue)).toBe(0);
    });

    test('two takes of one connection wait side by side', async () => {
      const [store, other] = [await bench.open(), await bench.open()];
      const [one, two] = [bench.name(), bench.name()];
      const waiting = [takeOne(store, one), takeOne(store, two)] as const;
      await other.put([entry(two, 'b')]);
      expect(textsOf([await waiting[1]])).toEqual(['b']);
      await other.put(entries(one, ['a']));
      expect(textsOf([await waiting[0]])).toEqual(['a']);
    });
  });
}

import { describe, expect, test } from '@jest/globals';
import { entries, entry, numbered, richMessage, textOf, textsOf } from '../fixtures.ts';
import type { StoreBench } from '../store-contract.ts';
import { tagsOf, takeCount, takeOne, takeSome } from './take.ts';

export function storeOrder(bench: StoreBench): void {
  describe('order', () => {
    test('a message comes out as it went in: bytes, headers, properties and where it was sent to', async () => {
      const store = await bench.open();
      const queue = bench.name();
      await store.put([{ queue, envelope: { message: richMessage, exchange: 'ex', routingKey: 'a.b' } }]);
      const taken = await takeOne(store, queue);
      const { message } = taken.envelope;
      expect([...message.body]).toEqual([...richMessage.body]);
      expect(message.headers).toEqual(richMessage.headers);
      expect(message.properties).toEqual(richMessage.properties);
      expect(taken).toMatchObject({ queue, redelivered: false, deliveries: 1 });
      expect(taken.envelope).toMatchObject({ exchange: 'ex', routingKey: 'a.b' });
    });

    test('an empty body stays empty, and properties that were absent stay absent', async () => {
      const store = await bench.open();
      const queue = bench.name();
      await store.put([entry(queue, '')]);
      const { message } = (await takeOne(store, queue)).envelope;
      expect(message.body).toHaveLength(0);
      expect(message.properties.correlationId).toBeUndefined();
      expect(message.properties.expiration).toBeUndefined();
    });

    test('messages come out in the order of their arrival, within a batch and over batches', async () => {
      const store = await bench.open();
      const other = await bench.open();
      const queue = bench.name();
      await store.put(entries(queue, ['a', 'b', 'c']));
      await other.put(entries(queue, ['d']));
      await store.put(entries(queue, ['e', 'f']));
      expect(textsOf(await takeCount(other, queue, 6))).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
    });

    test('a take brings as many as are ready, and never more than asked for', async () => {
      const store = await bench.open();
      const queue = bench.name();
      await store.put(entries(queue, numbered(10)));
      expect(textsOf(await takeSome(store, queue, 4))).toEqual(numbered(10).slice(0, 4));
      expect(textsOf(await takeSome(store, queue, 100))).toEqual(numbered(10).slice(4));
    });

    test('one batch may fill several queues', async () => {
      const store = await bench.open();
      const [one, two] = [bench.name(), bench.name()];
      await store.put([entry(one, 'a'), entry(two, 'b'), entry(one, 'c')]);
      expect(textsOf(await takeSome(store, one, 10))).toEqual(['a', 'c']);
      expect(textsOf(await takeSome(store, two, 10))).toEqual(['b']);
    });

    test('a take from several queues skips the empty ones and says where each message came from', async () => {
      const store = await bench.open();
      const names = [bench.name(), bench.name(), bench.name()] as const;
      await store.put([entry(names[2], 'c'), entry(names[1], 'b')]);
      const taken = await takeCount(store, names, 2);
      expect(Object.fromEntries(taken.map((each) => [each.queue, textOf(each.envelope)]))).toEqual({
        [names[1]]: 'b',
        [names[2]]: 'c',
      });
    });

    test('no queue starves while the queues come in turn', async () => {
      const store = await bench.open();
      const turn = [bench.name(), bench.name(), bench.name()];
      for (const queue of turn) await store.put(entries(queue, numbered(6, '')));
      const seen = new Map(turn.map((queue) => [queue, 0]));
      for (let round = 0; round < 9; round++) {
        for (const each of await takeSome(store, turn, 1)) seen.set(each.queue, seen.get(each.queue)! + 1);
        turn.push(turn.shift()!);
      }
      expect([...seen.values()]).toEqual([3, 3, 3]);
    });
  });

  const whenPriorities = bench.traits.priorities > 1 ? describe : describe.skip;
  whenPriorities('priorities', () => {
    const [idle, low, high, urgent] = bench.priorities as [number, number, number, number];

    test('the more urgent come first, equals in the order of their arrival', async () => {
      const store = await bench.open();
      const queue = bench.name();
      await store.put([entry(queue, 'idle', { priority: idle }), entry(queue, 'high-1', { priority: high })]);
      await store.put([entry(queue, 'urgent', { priority: urgent }), entry(queue, 'low', { priority: low })]);
      await store.put([entry(queue, 'high-2', { priority: high })]);
      const taken = await takeCount(store, queue, 5);
      expect(textsOf(taken)).toEqual(['urgent', 'high-1', 'high-2', 'low', 'idle']);
    });

    test('no priority is priority 0, and what lies above the highest level counts as the highest', async () => {
      const store = await bench.open();
      const queue = bench.name();
      const given = [
        entry(queue, 'none'),
        entry(queue, 'zero', { priority: 0 }),
        entry(queue, 'nine', { priority: 9 }),
        entry(queue, 'two hundred', { priority: 200 }),
      ];
      await store.put(given);
      const taken = await takeCount(store, queue, 4);
      const largerFirst = ['nine', 'two hundred', 'none', 'zero'];
      const smallerFirst = ['none', 'zero', 'nine', 'two hundred'];
      expect(textsOf(taken)).toEqual(urgent > idle ? largerFirst : smallerFirst);
      const kept = taken.find((each) => textOf(each.envelope) === 'two hundred');
      expect(kept?.envelope.message.properties.priority).toBe(200);
    });

    test('a message given back keeps its priority and its place', async () => {
      const store = await bench.open();
      const queue = bench.name();
      await store.put([
        entry(queue, 'urgent', { priority: urgent }),
        entry(queue, 'low-1', { priority: low }),
        entry(queue, 'low-2', { priority: low }),
      ]);
      await store.settle(tagsOf(await takeCount(store, queue, 2)), 'requeue');
      expect(textsOf(await takeCount(store, queue, 3))).toEqual(['urgent', 'low-1', 'low-2']);
    });
  });
}

import { describe, expect, test } from '@jest/globals';
import type { BindingRecord } from '@tq/virtual';
import type { StoreBench } from '../store-contract.ts';

export function storeBindings(bench: StoreBench): void {
  describe('bindings', () => {
    const byQueue = (records: readonly BindingRecord[]): BindingRecord[] =>
      records.toSorted((a, b) => `${a.queue} ${a.routingKey}`.localeCompare(`${b.queue} ${b.routingKey}`));

    test('bindings are kept with their key and type, and seen by every connection', async () => {
      const [store, other] = [await bench.open(), await bench.open()];
      const exchange = bench.name('exchange');
      const one = { exchange, queue: 'a', routingKey: 'x.*', type: 'topic' } as const;
      const two = { exchange, queue: 'b', routingKey: 'x.#', type: 'topic' } as const;
      await store.bind(one);
      await other.bind(two);
      for (const each of [store, other]) {
        const records = byQueue(await each.bindings(exchange));
        expect(records).toHaveLength(2);
        expect(records[0]).toMatchObject(one);
        expect(records[1]).toMatchObject(two);
      }
    });

    test('the arguments of a headers binding are kept', async () => {
      const store = await bench.open();
      const exchange = bench.name('exchange');
      const binding = {
        exchange,
        queue: 'a',
        routingKey: '',
        type: 'headers',
        arguments: { 'x-match': 'any', tenant: 'acme', size: 3 },
      } as const;
      await store.bind(binding);
      expect(await store.bindings(exchange)).toMatchObject([binding]);
    });

    test('the same binding twice is one', async () => {
      const [store, other] = [await bench.open(), await bench.open()];
      const exchange = bench.name('exchange');
      const binding = { exchange, queue: 'a', routingKey: 'k', type: 'direct' } as const;
      await store.bind(binding);
      await other.bind(binding);
      expect(await store.bindings(exchange)).toHaveLength(1);
    });

    test('one queue may be bound by several keys', async () => {
      const store = await bench.open();
      const exchange = bench.name('exchange');
      for (const routingKey of ['k1', 'k2', ''])
        await store.bind({ exchange, queue: 'a', routingKey, type: 'direct' });
      expect((await store.bindings(exchange)).map((each) => each.routingKey).toSorted()).toEqual([
        '',
        'k1',
        'k2',
      ]);
    });

    test('an exchange knows only its own bindings', async () => {
      const store = await bench.open();
      const [one, two] = [bench.name('exchange'), bench.name('exchange')];
      await store.bind({ exchange: one, queue: 'a', routingKey: 'k', type: 'direct' });
      expect(await store.bindings(two)).toEqual([]);
    });

    test('a dropped queue keeps the bindings of others', async () => {
      const store = await bench.open();
      const exchange = bench.name('exchange');
      const [gone, kept] = [bench.name(), bench.name()];
      for (const queue of [gone, kept]) {
        await store.declare(queue);
        await store.bind({ exchange, queue, routingKey: 'k', type: 'direct' });
      }
      await store.drop(gone);
      expect((await store.bindings(exchange)).map((each) => each.queue)).toEqual([kept]);
    });
  });
}

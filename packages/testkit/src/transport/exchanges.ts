import { describe, expect, test } from '@jest/globals';
import type { Binding, Channel, ExchangeType } from '@tq/core';
import { eventually } from '../eventually.ts';
import { message } from '../fixtures.ts';
import type { TransportBench } from '../transport-contract.ts';
import { ack, collect, freshQueue } from './collect.ts';

type Bindings = Readonly<Record<string, readonly Omit<Binding, 'exchange' | 'queue'>[]>>;

export function transportExchanges(bench: TransportBench): void {
  /** An exchange with a durable queue for each name, and what of the texts sent reaches which. */
  async function routed(
    type: ExchangeType,
    bindings: Bindings,
    sent: readonly { readonly key: string; readonly headers?: Readonly<Record<string, unknown>> }[],
  ): Promise<Record<string, string[]>> {
    const [sender, owner] = [await bench.channel(), await bench.channel()];
    const exchange = bench.name(type);
    const queues = await declared(owner, exchange, type, bindings);
    await sender.declareExchange({ name: exchange, type });
    for (const { key, headers } of sent)
      await sender.publish(
        { ...message(key || JSON.stringify(headers ?? '')), headers: headers ?? {} },
        { exchange, routingKey: key },
      );
    const result: Record<string, string[]> = {};
    for (const [name, queue] of queues) result[name] = await drained(owner, queue);
    return result;
  }

  async function declared(channel: Channel, exchange: string, type: ExchangeType, bindings: Bindings) {
    await channel.declareExchange({ name: exchange, type });
    const queues = new Map<string, string>();
    for (const [name, list] of Object.entries(bindings)) {
      const queue = await freshQueue(channel, bench.name());
      for (const binding of list) await channel.bindQueue({ exchange, queue, ...binding });
      queues.set(name, queue);
    }
    return queues;
  }

  async function drained(channel: Channel, queue: string): Promise<string[]> {
    const { messages } = await channel.declareQueue({ name: queue });
    const collected = await collect(channel, queue, { each: ack });
    await collected.count(messages);
    await collected.consumer.cancel();
    return collected.texts();
  }

  describe('exchanges', () => {
    test('direct: to the queues bound with exactly this key', async () => {
      const seen = await routed(
        'direct',
        {
          a: [{ routingKey: 'one' }],
          b: [{ routingKey: 'one' }, { routingKey: 'two' }],
          pattern: [{ routingKey: '#' }],
        },
        [{ key: 'one' }, { key: 'two' }, { key: 'three' }],
      );
      expect(seen).toEqual({ a: ['one'], b: ['one', 'two'], pattern: [] });
    });

    test('topic: a star is one word, a hash any number of them', async () => {
      const keys = ['task', 'task.add', 'task.math.add', 'worker.online', 'task.math.fast.add', ''];
      const seen = await routed(
        'topic',
        {
          all: [{ routingKey: '#' }],
          star: [{ routingKey: 'task.*' }],
          hash: [{ routingKey: 'task.#' }],
          middle: [{ routingKey: 'task.#.add' }],
          twice: [{ routingKey: '*.online' }, { routingKey: 'worker.#' }],
          plain: [{ routingKey: 'task' }],
          stars: [{ routingKey: '*.*.*' }],
        },
        keys.map((key) => ({ key })),
      );
      const tasks = ['task', 'task.add', 'task.math.add', 'task.math.fast.add'];
      expect(seen['all']).toHaveLength(keys.length);
      expect(seen['star']).toEqual(['task.add']);
      expect(seen['hash']).toEqual(tasks);
      expect(seen['middle']).toEqual(['task.add', 'task.math.add', 'task.math.fast.add']);
      expect(seen['twice']).toEqual(['worker.online']);
      expect(seen['plain']).toEqual(['task']);
      expect(seen['stars']).toEqual(['task.math.add']);
    });

    test('fanout: to every queue bound, whatever the keys', async () => {
      const seen = await routed(
        'fanout',
        { a: [{ routingKey: '' }], b: [{ routingKey: 'ignored' }], unbound: [] },
        [{ key: 'x' }, { key: 'y.z' }],
      );
      expect(seen).toEqual({ a: ['x', 'y.z'], b: ['x', 'y.z'], unbound: [] });
    });

    test('headers: to the queues whose conditions the headers meet', async () => {
      const match = (conditions: Readonly<Record<string, unknown>>) => [
        { routingKey: '', arguments: conditions },
      ];
      const both = { tenant: 'acme', size: 3 };
      const seen = await routed(
        'headers',
        {
          all: match({ 'x-match': 'all', ...both }),
          any: match({ 'x-match': 'any', ...both }),
          byDefault: match(both),
        },
        [
          { key: '', headers: both },
          { key: '', headers: { tenant: 'acme', size: 4 } },
          { key: '', headers: {} },
        ],
      );
      expect(seen['all']).toEqual([JSON.stringify(both)]);
      expect(seen['any']).toEqual([JSON.stringify(both), JSON.stringify({ tenant: 'acme', size: 4 })]);
      expect(seen['byDefault']).toEqual(seen['all']);
    });

    test('a message says by which exchange and key it came', async () => {
      const channel = await bench.channel();
      const exchange = bench.name('exchange');
      const queues = await declared(channel, exchange, 'topic', { a: [{ routingKey: 'a.#' }] });
      await channel.publish(message('x'), { exchange, routingKey: 'a.b.c' });
      const [delivery] = await (await collect(channel, queues.get('a')!)).count(1);
      expect(delivery).toMatchObject({ queue: queues.get('a'), exchange, routingKey: 'a.b.c' });
    });

    test('a message that fits no binding is dropped, and that is no error', async () => {
      const channel = await bench.channel();
      for (const type of ['direct', 'topic', 'fanout', 'headers'] as const) {
        const exchange = bench.name(type);
        await channel.declareExchange({ name: exchange, type });
        await channel.publish(message('lost'), { exchange, routingKey: 'nowhere' });
      }
    });

    test('a binding counts from the moment it is made, for senders that published before', async () => {
      const [sender, owner] = [await bench.channel(), await bench.channel()];
      const [exchange, queue] = [bench.name('exchange'), await freshQueue(owner, bench.name())];
      await sender.declareExchange({ name: exchange, type: 'direct' });
      await sender.publish(message('too early'), { exchange, routingKey: 'k' });
      await owner.declareExchange({ name: exchange, type: 'direct' });
      await owner.bindQueue({ exchange, queue, routingKey: 'k' });
      await sender.publish(message('in time'), { exchange, routingKey: 'k' });
      const collected = await collect(owner, queue);
      await collected.count(1);
      expect(collected.texts()).toEqual(['in time']);
    });

    test('a second binding of the same queue is noticed by others within seconds', async () => {
      const [sender, owner] = [await bench.channel(), await bench.channel()];
      const exchange = bench.name('fanout');
      const queues = await declared(owner, exchange, 'fanout', { a: [{ routingKey: '' }] });
      await sender.declareExchange({ name: exchange, type: 'fanout' });
      await sender.publish(message('x'), { exchange, routingKey: '' });
      const late = await freshQueue(owner, bench.name());
      await owner.bindQueue({ exchange, queue: late, routingKey: '' });
      await eventually(
        async () => {
          await sender.publish(message('y'), { exchange, routingKey: '' });
          return (await owner.declareQueue({ name: late })).messages > 0;
        },
        { everyMs: 50, what: 'the second binding' },
      );
      expect((await owner.declareQueue({ name: queues.get('a')! })).messages).toBeGreaterThanOrEqual(2);
    });

    test('declaring and binding again changes nothing', async () => {
      const [one, two] = [await bench.channel(), await bench.channel()];
      const [exchange, queue] = [bench.name('exchange'), bench.name()];
      for (const channel of [one, two, one]) {
        await channel.declareExchange({ name: exchange, type: 'direct' });
        await channel.declareQueue({ name: queue });
        await channel.bindQueue({ exchange, queue, routingKey: 'k' });
      }
      await one.publish(message('once'), { exchange, routingKey: 'k' });
      expect((await two.declareQueue({ name: queue })).messages).toBe(1);
    });
  });
}

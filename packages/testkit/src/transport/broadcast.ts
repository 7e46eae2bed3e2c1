import { describe, expect, test } from '@jest/globals';
import type { Channel, QueueSpec } from '@tq/core';
import { eventually } from '../eventually.ts';
import { message, numbered, sorted, textOf } from '../fixtures.ts';
import type { TransportBench } from '../transport-contract.ts';
import { ack, collect, freshQueue } from './collect.ts';
import type { Collected } from './collect.ts';

/** As remote control and events use it: exchanges, and queues that live as long as their listener. */
export function transportBroadcast(bench: TransportBench): void {
  const kinds: readonly (readonly [string, Omit<QueueSpec, 'name'>])[] = [
    ['autoDelete', { durable: false, autoDelete: true }],
    ['exclusive', { durable: false, exclusive: true, autoDelete: true }],
  ];

  async function listen(
    channel: Channel,
    exchange: string,
    spec: Omit<QueueSpec, 'name'> = { durable: false, autoDelete: true },
    routingKey = '',
  ): Promise<Collected> {
    const { name } = await channel.declareQueue({ name: bench.name('listener'), ...spec });
    await channel.bindQueue({ exchange, queue: name, routingKey });
    return collect(channel, name, { noAck: true });
  }

  describe.each(kinds)('broadcasts to %s queues', (_, spec) => {
    test('a fanout exchange reaches every listener on every connection', async () => {
      const channels = [await bench.channel(), await bench.channel(), await bench.channel()];
      const exchange = bench.name('control');
      for (const channel of channels)
        await channel.declareExchange({ name: exchange, type: 'fanout', durable: false });
      const ears = [];
      for (const channel of channels) ears.push(await listen(channel, exchange, spec));
      for (const text of numbered(20))
        await channels[0]!.publish(message(text), { exchange, routingKey: '' });
      for (const ear of ears) {
        await ear.count(20);
        expect(ear.texts()).toEqual(numbered(20));
        expect(ear.deliveries[0]).toMatchObject({ exchange, routingKey: '', redelivered: false });
      }
    });

    test('events reach the listeners whose pattern fits', async () => {
      const [sender, receiver] = [await bench.channel(), await bench.channel()];
      const exchange = bench.name('events');
      const type = bench.traits.eventExchange;
      for (const channel of [sender, receiver]) await channel.declareExchange({ name: exchange, type });
      const everything = await listen(receiver, exchange, spec, '#');
      const workers = await listen(receiver, exchange, spec, 'worker.#');
      const keys = ['worker.online', 'task.sent', 'task.received', 'worker.heartbeat'];
      for (const key of keys) await sender.publish(message(key), { exchange, routingKey: key });
      await everything.count(4);
      await workers.count(2);
      expect(everything.texts()).toEqual(keys);
      expect(workers.texts()).toEqual(['worker.online', 'worker.heartbeat']);
    });
  });

  describe('broadcasts', () => {
    test('what is sent between binding and consuming isn’t missed', async () => {
      const [sender, receiver] = [await bench.channel(), await bench.channel()];
      const exchange = bench.name('control');
      for (const channel of [sender, receiver])
        await channel.declareExchange({ name: exchange, type: 'fanout' });
      const { name } = await receiver.declareQueue({ name: bench.name('listener'), autoDelete: true });
      await receiver.bindQueue({ exchange, queue: name, routingKey: '' });
      await sender.publish(message('early'), { exchange, routingKey: '' });
      const ear = await collect(receiver, name, { noAck: true });
      await ear.count(1);
      expect(ear.texts()).toEqual(['early']);
    });

    test('an event that must be heard is refused when nobody listens, and only then', async () => {
      const [sender, receiver] = [await bench.channel(), await bench.channel()];
      const exchange = bench.name('events');
      const type = bench.traits.eventExchange;
      for (const channel of [sender, receiver]) await channel.declareExchange({ name: exchange, type });
      const shout = (text: string): Promise<void> =>
        sender.publish(message(text), { exchange, routingKey: 'task.sent', mandatory: true });
      await expect(shout('anybody?')).rejects.toMatchObject({ reason: 'unroutable' });
      await sender.publish(message('never mind'), { exchange, routingKey: 'task.sent' });
      const ear = await listen(receiver, exchange, { durable: false, autoDelete: true }, 'task.#');
      await shout('you there');
      await ear.count(1);
      expect(ear.texts()).toEqual(['you there']);
    });

    test('a listener that acknowledges holds no more than the window', async () => {
      const [sender, receiver] = [await bench.channel(), await bench.channel()];
      const exchange = bench.name('control');
      for (const channel of [sender, receiver])
        await channel.declareExchange({ name: exchange, type: 'fanout' });
      const { name } = await receiver.declareQueue({ name: bench.name('listener'), autoDelete: true });
      await receiver.bindQueue({ exchange, queue: name, routingKey: '' });
      await receiver.prefetch(3);
      let holds = 0;
      let most = 0;
      const ear = await collect(receiver, name, {
        each(delivery) {
          most = Math.max(most, (holds += 1));
          setImmediate(() => {
            holds -= 1;
            delivery.ack();
          });
        },
      });
      for (const text of numbered(20)) await sender.publish(message(text), { exchange, routingKey: '' });
      await ear.count(20);
      expect(ear.texts()).toEqual(numbered(20));
      expect(most).toBeLessThanOrEqual(3);
    });

    test('a broadcast given back comes again, marked redelivered', async () => {
      const channel = await bench.channel();
      const exchange = bench.name('control');
      await channel.declareExchange({ name: exchange, type: 'fanout' });
      const { name } = await channel.declareQueue({ name: bench.name('listener'), autoDelete: true });
      await channel.bindQueue({ exchange, queue: name, routingKey: '' });
      await channel.prefetch(1);
      const ear = await collect(channel, name, {
        each: (delivery) => (delivery.redelivered ? delivery.ack() : delivery.reject({ requeue: true })),
      });
      for (const text of ['a', 'b']) await channel.publish(message(text), { exchange, routingKey: '' });
      await ear.count(4);
      expect(sorted(ear.texts())).toEqual(['a', 'a', 'b', 'b']);
      for (const text of ['a', 'b']) {
        const flags = ear.deliveries.filter((each) => textOf(each) === text).map((each) => each.redelivered);
        expect(flags).toEqual([false, true]);
      }
    });

    test('a listener that was cancelled or closed hears no more, the others do', async () => {
      const channels = [await bench.channel(), await bench.channel(), await bench.channel()];
      const exchange = bench.name('control');
      for (const channel of channels) await channel.declareExchange({ name: exchange, type: 'fanout' });
      const [cancelled, closed, going] = [
        await listen(channels[0]!, exchange),
        await listen(channels[1]!, exchange),
        await listen(channels[2]!, exchange),
      ];
      await cancelled!.consumer.cancel();
      await channels[1]!.close();
      await channels[0]!.publish(message('after'), { exchange, routingKey: '' });
      await going!.count(1);
      expect([cancelled!.texts(), closed!.texts()]).toEqual([[], []]);
    });

    test('durable queues and listeners get the same message', async () => {
      const [sender, receiver] = [await bench.channel(), await bench.channel()];
      const exchange = bench.name('control');
      const queue = await freshQueue(receiver, bench.name());
      for (const channel of [sender, receiver])
        await channel.declareExchange({ name: exchange, type: 'fanout' });
      await receiver.bindQueue({ exchange, queue, routingKey: '' });
      const ear = await listen(receiver, exchange);
      await sender.publish(message('both'), { exchange, routingKey: '' });
      await ear.count(1);
      const kept = await collect(receiver, queue, { each: ack });
      await kept.count(1);
      expect([ear.texts(), kept.texts()]).toEqual([['both'], ['both']]);
    });

    test('a reply queue bound to a direct exchange gets what others send, and goes with its consumer', async () => {
      const [client, worker] = [await bench.channel(), await bench.channel()];
      const exchange = bench.name('reply');
      for (const channel of [client, worker])
        await channel.declareExchange({ name: exchange, type: 'direct', durable: false });
      const { name } = await client.declareQueue({
        name: bench.name('reply'),
        durable: false,
        autoDelete: true,
      });
      await client.bindQueue({ exchange, queue: name, routingKey: 'oid-1' });
      const replies = await collect(client, name, { noAck: true });
      await worker.publish(message('pong'), { exchange, routingKey: 'oid-1' });
      await worker.publish(message('for another'), { exchange, routingKey: 'oid-2' });
      await worker.publish(message('by name'), { exchange: '', routingKey: name });
      await replies.count(2);
      expect(replies.texts().toSorted()).toEqual(['by name', 'pong']);
      await replies.consumer.cancel();
      await eventually(
        async () => {
          await worker.publish(message('too late'), { exchange, routingKey: 'oid-1' });
          const { messages } = await client.declareQueue({ name, durable: false, autoDelete: true });
          await client.deleteQueue(name);
          return messages === 0;
        },
        { everyMs: 50, what: 'the end of the reply queue' },
      );
    });
  });
}

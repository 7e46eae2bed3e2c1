import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { eventually } from '../eventually.ts';
import { message, numbered } from '../fixtures.ts';
import type { TransportBench } from '../transport-contract.ts';
import { ack, collect, freshQueue, send } from './collect.ts';

export function transportQueues(bench: TransportBench): void {
  describe('queues', () => {
    test('declaring tells the name and how many messages are ready', async () => {
      const channel = await bench.channel();
      const name = bench.name();
      expect(await channel.declareQueue({ name })).toMatchObject({ name, messages: 0 });
      await send(channel, name, numbered(3));
      expect(await channel.declareQueue({ name })).toMatchObject({ name, messages: 3 });
    });

    test('a queue declared without a name gets one', async () => {
      const channel = await bench.channel();
      const { name } = await channel.declareQueue({ name: '', exclusive: true });
      expect(name).not.toBe('');
      const collected = await collect(channel, name, { noAck: true });
      await send(channel, name, ['a']);
      await collected.count(1);
    });

    test('a purge removes what nobody holds, and says how many', async () => {
      const [sender, receiver] = [await bench.channel(), await bench.channel()];
      const queue = await freshQueue(sender, bench.name());
      await receiver.prefetch(2);
      const held = await collect(receiver, queue);
      await send(sender, queue, numbered(10));
      await held.count(2);
      expect(await sender.purgeQueue(queue)).toBe(8);
      expect(await sender.purgeQueue(queue)).toBe(0);
      await receiver.close();
      const again = await collect(sender, queue, { each: ack });
      await again.count(2);
      expect(again.texts()).toEqual(numbered(2));
    });

    test('a deleted queue takes its messages and bindings along', async () => {
      const channel = await bench.channel();
      const [exchange, queue] = [bench.name('exchange'), await freshQueue(channel, bench.name())];
      await channel.declareExchange({ name: exchange, type: 'direct' });
      await channel.bindQueue({ exchange, queue, routingKey: 'k' });
      await send(channel, queue, numbered(3));
      await channel.deleteQueue(queue);
      expect((await channel.declareQueue({ name: queue })).messages).toBe(0);
      await channel.publish(message('nowhere'), { exchange, routingKey: 'k' });
      expect((await channel.declareQueue({ name: queue })).messages).toBe(0);
    });

    test('a queue with x-expires goes when nobody uses it, with its messages and bindings', async () => {
      const [gone, channel] = [await bench.connect(), await bench.channel()];
      const [exchange, queue] = [bench.name('exchange'), bench.name()];
      const spec = { name: queue, arguments: { 'x-expires': 400 } };
      const away = await gone.openChannel();
      await away.declareQueue(spec);
      await away.declareExchange({ name: exchange, type: 'direct' });
      await away.bindQueue({ exchange, queue, routingKey: 'k' });
      await send(away, queue, numbered(3));
      await gone.close();
      await delay(600); // the broker's clock
      // Whoever begins to consume looks for what is left behind, beside his work; to declare the queue is to use it.
      const isGone = async (): Promise<boolean> => {
        const later = await bench.channel();
        const bystander = await freshQueue(later, bench.name());
        const collected = await collect(later, bystander, { each: ack });
        for (let count = 1; count <= 20; count++) {
          await send(later, bystander, ['some work']);
          await collected.count(count);
        }
        return (await later.declareQueue(spec)).messages === 0;
      };
      await eventually(isGone, { timeoutMs: 20_000, everyMs: 600, what: 'the queue to be gone' });
      await channel.declareExchange({ name: exchange, type: 'direct' });
      await channel.publish(message('nowhere'), { exchange, routingKey: 'k' });
      expect((await channel.declareQueue(spec)).messages).toBe(0);
    });

    test('a queue with x-expires stays while it has a consumer, whoever declared it', async () => {
      const [declarer, channel] = [await bench.channel(), await bench.channel()];
      const spec = { name: bench.name(), arguments: { 'x-expires': 600 } };
      await declarer.declareQueue(spec);
      const collected = await collect(channel, spec.name, { each: ack });
      await declarer.close();
      await delay(1500); // the broker's clock
      await collect(await bench.channel(), await freshQueue(channel, bench.name()));
      await send(channel, spec.name, ['a']);
      await collected.count(1);
    });

    test('deleting a queue that isn’t there is no error', async () => {
      const channel = await bench.channel();
      await channel.deleteQueue(bench.name());
    });
  });
}

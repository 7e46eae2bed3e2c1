import { describe, expect, test } from '@jest/globals';
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

    test('deleting a queue that isn’t there is no error', async () => {
      const channel = await bench.channel();
      await channel.deleteQueue(bench.name());
    });
  });
}

import { describe, expect, test } from '@jest/globals';
import type { TransportBench } from '../transport-contract.ts';
import { message, numbered, richMessage } from '../fixtures.ts';
import { ack, collect, freshQueue, send } from './collect.ts';

export function transportPublish(bench: TransportBench): void {
  describe('publishing', () => {
    test('a message arrives as it was sent: bytes, headers, properties and where it was sent to', async () => {
      const [sender, receiver] = [await bench.channel(), await bench.channel()];
      const queue = await freshQueue(receiver, bench.name());
      await sender.publish(richMessage, { exchange: '', routingKey: queue });
      const [delivery] = await (await collect(receiver, queue)).count(1);
      expect([...delivery!.message.body]).toEqual([...richMessage.body]);
      expect(delivery!.message.headers).toEqual(richMessage.headers);
      expect(delivery!.message.properties).toEqual(richMessage.properties);
      expect(delivery).toMatchObject({ queue, exchange: '', routingKey: queue, redelivered: false });
      expect(delivery!.deliveries ?? 1).toBe(1);
    });

    test('messages arrive in the order in which they were published', async () => {
      const [sender, receiver] = [await bench.channel(), await bench.channel()];
      const queue = await freshQueue(sender, bench.name());
      const collected = await collect(receiver, queue, { noAck: true });
      await send(sender, queue, numbered(200, 'a'));
      for (const text of numbered(20, 'b')) await send(sender, queue, [text]);
      await collected.count(220);
      expect(collected.texts()).toEqual([...numbered(200, 'a'), ...numbered(20, 'b')]);
    });

    test('the order holds over exchanges', async () => {
      const channel = await bench.channel();
      const [queue, exchange] = [await freshQueue(channel, bench.name()), bench.name('exchange')];
      await channel.declareExchange({ name: exchange, type: 'direct' });
      await channel.bindQueue({ exchange, queue, routingKey: 'k' });
      const sending = numbered(40).map((text, index) =>
        channel.publish(
          message(text),
          index % 2 === 0 ? { exchange, routingKey: 'k' } : { exchange: '', routingKey: queue },
        ),
      );
      await Promise.all(sending);
      const collected = await collect(channel, queue);
      await collected.count(40);
      expect(collected.texts()).toEqual(numbered(40));
    });

    test('what was published is kept while nobody consumes', async () => {
      const sender = await bench.connect();
      const channel = await sender.openChannel();
      const queue = await freshQueue(channel, bench.name());
      await send(channel, queue, numbered(10));
      await sender.close();
      const receiver = await bench.channel();
      const collected = await collect(receiver, queue, { each: ack });
      await collected.count(10);
      expect(collected.texts()).toEqual(numbered(10));
    });

    test('an empty body and a large one arrive whole', async () => {
      const channel = await bench.channel();
      const queue = await freshQueue(channel, bench.name());
      const large = Buffer.alloc(1_000_000, 'tq');
      await send(channel, queue, ['']);
      await channel.publish({ ...message(''), body: large }, { exchange: '', routingKey: queue });
      const [first, second] = await (await collect(channel, queue)).count(2);
      expect(first!.message.body).toHaveLength(0);
      expect(Buffer.compare(Buffer.from(second!.message.body), large)).toBe(0);
    });
  });

  const whenPriorities = bench.traits.priorities > 1 ? describe : describe.skip;
  whenPriorities('priorities', () => {
    test('the more urgent messages come first, equals in order', async () => {
      const channel = await bench.channel();
      const [idle, low, high, urgent] = bench.priorities as [number, number, number, number];
      const queue = bench.name();
      await channel.declareQueue({ name: queue, arguments: { 'x-max-priority': 9 } });
      const given: readonly (readonly [string, number])[] = [
        ['idle', idle],
        ['low-1', low],
        ['urgent', urgent],
        ['low-2', low],
        ['high', high],
      ];
      for (const [text, priority] of given)
        await channel.publish(message(text, { priority }), { exchange: '', routingKey: queue });
      await channel.prefetch(1);
      const collected = await collect(channel, queue, { each: ack });
      await collected.count(5);
      expect(collected.texts()).toEqual(['urgent', 'high', 'low-1', 'low-2', 'idle']);
    });
  });
}

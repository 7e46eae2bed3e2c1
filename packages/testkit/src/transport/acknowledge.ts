import { describe, expect, test } from '@jest/globals';
import { numbered, sorted, textOf } from '../fixtures.ts';
import type { TransportBench } from '../transport-contract.ts';
import { ack, collect, freshQueue, send } from './collect.ts';

export function transportAcknowledge(bench: TransportBench): void {
  describe('acknowledging', () => {
    test('acknowledged messages are gone', async () => {
      const [sender, receiver] = [await bench.channel(), await bench.channel()];
      const queue = await freshQueue(sender, bench.name());
      await send(sender, queue, numbered(10));
      await (await collect(receiver, queue, { each: ack })).count(10);
      await receiver.flush();
      await receiver.close();
      expect((await sender.declareQueue({ name: queue })).messages).toBe(0);
    });

    test('a message rejected without requeue is gone', async () => {
      const [sender, receiver] = [await bench.channel(), await bench.channel()];
      const queue = await freshQueue(sender, bench.name());
      await send(sender, queue, ['bad', 'good']);
      const collected = await collect(receiver, queue);
      const [bad] = await collected.count(2);
      bad!.reject({ requeue: false });
      await receiver.close();
      const rest = await collect(sender, queue, { each: ack });
      await rest.count(1);
      expect(rest.texts()).toEqual(['good']);
      expect((await sender.declareQueue({ name: queue })).messages).toBe(0);
    });

    test('a message given back comes again, in its place, marked redelivered and not counted', async () => {
      const [sender, receiver] = [await bench.channel(), await bench.channel()];
      const queue = await freshQueue(sender, bench.name());
      await send(sender, queue, ['a', 'b']);
      await receiver.prefetch(1);
      const collected = await collect(receiver, queue, {
        each: (delivery) => (delivery.redelivered ? delivery.ack() : delivery.reject({ requeue: true })),
      });
      await collected.count(4);
      expect(sorted(collected.texts())).toEqual(['a', 'a', 'b', 'b']);
      // RabbitMQ may hear of the room in the window before it hears of the message: the next one is faster then.
      if (bench.traits.redelivery === 'after-visibility-timeout')
        expect(collected.texts()).toEqual(['a', 'a', 'b', 'b']);
      for (const text of ['a', 'b']) {
        const flags = collected.deliveries.filter((each) => textOf(each) === text);
        expect(flags.map((each) => each.redelivered)).toEqual([false, true]);
      }
      for (const delivery of collected.deliveries) expect(delivery.deliveries ?? 1).toBe(1);
    });

    test('a message given back is there for others', async () => {
      const [sender, receiver, other] = [await bench.channel(), await bench.channel(), await bench.channel()];
      const queue = await freshQueue(sender, bench.name());
      await send(sender, queue, numbered(3));
      const collected = await collect(receiver, queue);
      await collected.count(3);
      await collected.consumer.cancel();
      for (const delivery of collected.deliveries) delivery.reject({ requeue: true });
      const again = await collect(other, queue, { each: ack });
      await again.count(3);
      expect(again.texts()).toEqual(numbered(3));
    });

    test('settling a delivery twice changes nothing', async () => {
      const [sender, receiver, other] = [await bench.channel(), await bench.channel(), await bench.channel()];
      const queue = await freshQueue(sender, bench.name());
      await receiver.prefetch(2);
      await send(sender, queue, numbered(5));
      const collected = await collect(receiver, queue);
      const [first, second] = await collected.count(2);
      first!.ack();
      first!.ack();
      first!.reject({ requeue: true });
      await collected.count(3);
      await collected.consumer.cancel();
      second!.reject({ requeue: true });
      second!.ack();
      second!.reject({ requeue: false });
      await receiver.flush();
      const rest = await collect(other, queue, { each: ack });
      await rest.count(3);
      expect(sorted(rest.texts())).toEqual(['m1', 'm3', 'm4']);
      expect(collected.texts()).toEqual(['m0', 'm1', 'm2']);
    });

    test('settling after the channel was closed is ignored', async () => {
      const [sender, receiver] = [await bench.channel(), await bench.channel()];
      const queue = await freshQueue(sender, bench.name());
      await send(sender, queue, ['a']);
      const [delivery] = await (await collect(receiver, queue)).count(1);
      await receiver.close();
      delivery!.ack();
      delivery!.reject({ requeue: false });
      await receiver.flush();
      const again = await collect(sender, queue, { each: ack });
      const [second] = await again.count(1);
      expect(second!.redelivered).toBe(true);
    });

    test('closing a channel settles what was acknowledged and gives back the rest in order', async () => {
      const [sender, receiver] = [await bench.channel(), await bench.channel()];
      const queue = await freshQueue(sender, bench.name());
      await send(sender, queue, numbered(6));
      const collected = await collect(receiver, queue);
      await collected.count(6);
      for (const index of [1, 3, 5]) collected.deliveries[index]!.ack();
      await receiver.close();
      const again = await collect(sender, queue);
      await again.count(3);
      expect(again.texts()).toEqual(['m0', 'm2', 'm4']);
      expect(again.deliveries.every((each) => each.redelivered)).toBe(true);
    });

    test('closing a connection does the same for all its channels', async () => {
      const sender = await bench.channel();
      const receiver = await bench.connect();
      const queue = await freshQueue(sender, bench.name());
      await send(sender, queue, numbered(4));
      for (const _ of [1, 2]) {
        const channel = await receiver.openChannel();
        await channel.prefetch(2);
        await (await collect(channel, queue)).count(2);
      }
      await receiver.close();
      const again = await collect(sender, queue);
      await again.count(4);
      expect(again.texts()).toEqual(numbered(4));
    });
  });
}

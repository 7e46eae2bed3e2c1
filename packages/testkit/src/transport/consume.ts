import { describe, expect, test } from '@jest/globals';
import type { Delivery } from '@tq/core';
import { eventually } from '../eventually.ts';
import { numbered, sorted, textOf } from '../fixtures.ts';
import type { TransportBench } from '../transport-contract.ts';
import { ack, collect, freshQueue, send } from './collect.ts';

export function transportConsume(bench: TransportBench): void {
  describe('consuming', () => {
    test('a consumer gets what was there and what comes', async () => {
      const [sender, receiver] = [await bench.channel(), await bench.channel()];
      const queue = await freshQueue(sender, bench.name());
      await send(sender, queue, ['before']);
      const collected = await collect(receiver, queue, { each: ack });
      await collected.count(1);
      await send(sender, queue, ['after']);
      await collected.count(2);
      expect(collected.texts()).toEqual(['before', 'after']);
    });

    test('a consumer keeps the tag it was given, and others get one', async () => {
      const channel = await bench.channel();
      const queue = await freshQueue(channel, bench.name());
      const named = await channel.consume(queue, ack, { tag: 'my-tag' });
      const nameless = await channel.consume(queue, ack);
      expect(named).toMatchObject({ tag: 'my-tag', queue });
      expect(nameless.tag).toMatch(/./);
      expect(nameless.tag).not.toBe(named.tag);
    });

    test('several queues of one channel all get their turn', async () => {
      const [sender, receiver] = [await bench.channel(), await bench.channel()];
      const queues = [];
      for (let index = 0; index < 3; index++) queues.push(await freshQueue(sender, bench.name()));
      for (const queue of queues) await send(sender, queue, numbered(100));
      await receiver.prefetch(3);
      const order: string[] = [];
      const each = (delivery: Delivery): void => {
        order.push(delivery.queue);
        delivery.ack();
      };
      for (const queue of queues) await collect(receiver, queue, { each });
      await eventually(() => order.length === 300, { what: 'all messages', timeoutMs: 10_000 });
      for (const queue of queues) {
        // Once all three were being consumed, none waits until another is empty.
        const share = order.slice(50, 200).filter((each) => each === queue).length;
        expect(share).toBeGreaterThanOrEqual(15);
      }
    });

    test('consumers on two connections share a queue', async () => {
      const [sender, one, two] = [await bench.channel(), await bench.channel(), await bench.channel()];
      const queue = await freshQueue(sender, bench.name());
      await one.prefetch(1);
      await two.prefetch(1);
      const [first, second] = [await collect(one, queue), await collect(two, queue)];
      await send(sender, queue, numbered(2));
      await first.count(1);
      await second.count(1);
      expect(sorted([...first.texts(), ...second.texts()])).toEqual(numbered(2));
    });

    test('with noAck a delivery is final: nothing is held, and closing gives nothing back', async () => {
      const [sender, receiver] = [await bench.channel(), await bench.channel()];
      const queue = await freshQueue(sender, bench.name());
      await receiver.prefetch(1);
      const collected = await collect(receiver, queue, { noAck: true });
      await send(sender, queue, numbered(50));
      await collected.count(50);
      collected.deliveries[0]!.ack();
      collected.deliveries[1]!.reject({ requeue: true });
      await receiver.close();
      expect((await sender.declareQueue({ name: queue })).messages).toBe(0);
    });

    test('after cancelling come no more deliveries, and others get the messages', async () => {
      const [sender, receiver, other] = [await bench.channel(), await bench.channel(), await bench.channel()];
      const queue = await freshQueue(sender, bench.name());
      const collected = await collect(receiver, queue, { each: ack });
      await send(sender, queue, ['a']);
      await collected.count(1);
      const sending = send(sender, queue, numbered(100));
      await collected.consumer.cancel();
      await collected.consumer.cancel();
      const seen = collected.texts();
      await sending;
      const rest = await collect(other, queue, { each: ack });
      await rest.count(101 - seen.length);
      expect(collected.texts()).toEqual(seen);
      expect(sorted([...seen, ...rest.texts()])).toEqual(sorted(['a', ...numbered(100)]));
    });

    test('what was delivered before cancelling may still be acknowledged', async () => {
      const [sender, receiver] = [await bench.channel(), await bench.channel()];
      const queue = await freshQueue(sender, bench.name());
      await send(sender, queue, ['a', 'b']);
      const collected = await collect(receiver, queue);
      const [a, b] = await collected.count(2);
      await collected.consumer.cancel();
      a!.ack();
      b!.reject({ requeue: true });
      await receiver.flush();
      const again = await collect(sender, queue, { each: ack });
      await again.count(1);
      await receiver.close();
      expect(again.texts()).toEqual(['b']);
      expect((await sender.declareQueue({ name: queue })).messages).toBe(0);
    });

    test('cancelling one consumer leaves those of other queues going', async () => {
      const [sender, receiver] = [await bench.channel(), await bench.channel()];
      const [one, two] = [await freshQueue(sender, bench.name()), await freshQueue(sender, bench.name())];
      const [first, second] = [await collect(receiver, one), await collect(receiver, two, { each: ack })];
      await first.consumer.cancel();
      await send(sender, two, numbered(5));
      await second.count(5);
    });

    test('a consumer that throws is reported, and its message comes again', async () => {
      const [sender, receiver] = [await bench.channel(), await bench.channel()];
      const queue = await freshQueue(sender, bench.name());
      let thrown = 0;
      const collected = await collect(receiver, queue, {
        each(delivery) {
          if (textOf(delivery) === 'bad' && !delivery.redelivered) {
            thrown += 1;
            throw new Error('thrown by a consumer');
          }
          delivery.ack();
        },
      });
      await send(sender, queue, ['bad', 'good']);
      await collected.count(3, 10_000);
      expect(thrown).toBe(1);
      expect(sorted(collected.texts())).toEqual(['bad', 'bad', 'good']);
      expect(bench.logger.find('error', 'threw')).toHaveLength(1);
    });

    test('a consumer may come back after it was cancelled', async () => {
      const [sender, receiver] = [await bench.channel(), await bench.channel()];
      const queue = await freshQueue(sender, bench.name());
      for (const text of numbered(3)) {
        const collected = await collect(receiver, queue, { each: ack });
        await send(sender, queue, [text]);
        await collected.count(1);
        expect(collected.texts()).toEqual([text]);
        await collected.consumer.cancel();
      }
    });
  });
}

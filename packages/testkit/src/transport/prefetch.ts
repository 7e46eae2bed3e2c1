import { describe, expect, test } from '@jest/globals';
import { numbered, sorted } from '../fixtures.ts';
import type { TransportBench } from '../transport-contract.ts';
import { ack, collect, freshQueue, send } from './collect.ts';

export function transportPrefetch(bench: TransportBench): void {
  describe('the prefetch window', () => {
    test('a channel never holds more than its window; the rest is for others', async () => {
      const [sender, narrow, other] = [await bench.channel(), await bench.channel(), await bench.channel()];
      const queue = await freshQueue(sender, bench.name());
      await narrow.prefetch(5);
      const held = await collect(narrow, queue);
      await send(sender, queue, numbered(20));
      await held.count(5);
      const rest = await collect(other, queue, { each: ack });
      await rest.count(15);
      expect(held.texts()).toEqual(numbered(5));
      expect(sorted([...held.texts(), ...rest.texts()])).toEqual(numbered(20));
    });

    test('each settled message makes room for one more', async () => {
      const [sender, receiver, other] = [await bench.channel(), await bench.channel(), await bench.channel()];
      const queue = await freshQueue(sender, bench.name());
      await receiver.prefetch(2);
      const held = await collect(receiver, queue);
      await send(sender, queue, numbered(10));
      await held.count(2);
      held.deliveries[0]!.ack();
      await held.count(3);
      held.deliveries[1]!.reject({ requeue: false });
      held.deliveries[2]!.ack();
      await held.count(5);
      const rest = await collect(other, queue, { each: ack });
      await rest.count(5);
      expect(held.texts()).toEqual(numbered(5));
    });

    test('a window of one gives one message after the other', async () => {
      const [sender, receiver] = [await bench.channel(), await bench.channel()];
      const queue = await freshQueue(sender, bench.name());
      await receiver.prefetch(1);
      let holds = 0;
      let most = 0;
      const collected = await collect(receiver, queue, {
        each(delivery) {
          most = Math.max(most, (holds += 1));
          setImmediate(() => {
            holds -= 1;
            delivery.ack();
          });
        },
      });
      await send(sender, queue, numbered(30));
      await collected.count(30);
      expect(most).toBe(1);
      expect(collected.texts()).toEqual(numbered(30));
    });

    test('zero means no limit', async () => {
      const [sender, receiver] = [await bench.channel(), await bench.channel()];
      const queue = await freshQueue(sender, bench.name());
      await send(sender, queue, numbered(1500));
      await receiver.prefetch(0);
      await (await collect(receiver, queue)).count(1500);
    });

    const whenAdjustable = bench.traits.adjustablePrefetch ? test : test.skip;

    whenAdjustable('the window is the channel’s, whatever the number of its consumers', async () => {
      const [sender, receiver] = [await bench.channel(), await bench.channel()];
      const queues = [await freshQueue(sender, bench.name()), await freshQueue(sender, bench.name())];
      await receiver.prefetch(4);
      for (const queue of queues) await send(sender, queue, numbered(10));
      const held = [await collect(receiver, queues[0]!), await collect(receiver, queues[1]!)];
      const other = await bench.channel();
      const rest = [
        await collect(other, queues[0]!, { each: ack }),
        await collect(other, queues[1]!, { each: ack }),
      ];
      await held[0]!.count(1);
      await rest[0]!.count(10 - held[0]!.deliveries.length);
      await rest[1]!.count(10 - held[1]!.deliveries.length);
      expect(held[0]!.deliveries.length + held[1]!.deliveries.length).toBe(4);
    });

    whenAdjustable('a wider window is filled at once', async () => {
      const [sender, receiver] = [await bench.channel(), await bench.channel()];
      const queue = await freshQueue(sender, bench.name());
      await receiver.prefetch(2);
      const held = await collect(receiver, queue);
      await send(sender, queue, numbered(10));
      await held.count(2);
      await receiver.prefetch(6);
      await held.count(6);
      await receiver.prefetch(0);
      await held.count(10);
    });

    whenAdjustable('a narrower window lets nothing through until there is room in it', async () => {
      const [sender, receiver, other] = [await bench.channel(), await bench.channel(), await bench.channel()];
      const queue = await freshQueue(sender, bench.name());
      await receiver.prefetch(5);
      const held = await collect(receiver, queue);
      await send(sender, queue, numbered(5));
      await held.count(5);
      await receiver.prefetch(2);
      await send(sender, queue, numbered(10, 'later'));
      for (const delivery of held.deliveries.slice(0, 4)) delivery.ack();
      await held.count(6);
      const rest = await collect(other, queue, { each: ack });
      await rest.count(9);
      expect(held.deliveries).toHaveLength(6);
    });

    whenAdjustable('narrowing holds also for a consumer that waits for messages', async () => {
      const [sender, receiver, other] = [await bench.channel(), await bench.channel(), await bench.channel()];
      const queue = await freshQueue(sender, bench.name());
      await receiver.prefetch(50);
      const held = await collect(receiver, queue);
      await receiver.prefetch(3);
      await send(sender, queue, numbered(10));
      await held.count(3);
      const rest = await collect(other, queue, { each: ack });
      await rest.count(7);
      expect(held.deliveries).toHaveLength(3);
    });
  });
}

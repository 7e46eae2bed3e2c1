import { describe, expect, test } from '@jest/globals';
import { message } from '../fixtures.ts';
import type { TransportBench } from '../transport-contract.ts';
import { ack, collect, freshQueue, send } from './collect.ts';

export function transportDelays(bench: TransportBench): void {
  const whenDelays = bench.traits.delays ? describe : describe.skip;
  whenDelays('delays', () => {
    test('the broker holds a message until its moment: not early, at most a second late', async () => {
      const [sender, receiver] = [await bench.channel(), await bench.channel()];
      const queue = await freshQueue(sender, bench.name());
      const seen: number[] = [];
      const collected = await collect(receiver, queue, {
        each(delivery) {
          seen.push(Date.now());
          delivery.ack();
        },
      });
      const dueMs = Date.now() + 800;
      await sender.publish(message('later'), { exchange: '', routingKey: queue, notBeforeMs: dueMs });
      await send(sender, queue, ['now']);
      await collected.count(2);
      expect(collected.texts()).toEqual(['now', 'later']);
      expect(seen[0]).toBeLessThan(dueMs);
      expect(seen[1]).toBeGreaterThanOrEqual(dueMs);
      expect(seen[1]! - dueMs).toBeLessThanOrEqual(1000);
    });

    test('a delay holds through exchanges, and a waiting message isn’t ready', async () => {
      const channel = await bench.channel();
      const [exchange, queue] = [bench.name('exchange'), await freshQueue(channel, bench.name())];
      await channel.declareExchange({ name: exchange, type: 'topic' });
      await channel.bindQueue({ exchange, queue, routingKey: 'task.#' });
      const dueMs = Date.now() + 300;
      await channel.publish(message('later'), { exchange, routingKey: 'task.add', notBeforeMs: dueMs });
      const { messages } = await channel.declareQueue({ name: queue });
      if (Date.now() < dueMs) expect(messages).toBe(0);
      const collected = await collect(channel, queue, { each: ack });
      await collected.count(1);
      expect(Date.now()).toBeGreaterThanOrEqual(dueMs);
    });
  });

  const whenNoDelays = bench.traits.delays ? describe.skip : describe;
  whenNoDelays('delays', () => {
    test('a broker without delays delivers at once; the worker waits', async () => {
      const channel = await bench.channel();
      const queue = await freshQueue(channel, bench.name());
      const to = { exchange: '', routingKey: queue, notBeforeMs: Date.now() + 60_000 };
      await channel.publish(message('a'), to);
      await (await collect(channel, queue, { each: ack })).count(1);
    });
  });
}

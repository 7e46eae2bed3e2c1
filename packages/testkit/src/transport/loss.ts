import { describe, expect, test } from '@jest/globals';
import { TqError } from '@tq/core';
import { within } from '../eventually.ts';
import { message, numbered, sorted } from '../fixtures.ts';
import type { TransportBench } from '../transport-contract.ts';
import { ack, collect, freshQueue, send } from './collect.ts';

export function transportLoss(bench: TransportBench): void {
  const { sever } = bench;
  const whenSever = sever ? describe : describe.skip;
  whenSever('a lost connection', () => {
    test('`closed` says why, and what is called afterwards fails with an error of ours', async () => {
      const connection = await bench.connect();
      const channel = await connection.openChannel();
      await sever!(connection);
      expect(await within(connection.closed, 5000, 'closed')).toBeInstanceOf(Error);
      const to = { exchange: '', routingKey: bench.name() };
      await expect(within(channel.publish(message('a'), to), 5000, 'the refusal')).rejects.toBeInstanceOf(
        TqError,
      );
      await expect(connection.openChannel()).rejects.toBeInstanceOf(TqError);
      await channel.flush();
      await channel.close();
      await within(connection.close(), 6000, 'close');
    });

    test('what it held comes to others, in order, redelivered and counted', async () => {
      const [sender, other] = [await bench.channel(), await bench.channel()];
      const connection = await bench.connect();
      const channel = await connection.openChannel();
      const queue = await freshQueue(sender, bench.name());
      await channel.prefetch(3);
      const held = await collect(channel, queue);
      await send(sender, queue, numbered(3));
      await held.count(3);
      await sever!(connection);
      held.deliveries[0]!.ack(); // too late
      const again = await collect(other, queue, { each: ack });
      await again.count(3, bench.redeliveryMs);
      expect(again.texts()).toEqual(numbered(3));
      for (const delivery of again.deliveries) {
        expect(delivery.redelivered).toBe(true);
        expect(delivery.deliveries ?? 2).toBe(2);
      }
    });

    test('what was acknowledged and flushed before doesn’t come again', async () => {
      const [sender, other] = [await bench.channel(), await bench.channel()];
      const connection = await bench.connect();
      const channel = await connection.openChannel();
      const queue = await freshQueue(sender, bench.name());
      const held = await collect(channel, queue);
      await send(sender, queue, numbered(4));
      await held.count(4);
      held.deliveries[0]!.ack();
      held.deliveries[2]!.ack();
      await channel.flush();
      await sever!(connection);
      const again = await collect(other, queue);
      await again.count(2, bench.redeliveryMs);
      expect(sorted(again.texts())).toEqual(['m1', 'm3']);
    });

    test('its consumers hear no more', async () => {
      const [sender, other] = [await bench.channel(), await bench.channel()];
      const connection = await bench.connect();
      const queue = await freshQueue(sender, bench.name());
      const lost = await collect(await connection.openChannel(), queue, { each: ack });
      await send(sender, queue, ['a']);
      await lost.count(1);
      await sever!(connection);
      await within(connection.closed, 5000, 'closed');
      const heard = lost.texts().length;
      const going = await collect(other, queue, { each: ack });
      await send(sender, queue, numbered(5));
      await going.count(5, bench.redeliveryMs);
      expect(lost.texts()).toHaveLength(heard);
    });
  });
}

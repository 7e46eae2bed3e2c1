import { describe, expect, test } from '@jest/globals';
import { BrokerUnavailableError, TqError } from '@tq/core';
import { within } from '../eventually.ts';
import { message, numbered } from '../fixtures.ts';
import type { TransportBench } from '../transport-contract.ts';
import { collect, freshQueue, send } from './collect.ts';

export function transportLife(bench: TransportBench): void {
  describe('life', () => {
    test('a connection has the traits of its transport', async () => {
      expect((await bench.connect()).traits).toEqual(bench.traits);
    });

    test('closing a connection ends `closed` without a reason; a second call is the same', async () => {
      const connection = await bench.connect();
      await connection.openChannel();
      const first = connection.close();
      expect(connection.close()).toBe(first);
      await first;
      await connection[Symbol.asyncDispose]();
      expect(await within(connection.closed, 1000, 'closed')).toBeUndefined();
    });

    test('closing a channel twice, or after its connection, is no error', async () => {
      const connection = await bench.connect();
      const [one, two] = [await connection.openChannel(), await connection.openChannel()];
      await Promise.all([one.close(), one.close()]);
      await one[Symbol.asyncDispose]();
      await connection.close();
      await two.close();
    });

    test('a closed channel refuses work with an error of ours, the other channels don’t', async () => {
      const connection = await bench.connect();
      const [closed, open] = [await connection.openChannel(), await connection.openChannel()];
      const queue = await freshQueue(open, bench.name());
      await closed.close();
      const to = { exchange: '', routingKey: queue };
      await expect(closed.publish(message('a'), to)).rejects.toBeInstanceOf(TqError);
      await expect(closed.consume(queue, () => undefined)).rejects.toBeInstanceOf(TqError);
      await expect(closed.declareQueue({ name: queue })).rejects.toBeInstanceOf(TqError);
      await open.publish(message('b'), to);
    });

    test('a closed connection opens no channels', async () => {
      const connection = await bench.connect();
      await connection.close();
      await expect(connection.openChannel()).rejects.toBeInstanceOf(TqError);
    });

    test('closing with many messages in hand and in flight loses none', async () => {
      const [sender, receiver] = [await bench.channel(), await bench.connect()];
      const queue = await freshQueue(sender, bench.name());
      const sending = send(sender, queue, numbered(300));
      const channel = await receiver.openChannel();
      await channel.prefetch(20);
      let acked = 0;
      const collected = await collect(channel, queue, {
        each(delivery) {
          if (acked >= 50) return;
          acked += 1;
          delivery.ack();
        },
      });
      await collected.count(60);
      await receiver.close();
      await sending;
      expect((await sender.declareQueue({ name: queue })).messages).toBe(250);
    });

    test('publishing and closing in one breath either keeps the message or says that it didn’t', async () => {
      const [watcher, sender] = [await bench.channel(), await bench.connect()];
      const queue = await freshQueue(watcher, bench.name());
      const channel = await sender.openChannel();
      const to = { exchange: '', routingKey: queue };
      const sending = numbered(50).map((text) => channel.publish(message(text), to));
      const [results] = await Promise.all([Promise.allSettled(sending), sender.close()]);
      const kept = results.filter((result) => result.status === 'fulfilled').length;
      expect((await watcher.declareQueue({ name: queue })).messages).toBe(kept);
    });

    const whenUnreachable = bench.unreachable ? test : test.skip;
    whenUnreachable('a broker that can’t be reached is said to be', async () => {
      const connecting = within(bench.connect(bench.unreachable), 15_000, 'the refusal');
      await expect(connecting).rejects.toBeInstanceOf(BrokerUnavailableError);
    });
  });
}

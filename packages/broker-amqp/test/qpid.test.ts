import { afterAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Channel, Delivery } from '@tq/core';
import { eventually, message, numbered, startQpid, textOf, uniqueName } from '@tq/testkit';
import { open } from './support/open.ts';

/** A broker that speaks the protocol and isn't RabbitMQ; why there is none, where there is none. */
const qpid = await startQpid().catch((error: Error) => error.message);

if (typeof qpid === 'string') {
  test.skip(`Qpid Broker-J isn't here, so only RabbitMQ is tested: ${qpid}`, () => undefined);
} else {
  afterAll(() => qpid.end());

  describe('on Apache Qpid Broker-J', () => {
    let sender: Channel;
    let receiver: Channel;
    let name: string;
    let seen: Delivery[];
    const texts = (): string[] => seen.map((delivery) => textOf(delivery));
    const send = (all: readonly string[]): Promise<unknown> =>
      Promise.all(
        all.map((text) => sender.publish(message(text), { exchange: '', routingKey: name, mandatory: true })),
      );

    beforeEach(async () => {
      sender = await (await open({ url: qpid.url })).openChannel();
      receiver = await (await open({ url: qpid.url })).openChannel();
      name = uniqueName('queue');
      seen = [];
      await receiver.declareQueue({ name });
    });

    test('messages are confirmed, and come in order with their headers', async () => {
      await send(numbered(50));
      const headers = { task: 'proj.add', retries: 0, eta: null, timelimit: [300, null] };
      await sender.publish(
        { ...message('rich', { correlationId: 'c', priority: 3 }), headers },
        { exchange: '', routingKey: name },
      );
      await receiver.consume(name, (delivery) => seen.push(delivery), { noAck: true });
      await eventually(() => seen.length === 51);
      expect(texts()).toEqual([...numbered(50), 'rich']);
      expect(seen[50]!.message).toMatchObject({ headers, properties: { correlationId: 'c', priority: 3 } });
    });

    test('the window is the channel’s, and may change', async () => {
      await receiver.prefetch(2);
      await receiver.consume(name, (delivery) => seen.push(delivery));
      await send(numbered(10));
      await eventually(() => seen.length === 2);
      await receiver.prefetch(5);
      await eventually(() => seen.length === 5);
      for (const delivery of seen.slice()) delivery.ack();
      await eventually(() => seen.length === 10);
      expect(texts()).toEqual(numbered(10));
    });

    test('what was acknowledged is gone, what was given back or held comes again', async () => {
      await send(['done', 'back', 'held']);
      await receiver.consume(name, (delivery) => seen.push(delivery));
      await eventually(() => seen.length === 3);
      seen[0]!.ack();
      seen[1]!.reject({ requeue: true });
      await eventually(() => seen.length >= 4, { what: 'what was given back' });
      expect(seen[3]).toMatchObject({ redelivered: true });
      await receiver.close();
      const again: Delivery[] = [];
      await sender.consume(name, (delivery) => again.push(delivery));
      await eventually(() => again.length >= 2);
      expect(again.map((delivery) => textOf(delivery)).toSorted()).toEqual(['back', 'held']);
    });

    test('exchanges sort', async () => {
      const exchange = uniqueName('topic');
      await sender.declareExchange({ name: exchange, type: 'topic' });
      await receiver.bindQueue({ exchange, queue: name, routingKey: 'task.#' });
      await receiver.consume(name, (delivery) => seen.push(delivery), { noAck: true });
      await sender.publish(message('no'), { exchange, routingKey: 'worker.online' });
      await sender.publish(message('yes'), { exchange, routingKey: 'task.math.add' });
      await eventually(() => seen.length === 1);
      expect(seen[0]).toMatchObject({ exchange, routingKey: 'task.math.add' });
    });
  });
}

import { connect } from 'amqplib';
import { describe, expect, test } from '@jest/globals';
import { BrokerUnavailableError, ImproperlyConfigured } from '@tq/core';
import type { Channel, Delivery } from '@tq/core';
import {
  eventually,
  message,
  numbered,
  serviceUrl,
  startRabbitmq,
  textOf,
  uniqueName,
  within,
} from '@tq/testkit';
import { afterwards, logger, open } from './support/open.ts';

async function fill(channel: Channel, name: string, texts: readonly string[]): Promise<void> {
  await Promise.all(texts.map((text) => channel.publish(message(text), { exchange: '', routingKey: name })));
}

async function hold(channel: Channel, name: string, count: number): Promise<Delivery[]> {
  const held: Delivery[] = [];
  await channel.consume(name, (delivery) => held.push(delivery));
  await eventually(() => held.length === count, { what: `${count} deliveries` });
  return held;
}

/** A queue that goes with the test. */
async function queue(channel: Channel, args?: Readonly<Record<string, unknown>>): Promise<string> {
  const name = uniqueName('queue');
  await channel.declareQueue({ name, ...(args ? { arguments: args } : {}) });
  afterwards(async () => {
    const other = await connect(serviceUrl('amqp').href);
    await (await other.createChannel()).deleteQueue(name);
    await other.close();
  });
  return name;
}

describe('acknowledgements', () => {
  /** Acknowledgements that the library was asked to send, as [tag, multiple]. */
  async function spied(): Promise<{ channel: Channel; name: string; sent: unknown[] }> {
    const { AmqpChannel } = await import('../src/channel.ts');
    const { Topology } = await import('../src/topology.ts');
    const { Ladder } = await import('../src/delayed.ts');
    const model = await connect(serviceUrl('amqp').href);
    afterwards(() => model.close());
    const raw = await model.createConfirmChannel();
    const sent: unknown[] = [];
    const ack = raw.ack.bind(raw);
    raw.ack = (what, multiple) => {
      sent.push([what.fields.deliveryTag, multiple]);
      ack(what, multiple);
    };
    const channel = new AmqpChannel({
      model: raw,
      confirms: true,
      topology: new Topology(),
      ladder: new Ladder(model, 'quorum', logger),
      hasGlobalPrefetch: true,
      perConsumerPrefetch: undefined,
      logger,
      onClosed: () => undefined,
      lose: () => undefined,
    });
    return { channel, name: await queue(channel), sent };
  }

  test('of one tick are one frame, up to the lowest that is still open', async () => {
    const { channel, name, sent } = await spied();
    await fill(channel, name, numbered(10));
    const held = await hold(channel, name, 10);
    for (const index of [4, 0, 2, 1, 3]) held[index]!.ack();
    await channel.flush();
    expect(sent).toEqual([[5, true]]);
  });

  test('that have overtaken an open one go by themselves', async () => {
    const { channel, name, sent } = await spied();
    await fill(channel, name, numbered(10));
    const held = await hold(channel, name, 10);
    for (const index of [0, 1, 5, 7]) held[index]!.ack();
    await channel.flush();
    expect(sent).toEqual([
      [2, true],
      [6, false],
      [8, false],
    ]);
    sent.length = 0;
    for (const index of [2, 3, 4, 6, 9]) held[index]!.ack();
    held[8]!.reject({ requeue: false });
    await channel.flush();
    expect(sent).toEqual([
      [7, true],
      [10, false],
    ]);
    await channel.close();
  });

  test('that come after the end are dropped and counted', async () => {
    const connection = await open();
    const channel = await connection.openChannel();
    const name = await queue(channel);
    await fill(channel, name, numbered(3));
    const held = await hold(channel, name, 3);
    await connection.close();
    for (const delivery of held) delivery.ack();
    await eventually(() => logger.find('info', 'came after their channel').length === 1);
    expect(logger.find('info', 'came after their channel')[0]!.fields).toMatchObject({ count: 3 });
  });
});

describe('what the broker ends', () => {
  test('a deleted queue ends the connection of its consumer, with the reason', async () => {
    const [connection, other] = [await open(), await (await open()).openChannel()];
    const channel = await connection.openChannel();
    const name = await queue(channel);
    await channel.consume(name, () => undefined);
    await other.deleteQueue(name);
    const reason = await within(connection.closed, 5000, 'the end');
    expect(reason).toBeInstanceOf(BrokerUnavailableError);
    expect(reason!.message).toContain(`cancelled the consumer of the queue "${name}"`);
  });

  test('a queue of another connection’s own is said to be, and may be tried again', async () => {
    const [owner, other] = [await (await open()).openChannel(), await (await open()).openChannel()];
    const name = uniqueName('mine');
    await owner.declareQueue({ name, exclusive: true });
    const refused = other.declareQueue({ name, exclusive: true });
    await expect(refused).rejects.toBeInstanceOf(BrokerUnavailableError);
    await expect(refused).rejects.toThrow('exclusively');
  });

  test('a queue with other arguments is said to be one, with what to do', async () => {
    const [one, two] = [await (await open()).openChannel(), await (await open()).openChannel()];
    const name = await queue(one, { 'x-max-priority': 9 });
    const refused = two.declareQueue({ name });
    await expect(refused).rejects.toBeInstanceOf(ImproperlyConfigured);
    await expect(refused).rejects.toThrow(/x-max-priority.*taskQueues/s);
  });

  test('an exchange of another type is said to be one', async () => {
    const [one, two] = [await (await open()).openChannel(), await (await open()).openChannel()];
    const name = uniqueName('exchange');
    await one.declareExchange({ name, type: 'direct', autoDelete: true });
    await expect(two.declareExchange({ name, type: 'topic', autoDelete: true })).rejects.toThrow(
      'another type',
    );
  });

  test('a task held beyond the broker’s patience ends the connection, with what to do', async () => {
    const rabbitmq = await startRabbitmq({ config: ['consumer_timeout = 1000'] });
    afterwards(() => rabbitmq.end());
    // It looks once a minute otherwise.
    await rabbitmq.control('eval', 'application:set_env(rabbit, channel_tick_interval, 500).');
    const connection = await open({ url: rabbitmq.url });
    const channel = await connection.openChannel();
    await channel.declareQueue({ name: 'held' });
    await fill(channel, 'held', ['a']);
    await hold(channel, 'held', 1);
    const reason = await within(connection.closed, 20_000, 'the end');
    expect(reason!.message).toContain('consumer_timeout');
  }, 60_000);
});

describe('quorum queues', () => {
  const quorum = { 'x-queue-type': 'quorum' };

  test('count deliveries', async () => {
    const channel = await (await open()).openChannel();
    const name = await queue(channel, quorum);
    await channel.prefetch(1);
    await fill(channel, name, ['a']);
    const counts: (number | undefined)[] = [];
    await channel.consume(name, (delivery) => {
      counts.push(delivery.deliveries);
      if (counts.length < 3) delivery.reject({ requeue: true });
      else delivery.ack();
    });
    await eventually(() => counts.length === 3);
    expect(counts).toEqual([1, 2, 3]);
  });

  test('have a window for each consumer, which grows and shrinks while they consume', async () => {
    const [sender, channel] = [await (await open()).openChannel(), await (await open()).openChannel()];
    const name = await queue(channel, quorum);
    await fill(sender, name, numbered(20));
    await channel.prefetch(2);
    const held = await hold(channel, name, 2);
    await channel.prefetch(6);
    await eventually(() => held.length === 8, { what: 'the wider window beside what is held' });
    for (const delivery of held.splice(0)) delivery.ack();
    await eventually(() => held.length === 6, { what: 'the wider window' });
    expect(held.map((delivery) => textOf(delivery))).toEqual(numbered(20).slice(8, 14));
  });

  test('declared after the window was set are consumed all the same', async () => {
    const channel = await (await open()).openChannel();
    await channel.prefetch(3);
    const name = await queue(channel, quorum);
    await fill(channel, name, numbered(5));
    const held = await hold(channel, name, 3);
    for (const delivery of held) delivery.ack();
    await eventually(() => held.length === 5);
  });
});

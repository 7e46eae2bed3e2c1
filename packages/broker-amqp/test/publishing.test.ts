import { describe, expect, test } from '@jest/globals';
import { BrokerUnavailableError, PublishError } from '@tq/core';
import type { PublishFailure } from '@tq/core';
import { eventually, message, numbered, startRabbitmq, uniqueName, within } from '@tq/testkit';
import { afterwards, logger, open } from './support/open.ts';

async function failureOf(publishing: Promise<void>): Promise<PublishFailure> {
  const error: unknown = await within(publishing, 8000, 'the refusal').then(
    () => 'it was confirmed',
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(PublishError);
  return (error as PublishError).reason;
}

describe('a message that can’t be taken', () => {
  test('to a queue that isn’t there is refused when that matters, and dropped when not', async () => {
    const channel = await (await open()).openChannel();
    const to = { exchange: '', routingKey: uniqueName('nowhere') };
    expect(await failureOf(channel.publish(message('a'), { ...to, mandatory: true }))).toBe('unroutable');
    await channel.publish(message('b'), to);
  });

  test('is told apart from those around it', async () => {
    const channel = await (await open()).openChannel();
    const queue = await channel.declareQueue({ name: uniqueName('some'), autoDelete: true });
    const nowhere = uniqueName('nowhere');
    const results = await Promise.allSettled(
      numbered(60).map((text, index) =>
        channel.publish(message(text, { correlationId: text }), {
          exchange: '',
          routingKey: index % 3 === 0 ? nowhere : queue.name,
          mandatory: true,
        }),
      ),
    );
    expect(results.map(({ status }) => status)).toEqual(
      numbered(60).map((_, index) => (index % 3 === 0 ? 'rejected' : 'fulfilled')),
    );
  });

  test('to an exchange that isn’t there closes the channel, which spares the connection and its other channels', async () => {
    const connection = await open();
    const [channel, other] = [await connection.openChannel(), await connection.openChannel()];
    const queue = await other.declareQueue({ name: uniqueName('spared'), autoDelete: true });
    const lost = channel.publish(message('a'), { exchange: uniqueName('no-exchange'), routingKey: 'k' });
    const after = channel.publish(message('b'), { exchange: '', routingKey: queue.name });
    expect(await failureOf(lost)).toBe('unroutable');
    await expect(after).rejects.toBeInstanceOf(BrokerUnavailableError);
    await expect(
      channel.publish(message('c'), { exchange: '', routingKey: queue.name }),
    ).rejects.toMatchObject({
      code: 'TQ_BROKER_UNAVAILABLE',
    });
    await other.publish(message('d'), { exchange: '', routingKey: queue.name });
  });

  test('of a full queue that refuses is refused', async () => {
    const channel = await (await open()).openChannel();
    const name = uniqueName('full');
    await channel.declareQueue({ name, arguments: { 'x-max-length': 1, 'x-overflow': 'reject-publish' } });
    afterwards(() => channel.deleteQueue(name));
    const to = { exchange: '', routingKey: name };
    await channel.publish(message('a'), to);
    expect(await failureOf(channel.publish(message('b'), to))).toBe('refused');
  });

  test('with headers beyond what the library encodes is refused, and the next one goes', async () => {
    const channel = await (await open()).openChannel();
    const { name } = await channel.declareQueue({ name: uniqueName('large'), autoDelete: true });
    const to = { exchange: '', routingKey: name };
    const large = { ...message('a'), headers: { text: 'x'.repeat(70_000) } };
    expect(await failureOf(channel.publish(large, to))).toBe('refused');
    await channel.publish(message('b'), to);
  });
});

test('publishing many at once waits for one confirmation of many', async () => {
  const connection = await open();
  const channel = await connection.openChannel();
  const { name } = await channel.declareQueue({ name: uniqueName('window'), autoDelete: true });
  const to = { exchange: '', routingKey: name };
  await Promise.all(numbered(5000).map((text) => channel.publish(message(text, { deliveryMode: 2 }), to)));
  expect((await channel.declareQueue({ name, autoDelete: true })).messages).toBe(5000);
});

describe('a broker of its own', () => {
  test('that is short of memory lets messages wait, then refuses them, then takes them again', async () => {
    const rabbitmq = await startRabbitmq({ config: ['max_message_size = 100000'] });
    afterwards(() => rabbitmq.end());
    const connection = await open({ url: rabbitmq.url, options: { blockedTimeout: '500ms' } });
    const channel = await connection.openChannel();
    const { name } = await channel.declareQueue({ name: 'blocked' });
    const to = { exchange: '', routingKey: name };

    await rabbitmq.control('set_vm_memory_high_watermark', '0.00001');
    // Told so only when it has tried.
    expect(await failureOf(channel.publish(message('a'), to))).toBe('blocked');
    expect(logger.find('warn', 'takes no messages')).toHaveLength(1);
    expect(await failureOf(channel.publish(message('b'), to))).toBe('blocked');
    await rabbitmq.control('set_vm_memory_high_watermark', '0.9');
    await eventually(() => logger.find('info', 'takes messages again').length === 1);
    await channel.publish(message('c'), to);

    const large = channel.publish({ ...message(''), body: Buffer.alloc(100_001) }, to);
    expect(await failureOf(large)).toBe('too large');
  }, 60_000);
});

test('without confirmations a message is away when it is sent', async () => {
  const connection = await open({ options: { confirmPublish: false } });
  const channel = await connection.openChannel();
  const { name } = await channel.declareQueue({ name: uniqueName('unconfirmed'), autoDelete: true });
  await channel.publish(message('a'), { exchange: '', routingKey: name });
  await eventually(async () => (await channel.declareQueue({ name, autoDelete: true })).messages === 1);
});

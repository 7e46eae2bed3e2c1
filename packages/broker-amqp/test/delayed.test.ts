import { describe, expect, test } from '@jest/globals';
import type { Address, Delivery } from '@tq/core';
import { eventually, message, startRabbitmq, textOf } from '@tq/testkit';
import { delayedAddress, originOf } from '../src/delayed.ts';
import { afterwards, logger, open } from './support/open.ts';

describe('the address of a delayed message', () => {
  const to: Address = { exchange: 'tasks', routingKey: 'math.add', mandatory: true };

  test('is what Celery makes of the seconds', () => {
    expect(delayedAddress(to, 3)).toEqual({
      exchange: 'celery_delayed_27',
      routingKey: `${'0.'.repeat(26)}1.1.math.add`,
      mandatory: true,
    });
  });

  test('beyond the longest ladder is the longest', () => {
    expect(delayedAddress(to, 2 ** 28 + 5).routingKey).toBe(`${'1.'.repeat(28)}math.add`);
  });

  test('can be read back', () => {
    const fields = { exchange: 'celery_delayed_0', routingKey: delayedAddress(to, 2).routingKey };
    expect(originOf(fields, { queue: 'q', exchange: 'tasks', routingKey: '#' })).toEqual({
      exchange: 'tasks',
      routingKey: 'math.add',
    });
    expect(originOf(fields, undefined)).toMatchObject({ routingKey: 'math.add' });
    const plain = { exchange: 'tasks', routingKey: '0.1.math' };
    expect(originOf(plain, undefined)).toEqual(plain);
  });
});

test('quorum queues behind a topic exchange have later messages held by the broker', async () => {
  const rabbitmq = await startRabbitmq();
  afterwards(() => rabbitmq.end());
  const connection = await open({ url: rabbitmq.url });
  const channel = await connection.openChannel();
  await channel.declareExchange({ name: 'tasks', type: 'topic' });
  await channel.declareQueue({ name: 'math', arguments: { 'x-queue-type': 'quorum' } });
  await channel.bindQueue({ exchange: 'tasks', queue: 'math', routingKey: 'math' });
  const seen: { delivery: Delivery; atMs: number }[] = [];
  await channel.consume('math', (delivery) => {
    seen.push({ delivery, atMs: Date.now() });
    delivery.ack();
  });
  await eventually(() => logger.find('debug', 'can delay').length === 1, { timeoutMs: 45_000, everyMs: 50 });
  const notBeforeMs = Date.now() + 2000;
  const to = { exchange: 'tasks', routingKey: 'math', mandatory: true };
  await channel.publish(message('later', { deliveryMode: 2 }), { ...to, notBeforeMs });
  await channel.publish(message('now'), to);
  await eventually(() => seen.length === 2, { timeoutMs: 10_000 });
  expect(seen.map(({ delivery }) => textOf(delivery))).toEqual(['now', 'later']);
  const [, later] = seen;
  // Whole seconds: the worker waits for the rest.
  expect(later!.atMs - notBeforeMs).toBeGreaterThan(-1000);
  expect(later!.atMs - notBeforeMs).toBeLessThan(3000);
  expect(later!.delivery).toMatchObject({ exchange: 'tasks', routingKey: 'math' });

  // As Celery makes it, or a Python worker on the same broker would be refused.
  const list = async (...what: string[]): Promise<string[]> =>
    (await rabbitmq.control(...what)).trim().split('\n').slice(1);
  const queues = await list('list_queues', 'name', 'arguments');
  expect(queues.filter((line) => line.startsWith('celery_delayed_'))).toHaveLength(28);
  const top = queues.find((line) => line.startsWith('celery_delayed_27\t'))!;
  for (const part of ['quorum', 'reject-publish', '134217728000', 'celery_delayed_26', 'at-least-once'])
    expect(top).toContain(part);
  const bindings = await list(
    'list_bindings',
    'source_name',
    'destination_name',
    'destination_kind',
    'routing_key',
  );
  const stars = '*.'.repeat(27);
  expect(bindings).toEqual(
    expect.arrayContaining([
      'celery_delayed_27\tcelery_delayed_27\tqueue\t1.#',
      'celery_delayed_27\tcelery_delayed_26\texchange\t0.#',
      `celery_delayed_0\tcelery_delayed_0\tqueue\t${stars}1.#`,
      `celery_delayed_0\tcelery_delayed_delivery\texchange\t${stars}0.#`,
      'celery_delayed_delivery\ttasks\texchange\t#.math',
      'tasks\tmath\tqueue\t#.math',
    ]),
  );
}, 60_000);

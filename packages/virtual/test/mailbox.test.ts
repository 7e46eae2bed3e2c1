import type { Delivery, TransportTraits } from '@tq/core';
import { eventually, message, numbered, textOf } from '@tq/testkit';
import { connected } from './support/connected.ts';

type Exchange = 'fanout' | 'topic' | 'direct';

/** Declares an exchange and binds a queue of the given kind to it. */
async function bound(
  type: Exchange,
  spec: { readonly autoDelete?: boolean; readonly exclusive?: boolean },
  traits: Partial<TransportTraits> = {},
  routingKey = '',
) {
  const all = await connected({ traits });
  await all.channel.declareExchange({ name: 'ex', type });
  await all.channel.declareQueue({ name: 'box', ...spec });
  await all.channel.bindQueue({ exchange: 'ex', queue: 'box', routingKey });
  return all;
}

describe('where a queue lives', () => {
  test.each([
    ['fanout', { autoDelete: true }, 'topic', 'listens'],
    ['fanout', { exclusive: true }, 'fanout', 'listens'],
    ['topic', { autoDelete: true }, 'topic', 'listens'],
    ['topic', { autoDelete: true }, 'fanout', 'stored'],
    ['direct', { autoDelete: true }, 'topic', 'stored'],
    ['fanout', {}, 'topic', 'stored'],
    ['topic', {}, 'topic', 'stored'],
  ] as const)('bound to %s, declared %j, events by %s: %s', async (type, spec, eventExchange, where) => {
    const { store, connection } = await bound(type, spec, { eventExchange });
    expect(store.ears.size).toBe(where === 'listens' ? 1 : 0);
    expect(store.bound).toHaveLength(where === 'listens' ? 0 : 1);
    expect(store.declared).toEqual(where === 'listens' ? [] : ['box']);
    await connection.close();
  });

  test('a queue that only listens isn’t taken from; one that has another binding is', async () => {
    const { store, channel, connection } = await bound('fanout', { autoDelete: true });
    await channel.consume('box', () => undefined);
    expect(store.takes).toEqual([]);
    await channel.declareExchange({ name: 'replies', type: 'direct' });
    await channel.bindQueue({ exchange: 'replies', queue: 'box', routingKey: 'oid' });
    await eventually(() => store.takes.length > 0, { what: 'a take' });
    expect(store.declared).toEqual(['box']);
    await connection.close();
  });

  test.each([
    ['fanout', 'fanout', '', '#'],
    ['fanout', 'fanout', 'plain.key', '#'],
    ['fanout', 'fanout', 'worker.#', 'worker.#'],
    ['topic', 'topic', 'worker.#', 'worker.#'],
    ['topic', 'topic', 'plain.key', 'plain.key'],
  ] as const)(
    '%s where events travel by %s, key %j: listens for %j',
    async (type, eventExchange, key, pattern) => {
      const { store, connection } = await bound(type, { autoDelete: true }, { eventExchange }, key);
      expect([...store.ears.keys()]).toEqual([`ex ${pattern}`]);
      await connection.close();
    },
  );
});

describe('a mailbox', () => {
  const publish = (text: string) => [message(text), { exchange: 'ex', routingKey: '' }] as const;

  test('keeps what comes before its consumer', async () => {
    const { channel, connection } = await bound('fanout', { autoDelete: true });
    for (const text of numbered(3)) await channel.publish(...publish(text));
    expect((await channel.declareQueue({ name: 'box', autoDelete: true })).messages).toBe(3);
    const seen: string[] = [];
    await channel.consume('box', (delivery) => void seen.push(textOf(delivery)), { noAck: true });
    await eventually(() => seen.length === 3, { what: 'three broadcasts' });
    expect(seen).toEqual(numbered(3));
    await connection.close();
  });

  test('gives back to its place', async () => {
    const { channel, connection } = await bound('fanout', { autoDelete: true });
    const seen: string[] = [];
    const held: Delivery[] = [];
    await channel.consume('box', (delivery) => {
      seen.push(textOf(delivery));
      if (delivery.redelivered) delivery.ack();
      else if (seen.length === 3)
        for (const each of held.splice(0).concat(delivery)) each.reject({ requeue: true });
      else held.push(delivery);
    });
    await Promise.all(numbered(3).map((text) => channel.publish(...publish(text))));
    await eventually(() => seen.length === 6, { what: 'all to come again' });
    expect(seen).toEqual([...numbered(3), ...numbered(3)]);
    await connection.close();
  });

  test('a consumer that always gives back doesn’t block anything else', async () => {
    const { channel, connection } = await bound('fanout', { autoDelete: true });
    let rejected = 0;
    await channel.consume('box', (delivery) => {
      rejected += 1;
      delivery.reject({ requeue: true });
    });
    await channel.publish(...publish('again and again'));
    await eventually(() => rejected > 10, { what: 'some rounds' });
    await connection.close();
    const rounds = rejected;
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    expect(rejected).toBe(rounds);
  });

  test('drops the oldest when nobody reads, and says so once', async () => {
    const { store, channel, connection, logger } = await bound('fanout', { autoDelete: true });
    const hear = store.ears.get('ex #')!;
    for (const text of numbered(10_050)) hear({ message: message(text), exchange: 'ex', routingKey: '' });
    const seen: string[] = [];
    await channel.consume('box', (delivery) => void seen.push(textOf(delivery)), { noAck: true });
    await eventually(() => seen.length === 10_000, { what: 'what was kept' });
    expect(seen[0]).toBe('m50');
    expect(logger.find('warn', 'not read fast enough')).toHaveLength(1);
    await connection.close();
  });

  test('an autoDelete queue goes with its last consumer', async () => {
    const { store, channel, connection } = await bound('fanout', { autoDelete: true });
    const consumers = [
      await channel.consume('box', () => undefined),
      await channel.consume('box', () => undefined),
    ];
    await consumers[0]!.cancel();
    expect(store.ears.size).toBe(1);
    await consumers[1]!.cancel();
    expect(store.ears.size).toBe(0);
    expect(store.dropped).toEqual([]);
    await connection.close();
  });

  test('a transient queue in the store is dropped with its consumer, an exclusive one with its connection', async () => {
    const { store, channel, connection } = await connected();
    await channel.declareQueue({ name: 'reply', autoDelete: true });
    await channel.declareQueue({ name: 'mine', exclusive: true });
    const consumer = await channel.consume('reply', () => undefined);
    await (await channel.consume('mine', () => undefined)).cancel();
    await consumer.cancel();
    expect(store.dropped).toEqual(['reply']);
    await connection.close();
    expect(store.dropped).toEqual(['reply', 'mine']);
  });

  test('closing a channel ends what its consumers listened to', async () => {
    const { store, channel, connection } = await bound('fanout', { autoDelete: true });
    await channel.consume('box', () => undefined);
    await channel.close();
    expect(store.ears.size).toBe(0);
    await connection.close();
  });

  test('a deleted queue listens no more, a purged one is empty', async () => {
    const { store, channel, connection } = await bound('fanout', { autoDelete: true });
    await channel.publish(...publish('a'));
    expect(await channel.purgeQueue('box')).toBe(1);
    await channel.deleteQueue('box');
    expect(store.ears.size).toBe(0);
    await connection.close();
  });
});

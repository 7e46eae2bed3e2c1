import type { Delivery } from '@tq/core';
import { BrokerUnavailableError, ClosedError, ImproperlyConfigured, PublishError } from '@tq/core';
import { FakeClock, entries, eventually, message, numbered, textOf } from '@tq/testkit';
import { connected, turn } from './support/connected.ts';

const toQueue = (queue: string) => ({ exchange: '', routingKey: queue });

async function held(channel: Awaited<ReturnType<typeof connected>>['channel'], count: number) {
  const deliveries: Delivery[] = [];
  await channel.consume('q', (delivery) => void deliveries.push(delivery));
  await eventually(() => deliveries.length === count, { what: `${count} deliveries` });
  return deliveries;
}

describe('publishing', () => {
  test('what is published in one turn goes into one put, in order', async () => {
    const { store, channel, connection } = await connected();
    await Promise.all(
      numbered(50).map((text, index) => channel.publish(message(text), toQueue(`q${index % 3}`))),
    );
    expect(store.puts).toHaveLength(1);
    expect(store.puts[0]!.map((entry) => textOf(entry.envelope))).toEqual(numbered(50));
    await connection.close();
  });

  test('a put that fails rejects everybody in it, and the next one is none the worse', async () => {
    const { store, channel, connection } = await connected();
    store.fail('put', new Error('disk full'));
    const results = await Promise.allSettled(
      numbered(3).map((text) => channel.publish(message(text), toQueue('q'))),
    );
    for (const result of results) {
      expect(result.status).toBe('rejected');
      const { reason } = result as PromiseRejectedResult;
      expect(reason).toBeInstanceOf(PublishError);
      expect((reason as Error).message).toContain('disk full');
    }
    store.heal('put');
    await channel.publish(message('next'), toQueue('q'));
    expect(store.readyTexts).toEqual(['next']);
    await connection.close();
  });

  test('bindings are read once for many messages, and again after a bind of one’s own', async () => {
    const { store, channel, connection } = await connected();
    await channel.declareExchange({ name: 'ex', type: 'direct' });
    await channel.bindQueue({ exchange: 'ex', queue: 'a', routingKey: 'k' });
    const read = store.bindingsRead;
    for (let round = 0; round < 5; round++)
      await channel.publish(message('x'), { exchange: 'ex', routingKey: 'k' });
    expect(store.bindingsRead).toBe(read + 1);
    await channel.bindQueue({ exchange: 'ex', queue: 'b', routingKey: 'k' });
    await channel.publish(message('y'), { exchange: 'ex', routingKey: 'k' });
    expect(store.puts.at(-1)!.map((entry) => entry.queue)).toEqual(['a', 'b']);
    await connection.close();
  });

  test('the bindings of others count after a moment', async () => {
    const clock = new FakeClock();
    const { store, channel, connection } = await connected({ clock });
    await channel.declareExchange({ name: 'ex', type: 'fanout' });
    await channel.bindQueue({ exchange: 'ex', queue: 'a', routingKey: '' });
    await channel.publish(message('x'), { exchange: 'ex', routingKey: '' });
    await store.bind({ exchange: 'ex', queue: 'b', routingKey: '', type: 'fanout' });
    await clock.advance(100);
    await channel.publish(message('y'), { exchange: 'ex', routingKey: '' });
    expect(store.puts.at(-1)!.map((entry) => entry.queue)).toEqual(['a', 'b']);
    await connection.close();
  });

  test('a delay is passed on where the store has delays, and nowhere else', async () => {
    for (const delays of [true, false]) {
      const { store, channel, connection } = await connected({ traits: { delays } });
      await channel.publish(message('x'), { ...toQueue('q'), notBeforeMs: 5 });
      expect(store.puts[0]![0]!.notBeforeMs).toBe(delays ? 5 : undefined);
      await connection.close();
    }
  });

  test('an exchange keeps its type, and the default exchange is as it is', async () => {
    const { channel, connection } = await connected();
    await channel.declareExchange({ name: 'ex', type: 'topic' });
    await channel.declareExchange({ name: 'ex', type: 'topic' });
    await expect(channel.declareExchange({ name: 'ex', type: 'direct' })).rejects.toThrow(
      ImproperlyConfigured,
    );
    await expect(channel.declareExchange({ name: '', type: 'direct' })).rejects.toThrow(ImproperlyConfigured);
    await expect(channel.bindQueue({ exchange: '', queue: 'q', routingKey: 'q' })).rejects.toThrow(
      ImproperlyConfigured,
    );
    await connection.close();
  });
});

describe('settling', () => {
  test('the acknowledgements of one turn are one settlement, and so is what goes back', async () => {
    const { store, channel, connection } = await connected();
    await store.put(entries('q', numbered(20)));
    const deliveries = await held(channel, 20);
    for (const delivery of deliveries.slice(0, 12)) delivery.ack();
    await Promise.resolve();
    for (const delivery of deliveries.slice(12)) delivery.reject({ requeue: delivery !== deliveries[19] });
    await channel.flush();
    expect(store.settled.map(({ how, tags }) => [how, tags.length])).toEqual([
      ['done', 13],
      ['requeue', 7],
    ]);
    await connection.close();
  });

  test('a flush waits for the store', async () => {
    const { store, channel, connection } = await connected();
    await store.put(entries('q', ['a']));
    const [delivery] = await held(channel, 1);
    delivery!.ack();
    expect(store.settled).toEqual([]);
    await channel.flush();
    expect(store.settled).toHaveLength(1);
    await connection.close();
  });

  test('with noAck, settlements of a take are one call', async () => {
    const { store, channel, connection } = await connected();
    await store.put(entries('q', numbered(30)));
    let count = 0;
    await channel.consume('q', () => void (count += 1), { noAck: true });
    await eventually(() => count === 30, { what: 'all deliveries' });
    await channel.flush();
    expect(store.settled.map(({ how, tags }) => [how, tags.length])).toEqual([['done', 30]]);
    await connection.close();
  });
});

describe('fetching', () => {
  test('asks for as many as the window has room for, and for no more than a batch', async () => {
    const { store, channel, connection } = await connected();
    await channel.prefetch(7);
    await channel.consume('q', () => undefined);
    await eventually(() => store.takes.at(-1)?.max === 7, { what: 'a take of 7' });
    await channel.prefetch(0);
    const other = await connection.openChannel();
    await other.consume('r', () => undefined);
    await eventually(() => store.takes.at(-1)?.max === 500, { what: 'a take of a batch' });
    await connection.close();
  });

  test('rests while the window is full', async () => {
    const { store, channel, connection } = await connected();
    await store.put(entries('q', numbered(5)));
    await channel.prefetch(2);
    const deliveries = await held(channel, 2);
    await turn();
    await turn();
    expect(store.takes).toHaveLength(1);
    deliveries[0]!.ack();
    await eventually(() => deliveries.length === 3, { what: 'the third delivery' });
    expect(store.takes.at(-1)).toEqual({ queues: ['q'], max: 1 });
    await connection.close();
  });

  test('what was being fetched for a cancelled consumer goes back', async () => {
    const { store, channel, connection } = await connected();
    const consumer = await channel.consume('q', () => {
      throw new Error('must not be called');
    });
    await eventually(() => store.takes.length > 0, { what: 'the take' });
    // The message is taken, and the consumer cancelled before it is handed out.
    const putting = store.put(entries('q', ['a']));
    await consumer.cancel();
    await putting;
    expect(store.readyTexts).toEqual(['a']);
    await connection.close();
  });

  test('deliveries beyond a window that has shrunk meanwhile go back', async () => {
    const { store, channel, connection } = await connected();
    await channel.prefetch(10);
    const deliveries: Delivery[] = [];
    await channel.consume('q', (delivery) => {
      deliveries.push(delivery);
      void channel.prefetch(3);
    });
    await store.put(entries('q', numbered(10)));
    await eventually(() => store.readyTexts.length === 7, { what: 'the rest to go back' });
    expect(deliveries).toHaveLength(3);
    await connection.close();
  });

  test('a consumer that throws is logged and rests before it gets its message again', async () => {
    const clock = new FakeClock();
    const { store, channel, connection, logger } = await connected({ clock });
    await store.put(entries('q', ['bad', 'good']));
    const seen: string[] = [];
    await channel.consume('q', (delivery) => {
      seen.push(textOf(delivery));
      if (seen.length === 1) throw new Error('oops');
      delivery.ack();
    });
    await eventually(() => seen.length === 2, { what: 'the next message' });
    expect(logger.find('error', 'A consumer threw')).toHaveLength(1);
    await clock.advance(500);
    await eventually(() => seen.length === 3, { what: 'the message again' });
    expect(seen).toEqual(['bad', 'good', 'bad']);
    await connection.close();
  });
});

describe('a failing store', () => {
  test('a take that fails ends the connection with the reason', async () => {
    const { store, channel, connection } = await connected();
    store.fail('take', new Error('database is gone'));
    await channel.consume('q', () => undefined);
    const reason = await connection.closed;
    expect(reason).toBeInstanceOf(BrokerUnavailableError);
    expect(reason!.message).toContain('database is gone');
    expect(store.disposed).toBe(1);
    await expect(channel.publish(message('x'), toQueue('q'))).rejects.toBe(reason);
    await expect(connection.openChannel()).rejects.toBe(reason);
    await connection.close();
  });

  test('a settlement that fails ends the connection with the reason', async () => {
    const { store, channel, connection } = await connected();
    await store.put(entries('q', ['a']));
    const [delivery] = await held(channel, 1);
    store.fail('settle', new Error('no space'));
    delivery!.ack();
    expect((await connection.closed)!.message).toContain('no space');
    await channel.flush();
    await channel.close();
  });

  test('a store that goes away ends the connection; publishes on their way are rejected', async () => {
    const { store, channel, connection } = await connected();
    store.hang('put');
    const publishing = channel.publish(message('x'), toQueue('q'));
    await turn();
    store.end(new Error('link lost'));
    await expect(publishing).rejects.toThrow('link lost');
    expect((await connection.closed)!.message).toContain('link lost');
  });

  test('renewing and restoring may fail: it is logged, and tried again', async () => {
    const clock = new FakeClock();
    const { store, channel, connection, logger } = await connected({ clock });
    store.fail('renew', new Error('busy'));
    store.fail('restoreExpired', new Error('busy'));
    await store.put(entries('q', ['a']));
    await held(channel, 1);
    await clock.advance(5000);
    expect(store.renewed.length).toBeGreaterThan(2);
    expect(logger.find('warn', 'could not be renewed').length).toBe(store.renewed.length);
    expect(logger.find('warn', 'could not be looked for').length).toBe(store.restores);
    await connection.close();
  });
});

describe('leases', () => {
  test('what is held is renewed three times a lease, and nothing else', async () => {
    const clock = new FakeClock();
    const { store, channel, connection } = await connected({ clock, leaseMs: 3000 });
    await store.put(entries('q', ['a', 'b']));
    const deliveries = await held(channel, 2);
    await clock.advance(1000);
    expect(store.renewed).toEqual([['t1', 't2']]);
    deliveries[0]!.ack();
    await clock.advance(2000);
    expect(store.renewed.slice(1)).toEqual([['t2'], ['t2']]);
    deliveries[1]!.ack();
    await clock.advance(10_000);
    expect(store.renewed).toHaveLength(3);
    await connection.close();
  });

  test('renewing begins anew with the next message', async () => {
    const clock = new FakeClock();
    const { store, channel, connection } = await connected({ clock, leaseMs: 3000 });
    await store.put(entries('q', ['a']));
    const deliveries = await held(channel, 1);
    deliveries[0]!.ack();
    await clock.advance(5000);
    await store.put(entries('q', ['b']));
    await eventually(() => deliveries.length === 2, { what: 'the second message' });
    await clock.advance(1000);
    expect(store.renewed).toEqual([['t2']]);
    await connection.close();
  });

  test('lost messages are looked for at once and twice a lease, from the first consumer on', async () => {
    const clock = new FakeClock();
    const { store, channel, connection } = await connected({ clock, leaseMs: 3000 });
    await clock.advance(10_000);
    expect(store.restores).toBe(0);
    await channel.consume('q', () => undefined);
    await turn();
    expect(store.restores).toBe(1);
    await clock.advance(30_000);
    expect(store.restores).toBeGreaterThanOrEqual(15);
    expect(store.restores).toBeLessThanOrEqual(27);
    await connection.close();
    const { restores } = store;
    await clock.advance(30_000);
    expect(store.restores).toBe(restores);
    expect(clock.waiting).toBe(0);
  });

  test('a lease longer than any timer does no harm', async () => {
    const { store, channel, connection } = await connected({ leaseMs: Infinity });
    await store.put(entries('q', ['a']));
    await held(channel, 1);
    await turn();
    expect(store.renewed).toEqual([]);
    expect(store.restores).toBe(1);
    await connection.close();
  });
});

describe('closing', () => {
  test('first settles what was acknowledged, then gives back the rest', async () => {
    const { store, channel, connection } = await connected();
    await store.put(entries('q', numbered(4)));
    const deliveries = await held(channel, 4);
    deliveries[1]!.ack();
    await connection.close();
    expect(store.settled).toEqual([
      { how: 'done', tags: ['t2'] },
      { how: 'requeue', tags: ['t1', 't3', 't4'] },
    ]);
    expect(store.disposed).toBe(1);
  });

  test.each(['take', 'settle', 'put', 'dispose'] as const)(
    'ends after five seconds although `%s` hangs, and says so',
    async (verb) => {
      const clock = new FakeClock();
      const { store, channel, connection, logger } = await connected({ clock });
      await store.put(entries('q', ['a', 'b']));
      const [delivery] = await held(channel, 2);
      store.hang(verb);
      delivery!.ack();
      const publishing = channel.publish(message('x'), toQueue('q'));
      const published = publishing.then(
        () => 'kept',
        (error: unknown) => error,
      );
      if (verb === 'take') {
        await channel.consume('r', () => undefined);
        await eventually(() => store.takes.at(-1)!.queues.includes('r'), { what: 'the hanging take' });
      }
      await turn();
      const closing = connection.close();
      let closed = false;
      void closing.then(() => (closed = true));
      await clock.advance(4900);
      expect(closed).toBe(false);
      await clock.advance(200);
      await closing;
      expect(await connection.closed).toBeUndefined();
      expect(logger.find('warn', '').length).toBeGreaterThan(0);
      expect(await published).toEqual(verb === 'put' ? expect.any(ClosedError) : 'kept');
      expect(store.disposed).toBe(1);
    },
  );

  test('cancelling ends after five seconds although the store hangs', async () => {
    const clock = new FakeClock();
    const { store, channel, connection } = await connected({ clock });
    store.hang('take');
    const consumer = await channel.consume('q', () => undefined);
    await turn();
    const cancelling = consumer.cancel();
    await clock.advance(5000);
    await cancelling;
    const closing = connection.close();
    await clock.advance(5000);
    await closing;
  });

  test('nothing keeps running afterwards', async () => {
    const clock = new FakeClock();
    const { store, channel, connection } = await connected({ clock });
    await store.put(entries('q', ['a', 'b']));
    await held(channel, 2);
    await connection.close();
    expect(clock.waiting).toBe(0);
    const takes = store.takes.length;
    await store.put(entries('q', ['c']));
    await turn();
    expect(store.takes).toHaveLength(takes);
  });
});

test('acknowledgements for a lost channel are dropped, and counted', async () => {
  const { store, channel, connection, logger } = await connected();
  await store.put(entries('q', numbered(3)));
  const deliveries = await held(channel, 3);
  store.end(new Error('gone'));
  await connection.closed;
  for (const delivery of deliveries) delivery.ack();
  deliveries[0]!.ack();
  await turn();
  expect(logger.lines.filter(({ fields }) => fields?.['count'] === 3)).toHaveLength(1);
  expect(store.settled).toEqual([]);
});

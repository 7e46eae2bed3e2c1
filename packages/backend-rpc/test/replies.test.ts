import { createApp } from '@tq/core';
import type { Delivery } from '@tq/core';
import { decodeMeta } from '@tq/core/internal';
import { memory } from '@tq/memory';
import { eventually, FaultyTransport, memoryLogger, uniqueName, within } from '@tq/testkit';
import { rpcBackend } from '../src/backend.ts';
import { brokerUrl, channelTo, meta, nextOf, open, resultOf, vectorsOf } from './rig.ts';

const bodyOf = (text: string): unknown => JSON.parse(Buffer.from(text, 'base64').toString());
const answersIn = (file: string) => vectorsOf(file).filter((each) => each.body_raw_base64);

describe('on the wire', () => {
  test('an answer is Celery’s: address, properties, members and their order', async () => {
    const [recorded] = vectorsOf('results-rpc-main');
    const { body, properties, routing_key: queue } = recorded!;
    const url = brokerUrl();
    await using worker = await open(url);
    const channel = await channelTo(url);
    await channel.declareQueue({ name: queue });
    const coming = nextOf(channel, queue);
    const given = decodeMeta(Buffer.from(recorded!.body_raw_base64, 'base64').toString());
    await worker.backend.store(
      { ...given, result: JSON.stringify(given.result) as never },
      { replyTo: queue, correlationId: body.task_id },
    );
    const { message, exchange } = await within(coming, 5000, 'the answer');
    const sent = JSON.parse(Buffer.from(message.body).toString()) as object;
    expect(sent).toEqual(body);
    expect(Object.keys(sent)).toEqual(Object.keys(body));
    expect(exchange).toBe('');
    expect(message.headers).toEqual({});
    expect(message.properties).toMatchObject({
      contentType: properties['content_type'],
      contentEncoding: properties['content_encoding'],
      deliveryMode: properties['delivery_mode'],
      priority: properties['priority'],
      correlationId: properties['correlation_id'],
    });
    await channel.end();
  });

  test.each(['results-rpc', 'results-rpc-main'])('answers of Python are read: %s', async (file) => {
    const url = brokerUrl();
    await using caller = await open(url);
    const channel = await channelTo(url);
    await caller.backend.expect('any');
    for (const { body, body_raw_base64: raw, properties } of answersIn(file)) {
      const message = {
        body: Buffer.from(raw, 'base64'),
        headers: {},
        properties: {
          contentType: 'application/json',
          contentEncoding: 'utf-8',
          correlationId: String(properties['correlation_id']),
        },
      };
      await channel.publish(message, { exchange: '', routingKey: caller.replyTo });
      expect(bodyOf(raw)).toMatchObject({ status: body.status });
      await eventually(async () => (await caller.backend.load(body.task_id))?.status === body.status, {
        what: `${body.status} of ${body.task_id}`,
      });
    }
    await channel.end();
  });

  test('resultPersistent makes answers persistent', async () => {
    const url = brokerUrl();
    await using worker = await open(url, { persistent: true });
    const channel = await channelTo(url);
    await channel.declareQueue({ name: 'here' });
    const coming = nextOf(channel, 'here');
    await worker.backend.store(meta('t', 'SUCCESS', 1), { replyTo: 'here', correlationId: undefined });
    expect((await within(coming, 5000, 'the answer')).message.properties).toMatchObject({
      deliveryMode: 2,
      correlationId: 't',
    });
    await channel.end();
  });

  test('whoever asked for no answer gets none', async () => {
    await using worker = await open(brokerUrl());
    await worker.backend.store(meta('t', 'SUCCESS', 1), { replyTo: undefined, correlationId: 't' });
  });

  test('an answer that can’t be read is logged, and keeps no other', async () => {
    const url = brokerUrl();
    const logger = memoryLogger();
    await using caller = await open(url, { logger });
    const channel = await channelTo(url);
    await caller.backend.expect('t');
    const to = { exchange: '', routingKey: caller.replyTo };
    const pickled = { contentType: 'application/x-python-serialize', correlationId: 'p' };
    await channel.publish({ body: Buffer.from('x'), headers: {}, properties: pickled }, to);
    await channel.publish({ body: Buffer.from('no meta'), headers: {}, properties: {} }, to);
    await caller.backend.store(meta('t', 'SUCCESS', 4), { replyTo: caller.replyTo, correlationId: 't' });
    expect(await resultOf(caller.backend, 't')).toBe(4);
    expect(logger.find('warn', 'could not be read')).toHaveLength(2);
    await channel.end();
  });
});

describe('the reply queue', () => {
  test('is there before the call is sent, and goes with its process', async () => {
    const url = brokerUrl();
    const channel = await channelTo(url);
    const caller = await open(url);
    await caller.backend.expect('t');
    await channel.publish(
      { body: Buffer.from('{}'), headers: {}, properties: {} },
      { exchange: '', routingKey: caller.replyTo },
    );
    await caller[Symbol.asyncDispose]();
    expect(await channel.declareQueue({ name: caller.replyTo })).toMatchObject({ messages: 0 });
    await channel.end();
  });

  test('outlasts a lost connection: what was sent meanwhile arrives, and the next one too', async () => {
    const url = brokerUrl();
    const transport = new FaultyTransport(memory);
    await using caller = await open(url, { transport });
    await using worker = await open(url);
    const route = (taskId: string) => ({ replyTo: caller.replyTo, correlationId: taskId });
    await caller.backend.expect('a');
    const results = Promise.all(['a', 'b'].map((id) => resultOf(caller.backend, id)));
    transport.failConnects(2);
    await transport.loseConnections();
    await worker.backend.store(meta('a', 'SUCCESS', 1), route('a'));
    await eventually(() => transport.connections === 1, { what: 'the new connection' });
    await worker.backend.store(meta('b', 'SUCCESS', 2), route('b'));
    expect(await within(results, 10_000, 'the results')).toEqual([1, 2]);
  });

  test('that can’t be opened is an error of ours, and is tried again at the next call', async () => {
    const transport = new FaultyTransport(memory);
    await using caller = await open(brokerUrl(), { transport });
    transport.failConnects(1);
    await expect(caller.backend.expect('t')).rejects.toMatchObject({ code: 'TQ_BACKEND_UNAVAILABLE' });
    await caller.backend.expect('t');
    expect(transport.connections).toBe(1);
  });

  test('is one for any number of calls', async () => {
    const transport = new FaultyTransport(memory);
    await using caller = await open(brokerUrl(), { transport });
    await Promise.all(Array.from({ length: 1000 }, async (_, index) => caller.backend.expect(`t${index}`)));
    expect(transport.attempts).toBe(1);
  });

  test('those who wait too long for a broker that is gone are told so', async () => {
    const transport = new FaultyTransport(memory);
    await using caller = await open(brokerUrl(), { transport, options: { outage_patience: '300ms' } });
    await caller.backend.expect('t');
    const waiting = resultOf(caller.backend, 't');
    waiting.catch(() => undefined); // looked at below
    transport.failConnects(1000);
    await transport.loseConnections();
    await expect(within(waiting, 5000, 'the end of the wait')).rejects.toMatchObject({
      code: 'TQ_BACKEND_UNAVAILABLE',
    });
  });
});

test('ten thousand results are awaited at once', async () => {
  const url = brokerUrl();
  await using caller = await open(url);
  await using worker = await open(url);
  await caller.backend.expect('any');
  const ids = Array.from({ length: 10_000 }, (_, index) => `t${index}`);
  const results = Promise.all(ids.map((id) => resultOf(caller.backend, id)));
  await Promise.all(
    ids.map((id) =>
      worker.backend.store(meta(id, 'SUCCESS', id), { replyTo: caller.replyTo, correlationId: id }),
    ),
  );
  expect(await within(results, 20_000, 'the results')).toEqual(ids);
});

test('kept results are bounded, the oldest go first', async () => {
  const url = brokerUrl();
  await using caller = await open(url, { options: { max_results: 10 } });
  await caller.backend.expect('any');
  for (let index = 0; index < 15; index++)
    await caller.backend.store(meta(`t${index}`, 'SUCCESS', index), {
      replyTo: caller.replyTo,
      correlationId: undefined,
    });
  expect(await resultOf(caller.backend, 't14')).toBe(14);
  expect(await caller.backend.load('t4')).toBeUndefined();
  expect(await caller.backend.load('t5')).toMatchObject({ result: 5 });
});

test('an app’s calls name its queue, and its results come there; a second look needs no broker', async () => {
  const url = `memory://${uniqueName('app')}`;
  const settings = { broker: { transport: memory, url }, backend: { driver: rpcBackend, url: 'rpc://' } };
  await using caller = createApp('caller', settings);
  await using worker = createApp('worker', settings);
  const result = await caller.sendTask('t.add', [2, 2]);
  const channel = await channelTo(new URL(url));
  const { message }: Delivery = await within(nextOf(channel, 'celery'), 5000, 'the call');
  expect(message.properties.replyTo).toBe(caller.oid);
  const { replyTo, correlationId } = message.properties;
  const backend = await worker.resultBackend();
  const storing = backend.store(meta(result.id, 'SUCCESS', 4), { replyTo, correlationId });
  await worker.close(); // what was given before is sent
  await storing;
  expect(await result.get({ timeout: 5 })).toBe(4);
  expect(await caller.sendTask('t.add', [1, 1]).then((other) => other.state())).toBe('PENDING');
  expect(await (await caller.resultBackend()).load(result.id)).toMatchObject({ result: 4 });
  await channel.end();
});

test('without an app it says what it needs', async () => {
  const { silentLogger, systemClock } = await import('@tq/core');
  const options = { logger: silentLogger, clock: systemClock, options: {}, expiresMs: 1, timeoutMs: 1 };
  await expect(rpcBackend.connect(new URL('rpc://'), options)).rejects.toMatchObject({
    code: 'TQ_IMPROPERLY_CONFIGURED',
  });
});

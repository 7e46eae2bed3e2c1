import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { QueueStore } from '@tq/virtual';
import { entry, textOf, uniqueName } from '@tq/testkit';
import type { Redis } from 'ioredis';
import { topicPattern } from '../src/bindings.ts';
import { SEPARATOR } from '../src/keys.ts';
import { openStore } from '../src/store.ts';
import { connectOptions, plainClient, redisUrl, removeKeys } from './server.ts';

interface Vector {
  readonly id: string;
  readonly redis_key: string;
  readonly exchange: string;
  readonly routing_key: string;
  readonly envelope: { readonly body: unknown; readonly $text?: string };
  readonly envelope_raw: string;
  readonly redis_sets: Readonly<Record<string, readonly string[]>>;
  readonly keys: Readonly<Record<string, { readonly type: string; readonly value: unknown }>>;
  readonly properties: { readonly delivery_tag: string };
}

function vectors(file: string): readonly Vector[] {
  const text = readFileSync(new URL(`../../../test/wire/vectors/${file}.json`, import.meta.url), 'utf8');
  return (JSON.parse(text) as { readonly vectors: readonly Vector[] }).vectors;
}

const vector = (file: string, id: string): Vector => vectors(file).find((each) => each.id === id)!;

let client: Redis;
let prefix: string;
let store: QueueStore;

const open = (options: Readonly<Record<string, unknown>> = {}): Promise<QueueStore> =>
  openStore(redisUrl(), connectOptions({ global_keyprefix: prefix, ...options }));
const signal = (): AbortSignal => AbortSignal.timeout(5000);

beforeEach(async () => {
  client = await plainClient();
  prefix = `${uniqueName('keys')}:`;
  store = await open();
});
afterEach(async () => {
  await store[Symbol.asyncDispose]();
  await removeKeys(client, prefix);
  client.disconnect();
});

test.each(vectors('tasks-redis').filter((each) => /^(delay|priority-\d+)$/.test(each.id)))(
  'what Celery sends ($id) goes to the same list when tq sends it, and is the same for those who read it',
  async ({ envelope_raw, redis_key }) => {
    await client.lpush(prefix + redis_key, envelope_raw);
    const [taken] = await store.take(['celery'], { max: 1, signal: signal() });
    await store.put([{ queue: 'celery', envelope: taken!.envelope }]);
    const [again] = await client.lrange(prefix + redis_key, 0, -1);
    const [theirs, ours] = [JSON.parse(envelope_raw), JSON.parse(again!)];
    expect(ours.properties.delivery_tag).not.toBe(theirs.properties.delivery_tag);
    ours.properties.delivery_tag = theirs.properties.delivery_tag;
    expect(ours).toEqual(theirs);
  },
);

test('a message that is held stands in unacked and unacked_index as kombu writes it', async () => {
  const { envelope_raw, properties } = vector('tasks-redis', 'delay');
  await client.lpush(`${prefix}celery`, envelope_raw);
  const before = Date.now() / 1000;
  await store.take(['celery'], { max: 1, signal: signal() });
  const tag = properties.delivery_tag;
  expect(await client.hkeys(`${prefix}unacked`)).toEqual([tag]);
  const record = JSON.parse((await client.hget(`${prefix}unacked`, tag))!) as unknown[];
  expect(record).toEqual([JSON.parse(envelope_raw), '', 'celery']);
  expect(await client.zcard(`${prefix}unacked_index`)).toBe(1);
  const score = await client.zscore(`${prefix}unacked_index`, tag);
  expect(Number(score)).toBeGreaterThan(before - 1);
  expect(Number(score)).toBeLessThan(Date.now() / 1000 + 1);
});

test('the record of a message that came through an exchange has its address', async () => {
  const { envelope_raw, properties, redis_key } = vector('tasks-redis', 'topic');
  await client.lpush(prefix + redis_key, envelope_raw);
  const [taken] = await store.take([redis_key], { max: 1, signal: signal() });
  expect(taken!.envelope).toMatchObject({ exchange: 'tq.topic', routingKey: 'task.math.add' });
  const record = JSON.parse((await client.hget(`${prefix}unacked`, properties.delivery_tag))!) as unknown[];
  expect(record).toEqual([JSON.parse(envelope_raw), 'tq.topic', 'task.math.add']);
});

test('a message that is given back looks as after a restore by kombu', async () => {
  const [text] = vector('redis-keys', 'after-restore').keys['w']!.value as string[];
  const { redelivered: _, ...headers } = JSON.parse(text!).headers;
  const fresh = JSON.parse(text!);
  fresh.headers = headers;
  delete fresh.properties.delivery_info.redelivered;
  await client.lpush(`${prefix}w`, JSON.stringify(fresh));
  const [taken] = await store.take(['w'], { max: 1, signal: signal() });
  await store.settle([taken!.tag], 'requeue');
  const [again] = await client.lrange(`${prefix}w`, 0, -1);
  expect(JSON.parse(again!)).toEqual(JSON.parse(text!));
  expect(await client.keys(`${prefix}*`)).toEqual([`${prefix}w`]);
});

test('nothing of a message stays behind once it is done', async () => {
  await client.lpush(`${prefix}celery`, vector('tasks-redis', 'delay').envelope_raw);
  const [taken] = await store.take(['celery'], { max: 1, signal: signal() });
  await store.settle([taken!.tag], 'done');
  expect(await client.keys(`${prefix}*`)).toEqual([]);
});

test('bindings are members of kombu’s sets', async () => {
  await store.bind({ exchange: 'celery', queue: 'celery', routingKey: 'celery', type: 'direct' });
  await store.bind({ exchange: 'tq.topic', queue: 'tq.topic', routingKey: 'task.#', type: 'topic' });
  for (const id of ['delay', 'topic'])
    for (const [key, members] of Object.entries(vector('tasks-redis', id).redis_sets))
      expect(await client.smembers(prefix + key)).toEqual(members);
  expect((await client.keys(`${prefix}*`)).toSorted()).toEqual([
    `${prefix}_kombu.binding.celery`,
    `${prefix}_kombu.binding.tq.topic`,
    `${prefix}_kombu.binding_permanent.celery`,
    `${prefix}_kombu.binding_permanent.tq.topic`,
  ]);
});

test('the bindings of a queue that expires stand where kombu keeps those', async () => {
  await store.declare('soon', 7_200_000);
  await store.bind({ exchange: 'x', queue: 'soon', routingKey: 'k', type: 'direct' });
  const deadlines = `${prefix}_kombu.binding_deadlines`;
  expect(await client.smembers(`${prefix}_kombu.binding.x`)).toEqual([['k', '', 'soon'].join(SEPARATOR)]);
  expect(await client.exists(`${prefix}_kombu.binding_permanent.x`)).toBe(0);
  expect(Number(await client.zscore(deadlines, 'x')) - Date.now()).toBeGreaterThan(14_300_000);
  await client.zadd(deadlines, Date.now(), 'x');
  await client.del(`${prefix}_kombu.binding.x`);
  expect(await store.use('soon')).toBe(7_200_000);
  expect(await client.scard(`${prefix}_kombu.binding.x`)).toBe(1);
  expect(Number(await client.zscore(deadlines, 'x')) - Date.now()).toBeGreaterThan(14_300_000);
});

test('the lists of a queue that expires live as long as it, and those of others for ever', async () => {
  await store.declare('soon', 60_000);
  await store.put([entry('soon', 'a'), entry('soon', 'b', { priority: 9 }), entry('stays', 'c')]);
  expect(await client.pttl(`${prefix}soon`)).toBe(-1);
  await store.use('soon');
  await store.use('stays');
  for (const list of [`${prefix}soon`, `${prefix}soon${SEPARATOR}9`])
    expect(await client.pttl(list)).toBeGreaterThan(50_000);
  expect(await client.pttl(`${prefix}stays`)).toBe(-1);
  await store.declare('soon');
  expect(await client.pttl(`${prefix}soon`)).toBe(-1);
  expect(await client.keys(`${prefix}tq.*`)).toEqual([]);
});

test('a queue whose messages a Python peer keeps alive doesn’t expire', async () => {
  await store.declare('soon', 50);
  await store.put([entry('soon', 'a')]);
  await client.pexpire(`${prefix}soon`, 60_000);
  await delay(200);
  expect(await store.removeUnused()).toBe(0);
  expect(await store.size('soon')).toBe(1);
});

test('a name that somebody has bound since its queue went is left alone', async () => {
  await store.declare('soon', 50);
  await delay(100);
  expect(await store.removeUnused()).toBe(1);
  await client.sadd(`${prefix}_kombu.binding.soon`, ['soon', '', 'soon'].join(SEPARATOR));
  await store.put([entry('soon', 'a')]);
  await delay(200);
  expect(await store.removeUnused()).toBe(0);
  expect(await store.size('soon')).toBe(1);
  expect(await client.keys(`${prefix}tq.*`)).toEqual([]);
});

test('the pattern of a topic is escaped as kombu escapes it', () => {
  expect(topicPattern('a-b.*.c_d.#')).toBe(String.raw`^a\-b\..*?[^\.]\.c\_d\..*?$`);
});

test('queues that Python binds to a fanout exchange are no business of ours', async () => {
  const { keys } = vector('redis-keys', 'unacked');
  for (const exchange of ['celery.pidbox', 'celeryev']) {
    const key = `_kombu.binding.${exchange}`;
    await client.sadd(prefix + key, ...(keys[key]!.value as string[]));
    expect(await store.bindings(exchange)).toEqual([]);
  }
  await client.sadd(`${prefix}_kombu.binding.w`, keys['_kombu.binding.w']!.value as string[]);
  expect(await store.bindings('w')).toEqual([{ exchange: 'w', queue: 'w', routingKey: 'w', type: 'direct' }]);
});

test('steps and separator are those of the options', async () => {
  const { redis_key } = vector('tasks-redis', 'priority-steps-sep');
  const own = await open({ priority_steps: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], sep: ':' });
  await own.put([entry('celery', 'a', { priority: 4 })]);
  expect(await client.llen(prefix + redis_key)).toBe(1);
  const [taken] = await own.take(['celery'], { max: 1, signal: signal() });
  await own.settle([taken!.tag], 'requeue');
  expect(await own.size('celery')).toBe(1);
  await own[Symbol.asyncDispose]();
});

test.each(vectors('acceptance-redis').filter((each) => each.redis_key === 'w'))(
  'an odd item ($id) is taken, can be given back, and never stops what comes after it',
  async ({ envelope }) => {
    const text = envelope.$text ?? JSON.stringify(envelope);
    await client.lpush(`${prefix}w`, text);
    await store.put([entry('w', 'next')]);
    const [odd] = await store.take(['w'], { max: 1, signal: signal() });
    expect(odd).toMatchObject({ queue: 'w', redelivered: false, deliveries: 1 });
    expect(await client.hlen(`${prefix}unacked`)).toBe(1);
    JSON.parse((await client.hget(`${prefix}unacked`, odd!.tag))!);
    await store.settle([odd!.tag], 'requeue');
    const [again] = await store.take(['w'], { max: 1, signal: signal() });
    expect(again!.queue).toBe('w');
    const [next] = await store.take(['w'], { max: 1, signal: signal() });
    expect(textOf(next!.envelope)).toBe('next');
    await store.settle([again!.tag, next!.tag], 'done');
    expect(await client.exists(`${prefix}unacked`, `${prefix}unacked_index`)).toBe(0);
  },
);

test('two messages with one delivery tag are both kept', async () => {
  const { envelope_raw } = vector('tasks-redis', 'delay');
  await client.lpush(`${prefix}celery`, envelope_raw, envelope_raw);
  const taken = await store.take(['celery'], { max: 10, signal: signal() });
  await client.lpush(`${prefix}celery`, envelope_raw);
  const more = await store.take(['celery'], { max: 10, signal: signal() });
  expect(new Set([...taken, ...more].map((each) => each.tag)).size).toBe(3);
  expect(await client.hlen(`${prefix}unacked`)).toBe(3);
  expect(await client.zcard(`${prefix}unacked_index`)).toBe(3);
});

test('a broadcast goes to kombu’s channel, and its key is part of it', async () => {
  const ear = await plainClient();
  const heard: [string, string][] = [];
  ear.on('pmessage', (_, channel: string, text: string) => heard.push([channel, text]));
  await ear.psubscribe(`${prefix}/*`);
  const { message } = entry('', 'a').envelope;
  await store.broadcast('celeryev', 'worker.heartbeat', {
    message,
    exchange: 'celeryev',
    routingKey: 'worker.heartbeat',
  });
  await store.broadcast('celery.pidbox', '', { message, exchange: 'celery.pidbox', routingKey: '' });
  await ear.ping();
  expect(heard.map(([channel]) => channel)).toEqual([
    `${prefix}/${redisUrl().pathname.slice(1) || '0'}.celeryev/worker.heartbeat`,
    `${prefix}/${redisUrl().pathname.slice(1) || '0'}.celery.pidbox`,
  ]);
  expect(JSON.parse(heard[0]![1])).toMatchObject({
    properties: {
      delivery_info: { exchange: 'celeryev', routing_key: 'worker.heartbeat' },
      body_encoding: 'base64',
    },
  });
  ear.disconnect();
});

test('a large body is the same bytes when it comes out', async () => {
  for (const size of [64 * 1024, 300_000, 300_001, 300_002]) {
    const body = Buffer.alloc(size, 'ÿ€a');
    const { envelope } = entry('big', '');
    await store.put([{ queue: 'big', envelope: { ...envelope, message: { ...envelope.message, body } } }]);
    const [taken] = await store.take(['big'], { max: 1, signal: signal() });
    expect(Buffer.compare(Buffer.from(taken!.envelope.message.body), body)).toBe(0);
  }
});

test('a take stops before it holds too many bytes', async () => {
  const body = Buffer.alloc(1024 * 1024);
  const { envelope } = entry('big', '');
  const big = { queue: 'big', envelope: { ...envelope, message: { ...envelope.message, body } } };
  await store.put(Array.from({ length: 12 }, () => big));
  const taken = await store.take(['big'], { max: 12, signal: signal() });
  expect(taken.length).toBeGreaterThan(0);
  expect(taken.length).toBeLessThan(6);
  expect(await store.size('big')).toBe(12 - taken.length);
});

test('messages of a Python worker that died come back by kombu’s rule, to the list of their priority', async () => {
  const own = await open({ visibility_timeout: 2 });
  const { envelope_raw, properties } = vector('tasks-redis', 'priority-6');
  const record = `[${envelope_raw}, "", "celery"]`;
  await client.hset(`${prefix}unacked`, properties.delivery_tag, record);
  await client.zadd(`${prefix}unacked_index`, Date.now() / 1000 - 1, properties.delivery_tag);
  expect(await own.restoreExpired()).toBe(0);
  await client.zadd(`${prefix}unacked_index`, Date.now() / 1000 - 3, properties.delivery_tag);
  await client.set(`${prefix}unacked_mutex`, 'a peer', 'PX', 60_000);
  expect(await own.restoreExpired()).toBe(0);
  await client.del(`${prefix}unacked_mutex`);
  expect(await own.restoreExpired()).toBe(1);
  expect(await client.llen(`${prefix}celery${SEPARATOR}6`)).toBe(1);
  expect(await client.exists(`${prefix}unacked`, `${prefix}unacked_index`, `${prefix}unacked_mutex`)).toBe(0);
  const [taken] = await own.take(['celery'], { max: 1, signal: signal() });
  expect(taken).toMatchObject({ redelivered: true, deliveries: 2 });
  await own[Symbol.asyncDispose]();
});

test('a live worker’s messages never look old to Python peers', async () => {
  const own = await open({ visibility_timeout: 1 });
  await own.put([entry('celery', 'a')]);
  const [taken] = await own.take(['celery'], { max: 1, signal: signal() });
  const scores = async (): Promise<number> =>
    Number(await client.zscore(`${prefix}unacked_index`, taken!.tag));
  const first = await scores();
  await own.renew([taken!.tag]);
  expect(await scores()).toBeGreaterThan(first);
  expect(own.leaseMs / 3).toBeLessThan(1000 / 2);
  await own[Symbol.asyncDispose]();
});

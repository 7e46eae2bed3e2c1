import { broadcast, createApp, workerDirect } from '@tq/core';
import type { Settings } from '@tq/core';
import { consumedQueues, definedQueues, queueNamed } from '@tq/core/internal';

const config = (conf: Partial<Settings> = {}): Settings => createApp('t', { conf }).config;

test('the default queue is celery, fed by the exchange celery', () => {
  expect([...definedQueues(config()).values()]).toEqual([
    { name: 'celery', exchange: 'celery', exchangeType: 'direct', routingKey: 'celery', durable: true },
  ]);
});

test('the default queue, its exchange and its key can be chosen', () => {
  const conf = {
    taskDefaultQueue: 'q',
    taskDefaultExchange: 'e',
    taskDefaultExchangeType: 'topic',
    taskDefaultRoutingKey: 'k',
  } as const;
  expect(queueNamed('q', config(conf))).toMatchObject({
    name: 'q',
    exchange: 'e',
    exchangeType: 'topic',
    routingKey: 'k',
  });
});

test('queues are given as a list or as a map, whose names are routing keys', () => {
  const list = config({ taskQueues: [{ name: 'a', exchange: 'x', durable: false }, { name: 'b' }] });
  const map = config({ taskQueues: { a: { exchange: 'x', durable: false }, b: {} } });
  expect([...definedQueues(list).keys()]).toEqual([...definedQueues(map).keys()]);
  expect(queueNamed('a', list)).toMatchObject({ exchange: 'x', routingKey: 'celery', durable: false });
  expect(queueNamed('a', map)).toMatchObject({ exchange: 'x', routingKey: 'a', durable: false });
  expect(queueNamed('b', map)).toMatchObject({ exchange: 'celery', exchangeType: 'direct', routingKey: 'b' });
});

test("an exchange type without an exchange means one of the queue's own name", () => {
  const topic = config({ taskQueues: [{ name: 'a', exchangeType: 'topic', routingKey: 'a.#' }] });
  expect(queueNamed('a', topic)).toMatchObject({ exchange: 'a', exchangeType: 'topic', routingKey: 'a.#' });
});

test('what RabbitMQ is told of a queue is written as its arguments', () => {
  const full = config({
    taskQueueMaxPriority: 9,
    taskQueues: [
      { name: 'a', type: 'quorum', expires: '1m', messageTtl: '250ms', maxLength: 10, maxLengthBytes: 99 },
      { name: 'b', maxPriority: 3, queueArguments: { 'x-single-active-consumer': true } },
    ],
  });
  expect(queueNamed('a', full).queueArguments).toEqual({
    'x-queue-type': 'quorum',
    'x-max-priority': 9,
    'x-expires': 60_000,
    'x-message-ttl': 250,
    'x-max-length': 10,
    'x-max-length-bytes': 99,
  });
  expect(queueNamed('b', full).queueArguments).toEqual({
    'x-max-priority': 3,
    'x-single-active-consumer': true,
  });
});

test('an exchange says how it is declared, and how persistent its messages are', () => {
  const exchange = { name: 'x', type: 'headers', durable: false, deliveryMode: 'transient' } as const;
  const bindings = [{ exchange: { name: 'y', type: 'topic' }, routingKey: 'k.#' }] as const;
  const conf = config({
    taskQueues: [{ name: 'a', exchange, bindings, bindingArguments: { 'x-match': 'any' } }],
  });
  expect(queueNamed('a', conf)).toMatchObject({
    exchange: 'x',
    exchangeType: 'headers',
    exchangeOptions: { durable: false },
    deliveryMode: 1,
    bindings,
    bindingArguments: { 'x-match': 'any' },
  });
});

test('a mistyped key of a queue, an exchange or a binding is refused with the right one', () => {
  const reading = (queue: object) => () => definedQueues(config({ taskQueues: [queue] as never }));
  expect(reading({ name: 'a', routing_key: 'k' })).toThrow('"routing_key". Did you mean routingKey?');
  expect(reading({ name: 'a', exchange: { name: 'x', kind: 'topic' } })).toThrow('unknown key "kind"');
  expect(reading({ name: 'a', bindings: [{ exchange: 'x', key: 'k' }] })).toThrow('unknown key "key"');
  expect(reading({ name: 'a', bindings: [{ exchange: '' }] })).toThrow('needs an exchange');
  expect(reading({ name: 'a', exchange: 'x', exchangeType: 'tropic' })).toThrow('unknown type "tropic"');
});

test('of a broadcast queue every worker has its own; calls go to its exchange', () => {
  const conf = config({ taskQueues: [broadcast('bc'), { name: 'celery' }] });
  const [mine, other] = consumedQueues(conf, { select: ['bc', 'celery'] });
  const [again] = consumedQueues(conf, { select: ['bc'] });
  expect(mine).toMatchObject({ exchange: 'bc', exchangeType: 'fanout', autoDelete: true, durable: true });
  expect(mine?.name).toMatch(/^bcast\.[0-9a-f-]{36}$/);
  expect(again?.name).not.toBe(mine?.name);
  expect(other?.name).toBe('celery');
});

test('with workerDirect a worker consumes a queue of its own, which anybody can name', () => {
  const conf = config({ workerDirect: true, taskCreateMissingQueues: false });
  const own = { name: 'w1@host.dq2', exchange: 'C.dq2', exchangeType: 'direct', routingKey: 'w1@host' };
  expect(consumedQueues(conf, { hostname: 'w1@host' })).toMatchObject([{ name: 'celery' }, own]);
  expect(queueNamed(workerDirect('w1@host'), conf)).toMatchObject(own);
});

test('a queue without a name is refused', () => {
  expect(() => definedQueues(config({ taskQueues: [{ exchange: 'x' }] as never }))).toThrow('needs a name');
});

test('a queue that nobody has defined is made up, always direct', () => {
  expect(queueNamed('new', config({ taskDefaultExchangeType: 'topic' }))).toEqual({
    name: 'new',
    exchange: 'new',
    exchangeType: 'direct',
    routingKey: 'new',
    durable: true,
  });
});

test('where missing queues are not created, a mistyped name is refused', () => {
  const strict = config({ taskQueues: [{ name: 'a' }], taskCreateMissingQueues: false });
  expect(() => queueNamed('b', strict)).toThrow('The queue "b" is not in the setting taskQueues');
  expect(queueNamed('a', strict).name).toBe('a');
  expect(() => queueNamed('celery', strict)).toThrow('The queue "celery" is not in the setting taskQueues');
});

test('a worker consumes the named queues, or all that are defined, without the excluded ones', () => {
  const three = config({ taskQueues: [{ name: 'a' }, { name: 'b' }, { name: 'c' }] });
  const names = (choice: Parameters<typeof consumedQueues>[1]): string[] =>
    consumedQueues(three, choice).map(({ name }) => name);
  expect(names({})).toEqual(['a', 'b', 'c']);
  expect(names({ exclude: ['b'] })).toEqual(['a', 'c']);
  expect(names({ select: ['c', 'new', 'c'] })).toEqual(['c', 'new']);
  expect(() => names({ select: ['a'], exclude: ['a'] })).toThrow('No queue is left');
});

test('the queues of one configuration are made once', () => {
  const same = config();
  expect(definedQueues(same)).toBe(definedQueues(same));
});

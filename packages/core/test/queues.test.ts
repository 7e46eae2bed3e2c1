import { createApp } from '@tq/core';
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

test('queues are given as a list or as a map', () => {
  const list = config({ taskQueues: [{ name: 'a', exchange: 'x', durable: false }, { name: 'b' }] });
  const map = config({ taskQueues: { a: { exchange: 'x', durable: false }, b: {} } });
  expect([...definedQueues(list)]).toEqual([...definedQueues(map)]);
  expect(queueNamed('a', list)).toMatchObject({ exchange: 'x', routingKey: 'a', durable: false });
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
  expect(queueNamed('celery', strict).name).toBe('celery');
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

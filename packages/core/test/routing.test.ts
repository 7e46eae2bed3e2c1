import { createApp } from '@tq/core';
import type { RouteOptions, Settings } from '@tq/core';
import { route } from '../src/routing.ts';
import type { MessageVector } from './support/vectors.ts';
import { vectorsOf } from './support/vectors.ts';

const sent = vectorsOf<MessageVector>('tasks-amqp');

function to(
  conf: Partial<Settings>,
  options: RouteOptions = {},
  task = 'feed.tasks.import',
): ReturnType<typeof route> {
  return route(task, [1], { url: 'x' }, options, createApp('t', { conf }).config);
}

const queueOf = (conf: Partial<Settings>, task?: string): string | undefined =>
  to(conf, {}, task).queue?.name;

test('without a word, calls go to the queue celery through the nameless exchange', () => {
  expect(to({})).toMatchObject({
    exchange: '',
    routingKey: 'celery',
    queue: { name: 'celery', exchange: 'celery' },
  });
});

test('a map routes by exact name, before its patterns', () => {
  const taskRoutes = { 'feed.*': 'feeds', 'feed.tasks.import': { queue: 'imports' }, '*': 'rest' };
  expect(queueOf({ taskRoutes })).toBe('imports');
  expect(queueOf({ taskRoutes }, 'feed.tasks.export')).toBe('feeds');
  expect(queueOf({ taskRoutes }, 'mail.send')).toBe('rest');
});

test('in a pattern * stands for any characters, ? for one, and all others for themselves', () => {
  expect(queueOf({ taskRoutes: { 'feed.tasks.impor?': 'q' } })).toBe('q');
  expect(queueOf({ taskRoutes: { 'feed?tasks?import': 'q' } })).toBe('q');
  expect(queueOf({ taskRoutes: { 'feed+*': 'q' } })).toBe('celery');
  expect(queueOf({ taskRoutes: { 'feed.*': 'q' } }, 'feedXtasks')).toBe('celery');
});

test('in a pattern [abc] stands for one of these, [!abc] for any other', () => {
  expect(queueOf({ taskRoutes: { 'feed.[a-t]*': 'q' } })).toBe('q');
  expect(queueOf({ taskRoutes: { 'feed.[!t]*': 'q' } })).toBe('celery');
  expect(queueOf({ taskRoutes: { 'feed.tasks.[im]mport': 'q' } })).toBe('q');
  expect(queueOf({ taskRoutes: { 'feed.*[': 'q' } }, 'feed.x[')).toBe('q');
});

test('a map may be a Map or a list of pairs, and a router an object with a method', () => {
  const pairs = [
    [/^feed\./, 'feeds'],
    ['feed.tasks.import', 'imports'],
  ] as const;
  expect(queueOf({ taskRoutes: new Map<string | RegExp, string>(pairs) })).toBe('imports');
  expect(queueOf({ taskRoutes: [pairs] })).toBe('imports');
  expect(queueOf({ taskRoutes: pairs })).toBe('feeds');
  const routeForTask = (task: string): string | null => (task.startsWith('feed') ? 'mine' : null);
  expect(queueOf({ taskRoutes: { routeForTask } })).toBe('mine');
  expect(queueOf({ taskRoutes: [{ routeForTask }, { '*': 'rest' }] }, 'mail.send')).toBe('rest');
});

test('a regular expression routes, with any flags', () => {
  const taskRoutes = [[/^FEED\./gi, 'feeds'] as const, [/import$/, 'imports'] as const];
  expect([queueOf({ taskRoutes }), queueOf({ taskRoutes })]).toEqual(['feeds', 'feeds']);
  expect(queueOf({ taskRoutes }, 'mail.import')).toBe('imports');
});

test('a function routes by what is called, and may leave it to the next', () => {
  const seen: unknown[] = [];
  const taskRoutes = [
    (...call: readonly unknown[]) => {
      seen.push(call);
      return null;
    },
    () => undefined,
    { 'feed.*': { queue: 'feeds', priority: 3 } },
  ];
  expect(to({ taskRoutes }, { routingKey: 'k' })).toMatchObject({ routingKey: 'feeds', priority: 3 });
  expect(seen).toEqual([['feed.tasks.import', [1], { url: 'x' }, { routingKey: 'k' }]]);
  expect(queueOf({ taskRoutes: (task) => (task.startsWith('feed') ? 'f' : null) })).toBe('f');
});

test('a queue in the options wins over the routes, which still give the priority', () => {
  const taskRoutes = { '*': { queue: 'routed', routingKey: 'r', priority: 4 } };
  expect(to({ taskRoutes }, { queue: 'mine' })).toMatchObject({
    exchange: '',
    routingKey: 'mine',
    priority: 4,
  });
  expect(to({ taskRoutes }, { exchange: 'x', routingKey: 'k' })).toEqual({
    exchange: 'x',
    routingKey: 'k',
    priority: 4,
  });
});

test('priorities: the call, the route, the setting', () => {
  const conf = { taskRoutes: { 'feed.*': { priority: 5 } }, taskDefaultPriority: 1 };
  expect(to(conf, { priority: 9 }).priority).toBe(9);
  expect(to(conf).priority).toBe(5);
  expect(to(conf, {}, 'mail.send').priority).toBe(1);
  expect(to({}).priority).toBeUndefined();
});

test('a mistyped key in a route is refused with the nearest right one', () => {
  const taskRoutes = { 'feed.*': { queue: 'feeds', routing_key: 'x' } } as Record<string, RouteOptions>;
  expect(() => to({ taskRoutes })).toThrow(
    'the unknown key "routing_key" for feed.tasks.import. Did you mean routingKey?',
  );
  expect(() => to({ taskRoutes: [5] as never })).toThrow('neither a map, a function nor a pair');
});

describe('destinations are those of Celery', () => {
  const taskQueues = [
    { name: 'tq.topic', exchangeType: 'topic', routingKey: 'task.#' },
    { name: 'tq.direct', exchange: 'tq.direct', routingKey: 'tq.rk' },
    { name: 'tq.fanout', exchangeType: 'fanout', routingKey: 'celery' },
    { name: 'tq.prio', queueArguments: { 'x-max-priority': 10 } },
  ] as const;

  test.each([
    ['delay', {}],
    ['topic', { queue: 'tq.topic', routingKey: 'task.math.add' }],
    ['named-direct', { queue: 'tq.direct' }],
    ['named-direct-explicit', { exchange: 'tq.direct', routingKey: 'tq.rk' }],
    ['fanout', { queue: 'tq.fanout' }],
    ['priority-queue', { queue: 'tq.prio', priority: 9 }],
  ] as const)('%s', (id, options) => {
    const { exchange, routing_key: routingKey } = sent(id);
    expect(to({ taskQueues }, options)).toMatchObject({ exchange, routingKey });
  });

  test('a direct queue is reached by its name, whatever one of exchange and key says', () => {
    expect(to({}, { routingKey: 'other' })).toMatchObject({ exchange: '', routingKey: 'celery' });
    expect(to({ taskQueues }, { queue: 'tq.direct', exchange: 'x' })).toMatchObject({
      exchange: '',
      routingKey: 'tq.direct',
    });
    expect(to({ taskQueues }, { queue: 'tq.direct', exchange: 'x', routingKey: 'k' })).toMatchObject({
      exchange: 'x',
      routingKey: 'k',
    });
  });

  test('an exchange alone is published to with the default routing key, and declared when its type is known', () => {
    expect(to({}, { exchange: 'logs' })).toEqual({ exchange: 'logs', routingKey: 'celery' });
    expect(to({ taskDefaultRoutingKey: 'k' }, { exchange: 'logs', exchangeType: 'fanout' })).toEqual({
      exchange: 'logs',
      routingKey: 'k',
      exchangeType: 'fanout',
    });
  });
});

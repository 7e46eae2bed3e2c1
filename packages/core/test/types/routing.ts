// Compiled by `tsc -b`, never run: what the compiler promises to those who configure queues, routes and serializers.
import { broadcast, createApp, workerDirect } from '@tq/core';
import type { QueueDefinition, Serializer, TaskRoutes } from '@tq/core';

const app = createApp('types');

export const routes: readonly TaskRoutes[] = [
  { 'feed.*': 'feeds', 'mail.send': { queue: 'mail', priority: 9, routingKey: 'mail.send' } },
  (task, args, kwargs, options) => (args.length > 0 && kwargs['to'] ? { queue: task } : options.queue),
  [[/^feed\./, 'feeds'], { 'mail.*': 'mail' }, { routeForTask: () => null }],
  new Map<string | RegExp, string>([[/x$/, 'x']]),
  // @ts-expect-error  a queue is a text
  { 'feed.*': { queue: 5 } },
  // @ts-expect-error  exchanges have four types
  { 'feed.*': { exchange: 'x', exchangeType: 'tropic' } },
];

export const queues: readonly QueueDefinition[] = [
  broadcast('news'),
  { name: 'a', exchange: { name: 'x', type: 'headers', deliveryMode: 'transient' }, maxPriority: 10 },
  { name: 'b', bindings: [{ exchange: 'x', routingKey: 'k' }], expires: '1h', type: 'quorum' },
  // @ts-expect-error  a queue needs a name
  { exchange: 'x' },
  // @ts-expect-error  a binding needs an exchange
  { name: 'c', bindings: [{ routingKey: 'k' }] },
];

app.conf.update({
  taskQueues: { a: { exchange: 'x' } },
  brokerFailoverStrategy: (urls) => urls.toReversed(),
});
app.conf.update({ brokerUseSsl: { ca: 'pem', rejectUnauthorized: true }, redisBackendUseSsl: true });
// @ts-expect-error  not a strategy
app.conf.brokerFailoverStrategy = 'backwards';
// @ts-expect-error  not a type of queues
app.conf.taskDefaultQueueType = 'stream';

void app.sendTask('t', [], {
  queue: workerDirect('w1@host'),
  exchangeType: 'topic',
  headers: { tenant: 'acme' },
});
// @ts-expect-error  a priority is a number
void app.sendTask('t', [], { priority: 'high' });

const toml: Serializer = {
  name: 'toml',
  contentType: 'application/toml',
  contentEncoding: 'utf-8',
  encode: (value) => Buffer.from(JSON.stringify(value)),
  decode: (bytes) => JSON.parse(Buffer.from(bytes).toString()) as unknown,
};
app.serializers.register(toml);
app.setupSecurity({ key: 'a.key', cert: 'a.pem', store: 'certs/*.pem', keyPassword: Buffer.from('x') });
// @ts-expect-error  the name of a file
app.setupSecurity({ key: 5 });

import { readFileSync } from 'node:fs';
import { createApp } from '@tq/core';
import type { App, CallOptions } from '@tq/core';
import { prepareCall } from '../src/call.ts';
import { optionsFromWire } from '../src/call-options.ts';
import { Serializers } from '../src/serialize/registry.ts';
import { toCamel } from '../src/spelling.ts';

/** What Celery did with a call, recorded from the version that the file names. */
interface Recorded {
  readonly id: string;
  readonly conf: Readonly<Record<string, unknown>>;
  readonly task: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly exchange: string;
  readonly routing_key: string;
  readonly delivery_mode: number;
  readonly priority: number | null;
  readonly queue?: Readonly<Record<string, unknown>>;
}

const file = new URL('recorded/routing.json', import.meta.url);
const { vectors } = JSON.parse(readFileSync(file, 'utf8')) as { readonly vectors: readonly Recorded[] };

/** Where tq differs on purpose: a queue named by the call isn't left for an exchange that a route names. */
const DELIBERATE = new Set(['route-exchange-key-call-queue']);

/** Keys in camelCase, as deep as settings and definitions of queues go; a delivery mode belongs to the exchange. */
function camel(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(camel);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, item]) => [
    toCamel(key),
    key === 'queue_arguments' ? item : camel(item),
  ]);
  const { deliveryMode, exchange, ...others } = Object.fromEntries(entries) as Record<string, unknown>;
  if (deliveryMode !== undefined) return { ...others, exchange: { name: exchange, deliveryMode } };
  return exchange === undefined ? others : { ...others, exchange };
}

function appOf({ conf }: Recorded): App {
  const { task_queues: queues, task_routes: routes, ...others } = conf;
  const app = createApp('t');
  app.conf.update({ ...others, taskQueues: camel(queues), taskRoutes: camel(routes) });
  app.task('a.b', () => null);
  app.task('t.queued', { queue: 'own', priority: 6 }, () => null);
  return app;
}

function prepared(vector: Recorded) {
  const app = appOf(vector);
  const options: CallOptions = optionsFromWire(vector.options);
  return prepareCall(vector.task, app.tasks.get(vector.task)?.definition, [1], options, {
    config: app.config,
    serializers: new Serializers(),
    nowMs: 0,
    origin: 'gen1@here',
    replyTo: 'oid',
    parent: undefined,
  });
}

describe('a call goes where Celery sends it, with the same queue declared first', () => {
  test.each(vectors.filter(({ id }) => !DELIBERATE.has(id)).map((vector) => [vector.id, vector] as const))(
    '%s',
    (_, vector) => {
      const { route, message } = prepared(vector);
      const { properties } = message;
      expect({ exchange: route.exchange, key: route.routingKey }).toEqual({
        exchange: vector.exchange,
        key: vector.routing_key,
      });
      expect(properties.deliveryMode).toBe(vector.delivery_mode);
      expect(properties.priority).toBe(vector.priority ?? 0);
      // Of a call to an exchange Celery declares the default queue all the same.
      if (route.queue) {
        const { name, exchange, exchangeType, routingKey, queueArguments } = route.queue;
        expect({ name, exchange, exchangeType, routingKey, arguments: queueArguments }).toEqual({
          name: vector.queue?.['name'],
          exchange: vector.queue?.['exchange'],
          exchangeType: vector.queue?.['exchange_type'],
          routingKey: vector.queue?.['routing_key'],
          arguments: vector.queue?.['arguments'],
        });
      }
    },
  );
});

test('a queue named by the call is where it goes, also where a route names an exchange', () => {
  const vector = vectors.find(({ id }) => id === 'route-exchange-key-call-queue') as Recorded;
  expect(prepared(vector).route).toMatchObject({ exchange: '', routingKey: 'q' });
});

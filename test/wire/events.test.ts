// Celery's recorded events, read here, and written again with the same meaning.
import { createApp, silentLogger, systemClock } from '@tq/core';
import type { Message } from '@tq/core';
import { ClusterState, Dispatcher, listenToEvents, readEvents, routingKeyOf } from '@tq/events';
import type { ReceivedEvent } from '@tq/events';
import { eventually, uniqueName } from '@tq/testkit';
import { bodyBytes, vectorsOf } from './vectors.ts';
import type { Vector } from './vectors.ts';

type Recorded = Vector & {
  readonly routing_key?: string;
  readonly exchange?: string;
  readonly envelope?: { readonly body: string };
};

const all = [...vectorsOf('events-amqp'), ...vectorsOf('events-redis')] as readonly Recorded[];
const messages = all.filter(({ routing_key: key }) => key !== undefined);

function messageOf(recorded: Recorded): Message {
  const { properties, headers = {}, envelope } = recorded;
  const text = (name: string): string | undefined =>
    (recorded as unknown as Record<string, string | undefined>)[name] ??
    (properties?.[name] as string | undefined);
  return {
    body: envelope ? Buffer.from(envelope.body, 'base64') : bodyBytes(recorded),
    headers,
    properties: { contentType: text('content_type') ?? '', contentEncoding: text('content_encoding') ?? '' },
  };
}

const app = (): ReturnType<typeof createApp> => createApp('wire', { logger: silentLogger });

test('there are messages to read, single events and lists', () => {
  expect(messages.filter(({ body }) => Array.isArray(body)).length).toBeGreaterThan(5);
  expect(messages.filter(({ body }) => !Array.isArray(body)).length).toBeGreaterThan(10);
});

test.each(messages.map((each) => [each.id, each] as const))('%s is read whole', (_, recorded) => {
  const { events, malformed } = readEvents(app(), messageOf(recorded));
  const expected = (Array.isArray(recorded.body) ? recorded.body : [recorded.body]) as ReceivedEvent[];
  expect(malformed).toBe(0);
  expect(events).toHaveLength(expected.length);
  for (const [index, event] of events.entries()) {
    const { clock, local_received: at, ...rest } = event;
    const { clock: sent, ...wanted } = expected[index] as ReceivedEvent;
    expect(rest).toEqual(wanted);
    expect(at).toBeGreaterThan(1_700_000_000);
    if (event.type !== 'task-sent') expect(clock).toBe(sent);
  }
});

test.each(messages.map((each) => [each.id, each] as const))(
  '%s written here has the same key, headers, properties and fields in the same order',
  async (_, recorded) => {
    const [{ hostname }] = (Array.isArray(recorded.body) ? recorded.body : [recorded.body]) as [
      ReceivedEvent,
    ];
    await using sender = createApp('sender', {
      broker: `memory://${uniqueName('wire')}`,
      logger: silentLogger,
    });
    const heard: { readonly key: string; readonly message: Message }[] = [];
    await using connection = await sender.connect();
    await using _ears = await listenToEvents(connection, {
      app: sender,
      onDelivery: ({ message, routingKey: key }) => heard.push({ key, message }),
    });
    const batched = Array.isArray(recorded.body);
    await using dispatcher = new Dispatcher({ app: sender, hostname, taskEvents: true, batched });
    const expected = (batched ? recorded.body : [recorded.body]) as readonly ReceivedEvent[];
    for (const {
      type,
      hostname: _host,
      utcoffset: _off,
      pid: _pid,
      clock: _clock,
      timestamp: _at,
      ...fields
    } of expected)
      dispatcher.send(type as string, fields);
    await eventually(() => heard.length === 1);
    const [{ key, message }] = heard as [(typeof heard)[number]];
    expect([key, message.headers]).toEqual([recorded.routing_key, { hostname }]);
    expect(message.properties).toEqual({
      contentType: 'application/json',
      contentEncoding: 'utf-8',
      deliveryMode: 1,
      priority: 0,
    });
    const content = JSON.parse(Buffer.from(message.body).toString()) as unknown;
    const written = (batched ? content : [content]) as readonly ReceivedEvent[];
    expect(written.map((event) => Object.keys(event))).toEqual(expected.map((event) => Object.keys(event)));
    for (const [index, { type, ...event }] of written.entries()) {
      expect(type).toBe(expected[index]?.type);
      if (!batched) expect(key).toBe(routingKeyOf(type));
      expect(typeof event.clock).toBe('number');
    }
  },
);

test('the recorded session gives a cluster in which every task has ended as it did', () => {
  const state = new ClusterState({ clock: systemClock, logger: silentLogger });
  const here = app();
  for (const recorded of messages.filter((each) => !each.envelope))
    for (const event of readEvents(here, messageOf(recorded)).events) state.event(event);
  const { SUCCESS = 0, FAILURE = 0, REJECTED = 0 } = state.countByState();
  expect(SUCCESS).toBeGreaterThan(0);
  expect(FAILURE).toBeGreaterThan(0);
  expect(REJECTED).toBeGreaterThanOrEqual(0);
  expect(state.taskTypes()).toContain('proj.add');
});

test.each([
  ['no JSON', '{'],
  ['no object', '7'],
  ['null', 'null'],
  ['an object without a type', '{"hostname":"a","timestamp":1}'],
  ['a type that is no text', '{"hostname":"a","timestamp":1,"type":7}'],
  ['a task without an id', '{"hostname":"a","timestamp":1,"type":"task-started"}'],
  ['a list of these', '[null,{"type":"x"},[]]'],
  ['a time that is a text', '{"hostname":"a","timestamp":"1","type":"worker-online"}'],
])('%s is counted and skipped', (_, text) => {
  const { events, malformed } = readEvents(app(), {
    body: Buffer.from(text),
    headers: {},
    properties: { contentType: 'application/json', contentEncoding: 'utf-8' },
  });
  expect(events).toEqual([]);
  expect(malformed).toBeGreaterThan(0);
});

test('clocks go on from what is heard; an event without one gets the present', () => {
  const here = app();
  const read = (clock: unknown): ReceivedEvent | undefined =>
    readEvents(here, {
      body: Buffer.from(JSON.stringify({ hostname: 'a', timestamp: 1, type: 'worker-online', clock })),
      headers: {},
      properties: { contentType: 'application/json', contentEncoding: 'utf-8' },
    }).events[0];
  expect(read(41)?.clock).toBe(41);
  expect(here.lamport.value).toBe(42);
  expect(read(undefined)?.clock).toBe(43);
  expect(read('later')?.clock).toBe(44);
});

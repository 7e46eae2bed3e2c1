import { createApp } from '@tq/core';
import type { App, Message } from '@tq/core';
import { memory } from '@tq/memory';
import { eventually, FakeClock, FaultyTransport, memoryLogger, uniqueName } from '@tq/testkit';
import { Dispatcher } from '../src/dispatcher.ts';
import { hoursWest } from '../src/head.ts';
import { listenToEvents } from '../src/listen.ts';

let app: App;
let transport: FaultyTransport;
let clock: FakeClock;
const logger = memoryLogger();
const heard: { readonly key: string; readonly message: Message; readonly content: unknown }[] = [];
const open: AsyncDisposable[] = [];

beforeEach(() => {
  transport = new FaultyTransport(memory);
  clock = new FakeClock();
  logger.clear();
  heard.length = 0;
  app = createApp('sender', {
    broker: { transport, url: `memory://${uniqueName('events')}` },
    clock,
    logger,
  });
});
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each[Symbol.asyncDispose]();
  await app.close();
});

async function listen(pattern = '#'): Promise<void> {
  const connection = await app.connect();
  open.push(connection);
  open.push(
    await listenToEvents(connection, {
      app,
      pattern,
      onDelivery: ({ message, routingKey: key }) =>
        heard.push({ key, message, content: JSON.parse(Buffer.from(message.body).toString()) }),
    }),
  );
}

function dispatcher(options: { readonly taskEvents?: boolean; readonly batched?: boolean } = {}): Dispatcher {
  const made = new Dispatcher({ app, hostname: 'w1@host', taskEvents: true, ...options });
  open.push(made);
  return made;
}

const started = (uuid: string): readonly ['task-started', { readonly uuid: string }] => [
  'task-started',
  { uuid },
];
const uuids = (): unknown[] =>
  heard.flatMap(({ content }) => (content as { uuid: string }[]).map(({ uuid }) => uuid));

test('an event has the head, the fields, the time and the type, in this order', async () => {
  await listen();
  const sender = dispatcher();
  sender.send('worker-elect-ack', { id: 'e' });
  await sender.flush();
  await eventually(() => heard.length === 1);
  const [{ key, message, content }] = heard as [(typeof heard)[number]];
  expect([key, message.headers]).toEqual(['worker.elect.ack', { hostname: 'w1@host' }]);
  expect(message.properties).toEqual({
    contentType: 'application/json',
    contentEncoding: 'utf-8',
    deliveryMode: 1,
    priority: 0,
  });
  expect(Object.entries(content as object)).toEqual([
    ['hostname', 'w1@host'],
    ['utcoffset', hoursWest(clock.now())],
    ['pid', process.pid],
    ['clock', 1],
    ['id', 'e'],
    ['timestamp', clock.now() / 1000],
    ['type', 'worker-elect-ack'],
  ]);
});

test('task events of one turn travel in one list, in order, each with its own clock', async () => {
  await listen();
  const sender = dispatcher();
  for (const uuid of ['a', 'b', 'c']) sender.send(...started(uuid));
  await eventually(() => heard.length > 0);
  expect(heard.map(({ key }) => key)).toEqual(['task.multi']);
  expect(heard[0]?.content).toMatchObject([
    { uuid: 'a', clock: 1 },
    { uuid: 'b', clock: 2 },
    { uuid: 'c', clock: 3 },
  ]);
});

test('a client’s travel one by one', async () => {
  await listen();
  const sender = dispatcher({ batched: false });
  sender.send(...started('a'));
  sender.send(...started('b'));
  await eventually(() => heard.length === 2);
  expect(heard.map(({ key }) => key)).toEqual(['task.started', 'task.started']);
});

test('task events are switched on and off, those of workers go on', async () => {
  await listen();
  const sender = dispatcher({ taskEvents: false });
  expect(sender.enabled).toBe(false);
  sender.send(...started('never'));
  expect([sender.enable(), sender.enable(), sender.enabled]).toEqual([true, false, true]);
  sender.send(...started('heard'));
  await sender.flush();
  expect([sender.disable(), sender.disable()]).toEqual([true, false]);
  sender.send(...started('never'));
  sender.send('worker-elect-ack', { id: 'e' });
  await sender.flush();
  await eventually(() => heard.length === 2);
  expect(heard.map(({ key }) => key)).toEqual(['task.multi', 'worker.elect.ack']);
});

test('where nobody listens it asks once in two seconds, and is off in between', async () => {
  const sender = dispatcher();
  await clock.advance(10);
  sender.send(...started('a'));
  await sender.flush();
  expect(sender.enabled).toBe(false);
  await listen();
  sender.send(...started('b'));
  await sender.flush();
  expect(heard).toEqual([]);
  await clock.advance(2000);
  expect(sender.enabled).toBe(true);
  sender.send(...started('c'));
  await eventually(() => uuids().includes('c'));
  sender.send(...started('d'));
  await eventually(() => uuids().includes('d'));
  expect(sender.info()).toEqual({ sent: 2, dropped: 0, waiting: 0 });
});

test('somebody who comes and says so is heard at once', async () => {
  const sender = dispatcher();
  await clock.advance(10);
  sender.send(...started('a'));
  await sender.flush();
  await listen();
  sender.listenAgain();
  sender.send(...started('b'));
  await eventually(() => uuids().includes('b'));
});

test('whoever listens to workers alone does not keep task events on', async () => {
  await listen('worker.#');
  const sender = dispatcher();
  await clock.advance(10);
  sender.send(...started('a'));
  await sender.flush();
  expect(sender.enabled).toBe(false);
});

test('while it is paused events wait, and come in order afterwards', async () => {
  await listen();
  const sender = dispatcher();
  sender.pause();
  for (const uuid of ['a', 'b']) sender.send(...started(uuid));
  await sender.flush();
  expect(heard).toEqual([]);
  sender.resume();
  await eventually(() => uuids().length === 2);
  expect(uuids()).toEqual(['a', 'b']);
});

test('a broker that is away costs bounded memory, and a word about what is missing', async () => {
  await listen();
  const sender = dispatcher();
  sender.pause();
  for (let index = 0; index < 25_000; index++) sender.send(...started(String(index)));
  const { dropped, waiting } = sender.info() as { dropped: number; waiting: number };
  expect(waiting).toBeLessThanOrEqual(10_000);
  expect(dropped + waiting).toBe(25_000);
  sender.resume();
  await eventually(() => uuids().at(-1) === '24999');
  expect(uuids()).toHaveLength(waiting);
  await sender.flush();
  expect(logger.find('warn', 'Events were dropped')[0]?.fields).toEqual({ count: dropped });
});

test('what the broker refuses is counted as lost', async () => {
  const sender = dispatcher();
  transport.publishing = 'fail';
  sender.send(...started('a'));
  await sender.flush();
  expect(sender.info()).toEqual({ sent: 0, dropped: 1, waiting: 0 });
});

test('what could not be published is published when the broker is back', async () => {
  await listen();
  const sender = dispatcher();
  transport.failConnects(1);
  sender.send(...started('a'));
  await sender.flush();
  expect(sender.info()).toMatchObject({ sent: 0, waiting: 1 });
  await eventually(() => uuids().includes('a'));
});

test('a broker that hangs keeps nobody waiting at the end', async () => {
  transport.publishing = 'hang';
  const sender = dispatcher();
  sender.send(...started('a'));
  const closing = sender[Symbol.asyncDispose]();
  await eventually(() => clock.waiting > 0);
  await clock.advance(1000);
  await closing;
  sender.send(...started('b'));
  expect(sender.info()).toMatchObject({ sent: 0 });
});

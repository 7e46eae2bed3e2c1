// Receivers, streams and cameras on every broker; RabbitMQ and Redis are those that the tests share.
import { createApp } from '@tq/core';
import type { App } from '@tq/core';
import { eventually, memoryLogger, serviceUrl, uniqueName, within } from '@tq/testkit';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { camera } from '../src/camera.ts';
import { Dispatcher } from '../src/dispatcher.ts';
import { EventReceiver } from '../src/receiver.ts';
import type { ClusterState } from '../src/state.ts';
import { eventsOf } from '../src/stream.ts';
import type { ReceivedEvent } from '../src/vocabulary.ts';

const folder = mkdtempSync(join(tmpdir(), 'tq-events-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const BROKERS = [
  ['memory', () => `memory://${uniqueName('events')}`],
  ['SQLite', () => `sqlite://${join(folder, `${uniqueName('events')}.db`)}`],
  ['Redis', () => serviceUrl('redis').href],
  ['RabbitMQ', () => serviceUrl('amqp').href],
] as const;

describe.each(BROKERS)('on %s', (_, urlOf) => {
  let sender: App;
  let monitor: App;
  let dispatcher: Dispatcher;
  let stop: AbortController;
  const logger = memoryLogger();

  beforeEach(() => {
    // Others use the same broker: an exchange of one's own.
    const conf = { eventExchange: uniqueName('celeryev') };
    const broker = urlOf();
    sender = createApp('sender', { broker, conf, logger });
    monitor = createApp('monitor', { broker, conf, logger });
    dispatcher = new Dispatcher({ app: sender, hostname: 'w1@host', taskEvents: true });
    stop = new AbortController();
  });
  afterEach(async () => {
    stop.abort();
    await dispatcher[Symbol.asyncDispose]();
    await Promise.all([sender.close(), monitor.close()]);
  });

  const started = (uuid: string): void => dispatcher.send('task-started', { uuid });

  /** Receives in the background; resolves when it listens. */
  async function receive(
    handlers: ConstructorParameters<typeof EventReceiver>[0]['handlers'],
    capture: Parameters<EventReceiver['capture']>[0] = {},
  ): Promise<{ readonly receiver: EventReceiver; readonly done: Promise<void> }> {
    let ready!: () => void;
    const listening = new Promise<void>((resolve) => (ready = resolve));
    const receiver = new EventReceiver({ app: monitor, handlers, onListening: ready });
    const done = receiver.capture({ signal: stop.signal, ...capture });
    await Promise.race([listening, done]);
    return { receiver, done };
  }

  test('lists and single events come one by one, in order, to the handler of their type', async () => {
    const seen: string[] = [];
    const { receiver } = await receive({
      'task-started': ({ uuid }) => void seen.push(String(uuid)),
      '*': ({ type }) => void seen.push(type),
    });
    for (const uuid of ['a', 'b']) started(uuid);
    dispatcher.send('worker-elect-ack', { id: 'e' });
    dispatcher.send('task-rejected', { uuid: 'c', requeue: false });
    await eventually(() => seen.length === 4);
    expect(seen.toSorted()).toEqual(['a', 'b', 'task-rejected', 'worker-elect-ack']);
    expect(seen.indexOf('a')).toBeLessThan(seen.indexOf('b'));
    expect([receiver.received, receiver.malformed]).toEqual([4, 0]);
  });

  test('types are chosen, and what else is bound to come is left out', async () => {
    const seen: ReceivedEvent[] = [];
    await receive({ 'task-failed': (event) => void seen.push(event) });
    dispatcher.send('worker-elect-ack', { id: 'e' });
    started('a');
    dispatcher.send('task-failed', { uuid: 'a', exception: 'E()', traceback: null });
    await eventually(() => seen.length === 1);
    expect(seen[0]).toMatchObject({ type: 'task-failed', exception: 'E()', hostname: 'w1@host' });
  });

  test('the Lamport clock of the monitor goes on from what it hears', async () => {
    const seen: ReceivedEvent[] = [];
    await receive({ '*': (event) => void seen.push(event) });
    sender.lamport.adjust(1000);
    started('a');
    await eventually(() => seen.length === 1);
    expect(monitor.lamport.value).toBeGreaterThan(seen[0]?.clock as number);
  });

  test('a capture ends after so many events, and after so long', async () => {
    const { receiver, done } = await receive({ '*': () => undefined }, { limit: 2 });
    for (const uuid of ['a', 'b', 'c']) started(uuid);
    await within(done, 5000, 'two events');
    expect(receiver.received).toBe(2);
    const { done: timed } = await receive({ '*': () => undefined }, { timeout: '50ms' });
    await within(timed, 5000, 'the time-out');
  });

  test('a handler that throws and a message that is no event stop nothing', async () => {
    logger.clear();
    const seen: string[] = [];
    const { receiver } = await receive({
      '*': ({ uuid }) => {
        seen.push(String(uuid));
        if (seen.length === 1) throw new Error('oh');
      },
    });
    started('a');
    await eventually(() => seen.length === 1);
    const { eventExchange: exchangeType } = await sender.producer().traits();
    await sender.producer().publish(
      {
        body: Buffer.from('{'),
        headers: {},
        properties: { contentType: 'application/json', contentEncoding: 'utf-8' },
      },
      { exchange: sender.config.eventExchange, routingKey: 'task.multi', exchangeType },
      { timeoutMs: 5000, retry: undefined, notBeforeMs: undefined },
    );
    started('b');
    await eventually(() => seen.length === 2);
    expect(receiver.malformed).toBe(1);
    expect(logger.find('error', 'A handler of events threw')).toHaveLength(1);
  });

  test('a stream gives events until it is left', async () => {
    let ready!: () => void;
    const listening = new Promise<void>((resolve) => (ready = resolve));
    const reading = (async () => {
      const ids: unknown[] = [];
      for await (const { uuid } of eventsOf(monitor, { onListening: ready, types: ['task-started'] })) {
        ids.push(uuid);
        if (ids.length === 2) break;
      }
      return ids;
    })();
    await listening;
    for (const uuid of ['a', 'b', 'c']) started(uuid);
    expect(await within(reading, 5000, 'two events')).toEqual(['a', 'b']);
  });

  test('a camera takes pictures at intervals, and a last one at the end', async () => {
    let pictures = 0;
    let last: ClusterState | undefined;
    let ready!: () => void;
    const listening = new Promise<void>((resolve) => (ready = resolve));
    const taking = camera(monitor, {
      every: '20ms',
      clearAfter: true,
      signal: stop.signal,
      onListening: ready,
      shutter: (state) => {
        pictures += 1;
        last = state;
        if (pictures === 2) throw new Error('out of film');
      },
    });
    await listening;
    started('a');
    await eventually(() => last?.tasks.has('a') && pictures > 3);
    dispatcher.send('task-succeeded', { uuid: 'a', result: '1', runtime: 1 });
    await eventually(() => last?.tasks.size === 0);
    const before = pictures;
    stop.abort();
    await within(taking, 5000, 'the end of the camera');
    expect(pictures).toBeGreaterThan(before);
    expect(logger.find('error', 'The shutter of a camera threw').length).toBeGreaterThan(0);
  });
});

test('where there is no broker, whoever begins to listen is told', async () => {
  const app = createApp('lonely', { broker: 'amqp://127.0.0.1:1', logger: memoryLogger() });
  await expect(new EventReceiver({ app, handlers: {} }).capture()).rejects.toMatchObject({
    code: 'TQ_BROKER_UNAVAILABLE',
  });
  await expect(camera(app, { shutter: () => undefined })).rejects.toMatchObject({
    code: 'TQ_BROKER_UNAVAILABLE',
  });
  await app.close();
});

test('a rate that is none is refused', async () => {
  const app = createApp('camera', { broker: 'memory://' });
  await expect(camera(app, { shutter: () => undefined, maxRate: 'often' })).rejects.toThrow(
    /maxRate must be/,
  );
  await app.close();
});

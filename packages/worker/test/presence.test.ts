// What a worker tells of itself and its tasks, and what it knows of others; over the memory broker.
import { createApp } from '@tq/core';
import type { App, EventSink } from '@tq/core';
import { eventsOf } from '@tq/events';
import type { ReceivedEvent } from '@tq/events';
import { solo } from '@tq/pool';
import { eventually, FakeClock, memoryLogger, uniqueName } from '@tq/testkit';
import type { MemoryLogger } from '@tq/testkit';
import type { WorkerOptions } from '../src/options.ts';
import { Heart } from '../src/presence/heart.ts';
import { createWorker } from '../src/worker.ts';
import type { Worker } from '../src/worker.ts';

let url: string;
let app: App;
let logger: MemoryLogger;
let apps: App[];
let workers: Worker[];
let listening: AbortController;
let heard: ReceivedEvent[];

beforeEach(() => {
  url = `memory://${uniqueName('presence')}`;
  logger = memoryLogger();
  [apps, workers, heard, listening] = [[], [], [], new AbortController()];
  app = makeApp();
});
afterEach(async () => {
  listening.abort();
  await Promise.all(workers.map((worker) => worker.stop({ how: 'cold' })));
  await Promise.all(apps.map((each) => each.close()));
});

function makeApp(conf: Parameters<typeof createApp>[1] = {}): App {
  const made = createApp('presence', { broker: url, backend: url, logger, ...conf });
  made.task('add', (x: number, y: number) => x + y);
  made.task('fail', () => {
    throw new TypeError('no luck');
  });
  made.task('quiet', { sendEvents: false }, () => 'psst');
  made.task('again', { bind: true, maxRetries: 1, defaultRetryDelay: 0 }, (self) => {
    if (self.request.retries === 0) throw self.retry({ cause: new Error('once more') });
    return 'done';
  });
  made.task('refuse', { bind: true }, (self) => {
    throw self.reject();
  });
  made.task('tell', { bind: true }, async (self) => {
    await self.sendEvent('task-progress', { percent: 50 });
  });
  apps.push(made);
  return made;
}

async function start(options: WorkerOptions & { readonly app?: App } = {}): Promise<Worker> {
  const { app: of = app, ...others } = options;
  const worker = createWorker(of, { pool: solo(), logger, ...others });
  workers.push(worker);
  await worker.start();
  return worker;
}

async function listen(): Promise<void> {
  const monitor = makeApp();
  let ready!: () => void;
  const isListening = new Promise<void>((resolve) => (ready = resolve));
  void (async () => {
    for await (const event of eventsOf(monitor, { signal: listening.signal, onListening: ready }))
      heard.push(event);
  })();
  await isListening;
}

const of = (type: string): ReceivedEvent[] => heard.filter((event) => event.type === type);
const types = (uuid: string): string[] =>
  heard.filter((event) => event['uuid'] === uuid).map(({ type }) => type);
const soon = { timeout: 10 };

describe('task events', () => {
  beforeEach(async () => {
    app.conf.workerSendTaskEvents = true;
    await listen();
    await start({ hostname: 'w1@host' });
  });

  test('tell of a task from its receipt to its result', async () => {
    const sent = await app.sendTask('add', [2, 3], { countdown: 0.01, expires: 60 });
    expect(await sent.get(soon)).toBe(5);
    await eventually(() => types(sent.id).length === 3);
    const [received, started, succeeded] = heard.filter((event) => event['uuid'] === sent.id);
    expect(received).toMatchObject({
      type: 'task-received',
      hostname: 'w1@host',
      pid: process.pid,
      name: 'add',
      args: '(2, 3)',
      kwargs: '{}',
      root_id: sent.id,
      parent_id: null,
      retries: 0,
      eta: expect.stringMatching(/^\d{4}-.*\+00:00$/),
      expires: expect.stringMatching(/^\d{4}-.*\+00:00$/),
    });
    expect(started).toMatchObject({ type: 'task-started' });
    expect(succeeded).toMatchObject({ type: 'task-succeeded', result: '5', runtime: expect.any(Number) });
    const clocks = [received, started, succeeded].map((event) => event?.clock as number);
    expect(clocks).toEqual(clocks.toSorted((a, b) => a - b));
  });

  test('tell of failures, retries, rejections and what a task says itself', async () => {
    const failed = await app.sendTask('fail');
    const again = await app.sendTask('again');
    const refused = await app.sendTask('refuse');
    const told = await app.sendTask('tell');
    await Promise.all([failed.get({ ...soon, propagate: false }), again.get(soon), told.get(soon)]);
    await eventually(() => types(refused.id).includes('task-rejected'));
    await eventually(() => of('task-succeeded').length === 2);
    expect(of('task-failed')[0]).toMatchObject({
      uuid: failed.id,
      exception: "TypeError('no luck')",
      traceback: expect.stringContaining('no luck'),
    });
    expect(types(again.id)).toEqual([
      'task-received',
      'task-started',
      'task-retried',
      'task-received',
      'task-started',
      'task-succeeded',
    ]);
    expect(of('task-retried')[0]).toMatchObject({ exception: expect.stringContaining('once more') });
    expect(of('task-rejected')[0]).toMatchObject({ uuid: refused.id, requeue: false });
    expect(of('task-progress')[0]).toMatchObject({ uuid: told.id, percent: 50 });
  });

  test('tell of what is expired on arrival as revoked, and of nothing else', async () => {
    const sent = await app.sendTask('add', [1, 1], { expires: new Date(Date.now() - 1000) });
    await eventually(() => types(sent.id).length > 0);
    expect(types(sent.id)).toEqual(['task-revoked']);
    expect(of('task-revoked')[0]).toMatchObject({ terminated: false, signum: null, expired: true });
  });

  test('tell of a task that nobody knows as failed', async () => {
    const sent = await app.sendTask('nobody');
    await eventually(() => types(sent.id).length > 0);
    expect(of('task-failed')[0]).toMatchObject({ exception: expect.stringMatching(/^NotRegistered\(/) });
  });

  test('leave out tasks that want none', async () => {
    const sent = await app.sendTask('quiet');
    await sent.get(soon);
    const after = await app.sendTask('add', [1, 1]);
    await eventually(() => types(after.id).length === 3);
    expect(types(sent.id)).toEqual([]);
  });

  test('begin with the client where it tells of its calls', async () => {
    const client = makeApp({ conf: { taskSendSentEvent: true } });
    const sent = await client.sendTask('add', [1, 1]);
    await eventually(() => types(sent.id).includes('task-succeeded'));
    await eventually(() => types(sent.id).includes('task-sent'));
    expect(of('task-sent')[0]).toMatchObject({
      hostname: expect.stringMatching(/^gen\d+@/),
      uuid: sent.id,
      root_id: sent.id,
      parent_id: null,
      name: 'add',
      args: '(1, 1)',
      kwargs: '{}',
      retries: 0,
      eta: null,
      expires: null,
      queue: 'celery',
      routing_key: 'celery',
    });
  });
});

test('without -E a worker tells of itself alone', async () => {
  await listen();
  await start({ hostname: 'w1@host', heartbeat: 0.05 });
  await app.sendTask('add', [1, 1]).get(soon);
  await eventually(() => of('worker-heartbeat').length >= 2);
  expect(of('worker-online')[0]).toMatchObject({
    hostname: 'w1@host',
    freq: 0.05,
    active: 0,
    processed: 0,
    loadavg: [expect.any(Number), expect.any(Number), expect.any(Number)],
    sw_ident: 'tq',
    sw_ver: expect.stringMatching(/^\d+\.\d+\.\d+/),
    sw_sys: expect.any(String),
  });
  await eventually(() => of('worker-heartbeat').at(-1)?.['processed'] === 1);
  await workers[0]?.stop();
  await eventually(() => of('worker-offline').length === 1);
  expect(heard.filter(({ type }) => type.startsWith('task-'))).toEqual([]);
});

test('without heartbeat and gossip it says nothing at all', async () => {
  await listen();
  await start({ heartbeat: false, gossip: false });
  await app.sendTask('add', [1, 1]).get(soon);
  await workers[0]?.stop();
  expect(heard).toEqual([]);
});

test('workers know each other, and notice who is lost', async () => {
  const [one, two] = [makeApp({ logger: memoryLogger() }), makeApp()];
  const first = await start({ app: one, hostname: 'w1@host', heartbeat: 0.1 });
  await start({ app: two, hostname: 'w2@host', heartbeat: 0.1 });
  const peers = (worker: Worker): unknown => (worker.info()['gossip'] as { peers: unknown }).peers;
  await eventually(() => {
    expect(peers(first)).toEqual(['w2@host']);
    expect(peers(workers[1] as Worker)).toEqual(['w1@host']);
    return true;
  });
  await workers[1]?.stop();
  await eventually(() => (peers(first) as unknown[]).length === 0);
});

test('in a large fleet hearts beat more slowly, and say so', async () => {
  const clock = new FakeClock();
  const beats: { readonly type: string; readonly freq: number; readonly atMs: number }[] = [];
  const sink = {
    enabled: false,
    send: (type: string, { freq }: { readonly freq: number }) =>
      void beats.push({ type, freq, atMs: clock.monotonic() }),
  } as unknown as EventSink;
  let peers = 9;
  const counts = (): { active: number; processed: number } => ({ active: 0, processed: 0 });
  const heart = new Heart({ clock, sink, everyMs: 2000, peers: () => peers, version: '1', counts });
  await heart.start();
  await clock.advance(2000);
  peers = 199;
  await clock.advance(62_000);
  await heart.stop();
  expect(beats.pop()).toMatchObject({ type: 'worker-offline' });
  expect(beats.map(({ freq }) => freq)).toEqual([2, 2, 20, 20, 20, 20]);
  expect(beats.map(({ atMs }) => atMs)).toEqual([0, 2000, 4000, 24_000, 44_000, 64_000]);
});

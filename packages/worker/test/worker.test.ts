// A worker composed from parts, in this process: memory transport, solo pool, injected faults.
import { createApp } from '@tq/core';
import type { App, BackendDriver, ResultBackend } from '@tq/core';
import { memory, memoryBackend } from '@tq/memory';
import { asyncPool, solo } from '@tq/pool';
import { eventually, FaultyTransport, memoryLogger, uniqueName } from '@tq/testkit';
import type { MemoryLogger } from '@tq/testkit';
import { createWorker } from '../src/worker.ts';
import type { Worker } from '../src/worker.ts';
import type { WorkerOptions } from '../src/options.ts';

let app: App;
let transport: FaultyTransport;
let backend: FaultyBackend;
let logger: MemoryLogger;
let workers: Worker[];

/** Refuses to store for as long as it is told to. */
class FaultyBackend implements BackendDriver {
  failures = 0;

  async connect(...args: Parameters<BackendDriver['connect']>): Promise<ResultBackend> {
    const inner = await memoryBackend.connect(...args);
    return new Proxy(inner, {
      get: (target, key) => {
        if (key === 'store' && this.failures > 0) {
          return () => {
            this.failures--;
            return Promise.reject(new Error('backend down (injected)'));
          };
        }
        const value = Reflect.get(target, key) as unknown;
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  }
}

beforeEach(() => {
  const url = `memory://${uniqueName('worker')}`;
  transport = new FaultyTransport(memory);
  backend = new FaultyBackend();
  logger = memoryLogger();
  workers = [];
  app = createApp('composed', { broker: { transport, url }, backend: { driver: backend, url }, logger });
  app.task('add', (x: number, y: number) => x + y);
});
afterEach(async () => {
  await Promise.all(workers.map((worker) => worker.stop({ how: 'cold' })));
  await app.close();
});

async function start(options: WorkerOptions = {}): Promise<Worker> {
  const worker = createWorker(app, { pool: solo(), logger, ...options });
  workers.push(worker);
  await worker.start();
  return worker;
}

const dead = async (): Promise<number> =>
  (await (await app.producer().channel()).declareQueue({ name: 'tq.dead' })).messages;
const waiting = async (queue = 'celery'): Promise<number> =>
  (await (await app.producer().channel()).declareQueue({ name: queue })).messages;
const soon = { timeout: 10 };

test('it consumes, runs, stores and acknowledges', async () => {
  await start();
  expect(await app.sendTask('add', [2, 2]).get(soon)).toBe(4);
  expect(logger.find('info', 'succeeded in')[0]?.message).toMatch(
    /^Task add\[.+\] succeeded in [\d.e-]+s: 4$/,
  );
  expect(await waiting()).toBe(0);
});

test('a lost connection is rebuilt, with its consumers', async () => {
  await start();
  for (let round = 0; round < 5; round++) {
    transport.failConnects(round % 3);
    await transport.loseConnections();
    expect(
      await app
        .sendTask('add', [round, 1], { retryPolicy: { maxRetries: 20, intervalStep: 0.05 } })
        .get(soon),
    ).toBe(round + 1);
  }
  expect(logger.find('warn', 'Connection to broker lost').length).toBe(5);
});

test('a worker without a broker at its start waits for it', async () => {
  transport.failConnects(3);
  await start();
  expect(transport.attempts).toBe(4);
  expect(logger.find('error', 'Cannot connect to the broker').length).toBe(3);
});

test('a worker that is stopped before it has found its broker never says that it is ready', async () => {
  transport.failConnects(100);
  const worker = createWorker(app, { pool: solo(), logger });
  workers.push(worker);
  const started = worker.start().catch(() => undefined);
  await eventually(() => logger.find('error', 'Cannot connect').length > 0, { what: 'a failed attempt' });
  await worker.stop();
  await started;
  expect(logger.find('info', 'ready.')).toEqual([]);
});

test('a worker that may not wait ends with exit code 69 and the reason', async () => {
  app.conf.brokerConnectionRetryOnStartup = false;
  transport.failConnects(1);
  const worker = createWorker(app, { pool: solo(), logger });
  workers.push(worker);
  await expect(worker.start()).rejects.toMatchObject({ code: 'TQ_BROKER_UNAVAILABLE' });
  expect(await worker.finished).toMatchObject({ exitCode: 69 });
});

test('a result that cannot be stored at first is stored later, and only then acknowledged', async () => {
  await start();
  backend.failures = 3;
  expect(await app.sendTask('add', [1, 2]).get(soon)).toBe(3);
  expect(logger.find('error', "Can't store the result").length).toBeGreaterThanOrEqual(2);
  await eventually(async () => (await waiting()) === 0);
});

test('when a link cannot be sent, the task goes back instead of losing it', async () => {
  let runs = 0;
  app.task('counted', () => ++runs);
  app.conf.publishTimeout = '200ms';
  await start();
  await app.sendTask('add', [1, 1]).get(soon);
  transport.publishing = 'pass';
  const sent = app.sendTask('counted', [], {
    link: app.signature('add', [10], { taskId: uniqueName('linked') }),
  });
  await sent;
  transport.publishing = 'fail';
  await eventually(() => logger.find('error', "Can't settle counted").length > 0, { timeoutMs: 10_000 });
  transport.publishing = 'pass';
  await sent.get(soon);
  expect(runs).toBeGreaterThan(1);
});

test('a task whose queue is unknown to the worker stays where it is', async () => {
  await start();
  await app.sendTask('add', [1, 1], { queue: 'elsewhere' });
  expect(await waiting('elsewhere')).toBe(1);
});

test('only the chosen queues are consumed', async () => {
  await start({ queues: ['hipri'] });
  await app.sendTask('add', [1, 1]);
  expect(await app.sendTask('add', [1, 2], { queue: 'hipri' }).get(soon)).toBe(3);
  expect(await waiting()).toBe(1);
});

test('purging removes what waits before consuming', async () => {
  await app.sendTask('add', [1, 1]);
  await app.sendTask('add', [1, 2]);
  await start({ purge: true });
  expect(logger.find('warn', 'Erased 2 messages').length).toBe(1);
});

test('unknown tasks fail for their callers and are kept', async () => {
  await start();
  await expect(app.sendTask('nope').get(soon)).rejects.toMatchObject({ code: 'TQ_NOT_REGISTERED' });
  await eventually(async () => (await dead()) === 1);
});

test('the log says which task may have been meant by an unknown one', async () => {
  await start();
  await app.sendTask('ad').get({ ...soon, propagate: false });
  expect(logger.find('error', 'Was add meant?').length).toBe(1);
});

test('without a dead letter queue what cannot be run is dropped, with the reason in the log', async () => {
  app.conf.taskDeadLetterQueue = null;
  await start();
  await app.sendTask('nope').get({ ...soon, propagate: false });
  expect(logger.find('error', 'Refusing nope').length).toBe(1);
  expect(await dead()).toBe(0);
});

test('failures that are not acknowledged become dead letters', async () => {
  app.task('broken', { acksOnFailureOrTimeout: false }, () => {
    throw new Error('broken');
  });
  await start();
  await expect(app.sendTask('broken').get(soon)).rejects.toThrow('broken');
  await eventually(async () => (await dead()) === 1);
});

test('expected errors are logged without a stack', async () => {
  class NotFound extends Error {
    override readonly name = 'NotFound';
  }
  app.task('search', { throws: [NotFound] }, () => {
    throw new NotFound('nowhere');
  });
  await start();
  await expect(app.sendTask('search').get(soon)).rejects.toThrow('nowhere');
  expect(logger.find('info', 'raised expected').length).toBe(1);
  expect(logger.find('error', 'search').length).toBe(0);
});

test('ignored results are not stored, errors are if they shall be', async () => {
  app.task('quiet', { ignoreResult: true }, () => 1);
  app.task('loud', { ignoreResult: true, storeErrorsEvenIfIgnored: true }, () => {
    throw new Error('loud');
  });
  await start();
  const quiet = await app.sendTask('quiet', [], { ignoreResult: true });
  await eventually(() => logger.find('info', `quiet[${quiet.id}] succeeded`).length === 1);
  expect(await quiet.state()).toBe('PENDING');
  const loud = await app.sendTask('loud', [], { ignoreResult: true });
  await expect(app.asyncResult(loud.id).get(soon)).rejects.toThrow('loud');
});

test('STARTED is kept when it is asked for', async () => {
  app.task('tracked', { trackStarted: true }, async () => {
    await app.clock.sleep(50);
    return 'done';
  });
  await start({ hostname: 'w1@example' });
  const states: unknown[] = [];
  await app
    .sendTask('tracked')
    .get({ ...soon, onMessage: (meta) => states.push([meta.status, meta.result]) });
  expect(states).toEqual([
    ['STARTED', { pid: process.pid, hostname: 'w1@example' }],
    ['SUCCESS', 'done'],
  ]);
});

test('extended results say what ran where', async () => {
  app.conf.resultExtended = true;
  await start({ hostname: 'w1@example' });
  const res = await app.sendTask('add', [1, 2]);
  await res.get(soon);
  expect(await res.meta()).toMatchObject({ name: 'add', worker: 'w1@example', retries: 0, queue: 'celery' });
});

test('components start and stop with their ring', async () => {
  const log: string[] = [];
  const component = (name: string) => ({
    name,
    start: () => Promise.resolve(void log.push(`start ${name}`)),
    stop: () => Promise.resolve(void log.push(`stop ${name}`)),
  });
  const worker = await start({
    components: { outer: [component('outer')], inner: () => [component('inner')] },
  });
  await transport.loseConnections();
  await eventually(() => log.filter((line) => line === 'start inner').length === 2);
  await worker.stop();
  expect(log).toEqual([
    'start outer',
    'start inner',
    'stop inner',
    'start inner',
    'stop inner',
    'stop outer',
  ]);
});

test('a component that does not start makes the worker end with its error', async () => {
  const worker = createWorker(app, {
    pool: solo(),
    logger,
    components: {
      outer: [
        { name: 'bad', start: () => Promise.reject(new Error('bad part')), stop: () => Promise.resolve() },
      ],
    },
  });
  workers.push(worker);
  await expect(worker.start()).rejects.toThrow('bad part');
  expect(await worker.finished).toMatchObject({ exitCode: 1 });
});

test('stop() may come before start(), and twice', async () => {
  const worker = createWorker(app, { pool: solo(), logger });
  await worker.stop();
  expect(await worker.finished).toEqual({ exitCode: 0 });
  const other = await start();
  await Promise.all([other.stop(), other.stop()]);
  expect(await other.finished).toEqual({ exitCode: 0 });
});

test('hard limits are refused where they cannot be kept', async () => {
  app.task('limited', { timeLimit: 5 }, () => 1);
  await expect(createWorker(app, { pool: solo(), logger }).prepare()).rejects.toThrow(
    /"solo" can't end a task by force.*limited/,
  );
});

test('pools of other processes ask for the module of the app', async () => {
  await expect(createWorker(app, { pool: asyncPool(), logger }).prepare()).rejects.toThrow(
    'module: import.meta.url',
  );
});

test('a listener that throws changes nothing', async () => {
  app.hooks.on('taskReceived', () => {
    throw new Error('listener');
  });
  await start();
  expect(await app.sendTask('add', [1, 1]).get(soon)).toBe(2);
  expect(logger.find('error', 'taskReceived').length).toBe(1);
});

test('a link that can never be sent fails for those who wait for it, and its task is done', async () => {
  app.conf.maxMessageBytes = 2000;
  app.task('long', () => 'x'.repeat(3000));
  await start();
  const linked = uniqueName('linked');
  expect(
    await app.sendTask('long', [], { link: app.signature('add', [1], { taskId: linked }) }).get(soon),
  ).toHaveLength(3000);
  await expect(app.asyncResult(linked).get(soon)).rejects.toThrow('maxMessageBytes');
  expect(await waiting()).toBe(0);
});

test('the body of a chord, which nobody counts yet, fails for those who wait for it', async () => {
  await start();
  const body = app.signature('add', [], { taskId: uniqueName('body') });
  expect(await app.sendTask('add', [1, 1], { chord: body }).get(soon)).toBe(2);
  const id = body.data.options?.['task_id'] as string;
  await expect(app.asyncResult(id).get(soon)).rejects.toMatchObject({ code: 'TQ_CHORD' });
});

test.each([
  ['warm', 5000],
  ['cold', 250],
] as const)(
  'a %s stop does not wait for a result that cannot be stored: its message goes back',
  async (how, patienceMs) => {
    const worker = await start();
    backend.failures = Infinity;
    const result = await app.sendTask('add', [1, 2]);
    await eventually(() => logger.find('error', "Can't store the result").length > 0);
    const startedMs = performance.now();
    await worker.stop({ how });
    expect(performance.now() - startedMs).toBeLessThan(patienceMs + 3000);
    backend.failures = 0;
    await start();
    expect(await result.get({ timeout: 10 })).toBe(3);
  },
);

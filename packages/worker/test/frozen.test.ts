// A worker whose connection looks well and brings nothing.
import { createApp } from '@tq/core';
import type { App, BackendDriver } from '@tq/core';
import { deferred } from '@tq/core/internal';
import { memory, memoryBackend } from '@tq/memory';
import { solo } from '@tq/pool';
import { FakeClock, FaultyTransport, memoryLogger, uniqueName } from '@tq/testkit';
import { createWorker } from '../src/worker.ts';
import type { Worker } from '../src/worker.ts';

/** Gets done with storing when it is let go. */
let storage = deferred();

const stuckBackend: BackendDriver = {
  async connect(...args) {
    const inner = await memoryBackend.connect(...args);
    return new Proxy(inner, {
      get(target, key) {
        if (key === 'store') return () => storage.promise;
        const value = Reflect.get(target, key) as unknown;
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  },
};

let clock: FakeClock;
let transport: FaultyTransport;
let app: App;
let worker: Worker;
let ran: number[];

beforeEach(async () => {
  clock = new FakeClock();
  transport = new FaultyTransport(memory);
  const url = `memory://${uniqueName('frozen')}`;
  const logger = memoryLogger();
  app = createApp('frozen', {
    broker: { transport, url },
    backend: { driver: stuckBackend, url },
    clock,
    logger,
    // What is on its way into a frozen worker waits nowhere: the queue has to hold more than that.
    conf: { workerPrefetchMultiplier: 2, taskIgnoreResult: true },
  });
  ran = [];
  app.task('note', (n: number) => void ran.push(n));
  worker = createWorker(app, { pool: solo(), logger });
  await worker.start();
});
afterEach(async () => {
  storage.resolve();
  await Promise.all([worker.stop({ how: 'cold' }), passUntil(() => isStopped)]);
  await app.close();
});

let isStopped: boolean;
beforeEach(() => {
  isStopped = false;
  storage = deferred();
  void worker.finished.then(() => (isStopped = true));
});

/** Lets the time of the app pass, and the event loop turn, until something is so. Resolves with how long it took, in seconds. */
async function passUntil(isSo: () => boolean, mostSeconds = 300): Promise<number> {
  for (let seconds = 0; seconds <= mostSeconds; seconds++) {
    for (let turn = 0; turn < 20; turn++) {
      if (isSo()) return seconds;
      await new Promise((resolve) => setImmediate(resolve));
    }
    await clock.advance(1000);
  }
  throw new Error(`Nothing of it in ${mostSeconds} s`);
}

const send = (count: number): Promise<unknown> =>
  Promise.all(Array.from({ length: count }, (_, n) => app.sendTask('note', [n])));

test('connects anew within 20 s when messages wait and none comes', async () => {
  await send(1);
  await passUntil(() => ran.length === 1);
  transport.freeze();
  await send(20);
  expect(await passUntil(() => transport.attempts > 2)).toBeLessThanOrEqual(20);
  transport.thaw();
  await passUntil(() => new Set(ran).size === 20);
  expect(ran).toHaveLength(21);
});

test('ends with the reason when three new connections bring nothing either', async () => {
  transport.freeze();
  await send(20);
  await passUntil(() => isStopped);
  const { exitCode, error } = await worker.finished;
  expect(exitCode).toBe(1);
  expect(error).toMatchObject({ code: 'TQ_CONSUMER_FROZEN' });
  expect(error?.message).toMatch(/^The queue "celery" holds \d+ messages, this worker has room for them/);
  expect(transport.attempts).toBe(5); // the publisher's, the first, and three more
});

test('has nothing to complain of while the queues are empty, or its hands are full', async () => {
  let release: (() => void) | undefined;
  app.task('hold', () => new Promise<void>((resolve) => (release = resolve)));
  await app.sendTask('hold');
  await passUntil(() => release !== undefined);
  await send(20);
  for (let seconds = 0; seconds < 120; seconds++) await clock.advance(1000);
  expect(ran).toEqual([]);
  expect(transport.attempts).toBe(2);
  release?.();
  await passUntil(() => ran.length === 20);
  for (let seconds = 0; seconds < 120; seconds++) await clock.advance(1000);
  expect(transport.attempts).toBe(2);
});

test('waits for results to be stored, however long that takes', async () => {
  app.task('kept', { ignoreResult: false }, (n: number) => void ran.push(n));
  await Promise.all(Array.from({ length: 20 }, (_, n) => app.sendTask('kept', [n])));
  await passUntil(() => ran.length > 0);
  for (let seconds = 0; seconds < 120; seconds++) await clock.advance(1000);
  expect(transport.attempts).toBe(2);
});

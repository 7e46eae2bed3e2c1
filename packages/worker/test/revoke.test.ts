// Revokes in a worker composed from parts, in this process: memory transport, solo pool.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApp, current, TaskRevokedError } from '@tq/core';
import type { App, Channel, Transport } from '@tq/core';
import { memory, memoryBackend } from '@tq/memory';
import { solo } from '@tq/pool';
import { eventually, memoryLogger, uniqueName } from '@tq/testkit';
import type { MemoryLogger } from '@tq/testkit';
import { createWorker } from '../src/worker.ts';
import type { Worker } from '../src/worker.ts';
import type { WorkerOptions } from '../src/options.ts';

/** A broker that doesn't hold messages until their time, as RabbitMQ and Redis don't: the worker waits. */
const transport: Transport = {
  traits: { ...memory.traits, delays: false },
  async connect(...args) {
    const connection = await memory.connect(...args);
    const openChannel = async (): Promise<Channel> => {
      const channel = await connection.openChannel();
      const publish: Channel['publish'] = (message, { notBeforeMs: _, ...to }) =>
        channel.publish(message, to);
      return overlaid(channel, { publish });
    };
    return overlaid(connection, { openChannel });
  },
};

function overlaid<T extends object>(inner: T, own: Partial<T>): T {
  return new Proxy(inner, {
    get(target, key) {
      const value: unknown = Reflect.get(key in own ? own : target, key);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

let app: App;
let logger: MemoryLogger;
let workers: Worker[];
let ran: string[];
const events: { readonly type: string; readonly fields: Readonly<Record<string, unknown>> }[] = [];

beforeEach(() => {
  const url = `memory://${uniqueName('revoke')}`;
  logger = memoryLogger();
  workers = [];
  ran = [];
  events.length = 0;
  app = createApp('revoking', {
    broker: { transport, url },
    backend: { driver: memoryBackend, url },
    logger,
  });
  app.task('note', (what: string) => void ran.push(what));
  app.task('hang', async () => {
    ran.push('hang');
    const { signal } = current()!;
    await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
  });
});
afterEach(async () => {
  await Promise.all(workers.map((worker) => worker.stop({ how: 'cold' })));
  await app.close();
});

async function start(options: WorkerOptions = {}): Promise<Worker> {
  const worker = createWorker(app, {
    pool: solo(),
    logger,
    events: { enabled: true, send: (type, fields) => void events.push({ type, fields: { ...fields } }) },
    ...options,
  });
  workers.push(worker);
  await worker.start();
  return worker;
}

const soon = { timeout: 10 };
const revokedEvent = (id: string): unknown =>
  events.find(({ type, fields }) => type === 'task-revoked' && fields['uuid'] === id)?.fields;

test('a task that waits for its ETA is settled at once, and whoever waits is told', async () => {
  await start();
  const result = await app.sendTask('note', ['later'], { countdown: 60 });
  await eventually(async () => Object.values(await app.control.inspect().scheduled())[0]?.length === 1, {
    what: 'the task to be scheduled',
  });
  const replies = await app.control.revoke(result.id, { reply: true });
  expect(Object.values(replies)).toEqual([{ ok: `tasks {'${result.id}'} flagged as revoked` }]);
  await expect(result.get(soon)).rejects.toMatchObject({ code: 'TQ_TASK_REVOKED' });
  await eventually(() => revokedEvent(result.id), { what: 'the event' });
  expect(revokedEvent(result.id)).toEqual({
    uuid: result.id,
    terminated: false,
    signum: null,
    expired: false,
  });
  expect(Object.values(await app.control.inspect().scheduled())).toEqual([[]]);
  expect(ran).toEqual([]);
});

test('a task that is in the pool and has not started goes at once; the one that runs goes on', async () => {
  app.conf.workerPrefetchMultiplier = 4;
  await start();
  const running = await app.sendTask('hang');
  const waiting = await app.sendTask('note', ['never']);
  await eventually(async () => Object.values(await app.control.inspect().reserved())[0]?.length === 1, {
    what: 'the second task to wait',
  });
  await app.control.revoke([running.id, waiting.id], { reply: true });
  await eventually(() => revokedEvent(waiting.id), { what: 'the event of the task that waited' });
  expect(Object.values(await app.control.inspect().active())[0]?.map(({ id }) => id)).toEqual([running.id]);
  await app.control.revoke(running.id, { terminate: true, reply: true });
  await eventually(() => revokedEvent(running.id), { what: 'the event of the task that ran' });
  expect(revokedEvent(running.id)).toEqual({
    uuid: running.id,
    terminated: true,
    signum: 15,
    expired: false,
  });
  expect(ran).toEqual(['hang']);
});

test('an id is known before its task is sent, with dashes or without', async () => {
  await start();
  const id = '0e12af10-1dd5-4210-910a-862e820cf2c8';
  await app.control.revoke(id.replaceAll('-', ''), { reply: true });
  await expect(app.sendTask('note', ['never'], { taskId: id }).get(soon)).rejects.toMatchObject({
    code: 'TQ_TASK_REVOKED',
  });
  expect(Object.values(await app.control.inspect().revoked())).toEqual([[id]]);
  expect(ran).toEqual([]);
});

test('a task that was revoked while no worker ran never starts, and its state is known at once', async () => {
  const results = await Promise.all([1, 2, 3].map((n) => app.sendTask('note', [String(n)])));
  const revoked = results[1]!;
  await revoked.revoke();
  expect(await revoked.state()).toBe('REVOKED');
  await start();
  await results[2]!.get(soon);
  expect(ran).toEqual(['1', '3']);
});

test('stamps revoke what has them, and nothing else', async () => {
  await start();
  await app.control.revokeByStampedHeaders({ customer: ['a', 'b'] }, { reply: true });
  const send = (customer: string | string[]): Promise<unknown> =>
    app.sendTask('note', [String(customer)], { stamps: { customer } }).get({ ...soon, propagate: false });
  expect(await send('a')).toBeInstanceOf(TaskRevokedError);
  expect(await send(['x', 'b'])).toBeInstanceOf(TaskRevokedError);
  await send('c');
  expect(ran).toEqual(['c']);
});

test('revoked ids survive restarts in the state file', async () => {
  const stateDb = join(mkdtempSync(join(tmpdir(), 'tq-state-')), '%n.json');
  await (await start({ stateDb, hostname: 'w1@here' })).stop();
  let worker = await start({ stateDb, hostname: 'w1@here' });
  await app.control.revoke(['one', 'two'], { reply: true });
  for (let restart = 0; restart < 3; restart++) {
    await worker.stop();
    worker = await start({ stateDb, hostname: 'w1@here' });
  }
  expect(await app.control.inspect().revoked()).toEqual({ 'w1@here': ['one', 'two'] });
});

test('AsyncResult.revoke() of a finished task changes nothing', async () => {
  await start();
  const result = await app.sendTask('note', ['done']);
  await result.get(soon);
  await result.revoke({ reply: true });
  expect(await app.asyncResult(result.id).state()).toBe('SUCCESS');
});

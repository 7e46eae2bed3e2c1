// Routing and serializers from the call to the result: memory transport, solo pool.
import { broadcast, createApp, Uuid, workerDirect } from '@tq/core';
import type { App, Delivery, TaskContext } from '@tq/core';
import { memory } from '@tq/memory';
import { solo } from '@tq/pool';
import { eventually, memoryLogger, uniqueName } from '@tq/testkit';
import { createWorker } from '../src/worker.ts';
import type { Worker } from '../src/worker.ts';
import type { WorkerOptions } from '../src/options.ts';

let app: App;
let workers: Worker[];
const soon = { timeout: 10 };
const keys = new URL('../../core/test/recorded/security/', import.meta.url).pathname;

beforeEach(() => {
  const url = `memory://${uniqueName('routing')}`;
  workers = [];
  app = createApp('routed', { broker: { transport: memory, url }, backend: url, logger: memoryLogger() });
  app.task('echo', (value: unknown) => value);
  app.task('where', { bind: true }, (self: TaskContext) => {
    const { exchange, routingKey } = self.request.deliveryInfo;
    return { exchange, routingKey };
  });
  app.task('again', { bind: true, maxRetries: 2 }, (self: TaskContext, value: number) => {
    if (self.request.retries < 2) throw self.retry({ countdown: 0, args: [value + 1] });
    return value;
  });
});
afterEach(async () => {
  await Promise.all(workers.map((worker) => worker.stop({ how: 'cold' })));
  await app.close();
});

async function start(options: WorkerOptions = {}): Promise<Worker> {
  const worker = createWorker(app, { pool: solo(), logger: memoryLogger(), ...options });
  workers.push(worker);
  await worker.start();
  return worker;
}

async function firstOf(queue: string): Promise<Delivery> {
  const connection = await app.connect();
  try {
    const channel = await connection.openChannel();
    return await new Promise<Delivery>((resolve, reject) => {
      channel.consume(queue, resolve, { noAck: true }).catch(reject);
    });
  } finally {
    await connection.close();
  }
}

async function send(body: Uint8Array, contentType: string): Promise<string> {
  const id = uniqueName('id');
  const channel = await app.producer().channel();
  await channel.declareQueue({ name: 'celery' });
  await channel.publish(
    {
      body,
      headers: { task: 'echo', id, lang: 'py' },
      properties: { contentType, contentEncoding: 'binary', correlationId: id },
    },
    { exchange: '', routingKey: 'celery' },
  );
  return id;
}

describe('exchanges of every type lead to their queues', () => {
  test.each([
    ['topic', { routingKey: 'feed.#' }, { exchange: 'x', routingKey: 'feed.uk.sport' }],
    ['fanout', {}, { exchange: 'x', routingKey: 'whatever' }],
    ['direct', { routingKey: 'k' }, { exchange: 'x', routingKey: 'k' }],
    [
      'headers',
      { bindingArguments: { 'x-match': 'all', tenant: 'acme' } },
      { exchange: 'x', routingKey: 'k', headers: { tenant: 'acme' } },
    ],
  ] as const)('%s', async (exchangeType, queue, call) => {
    app.conf.taskQueues = [{ name: 'q', exchange: 'x', exchangeType, ...queue }];
    await start();
    const { exchange, routingKey } = call;
    await expect(app.sendTask('where', [], call).get(soon)).resolves.toEqual({ exchange, routingKey });
  });

  test('a queue of several bindings takes what comes by any of them', async () => {
    const exchange = { name: 'logs', type: 'topic' } as const;
    app.conf.taskQueues = [
      { name: 'q', exchange: 'x', routingKey: 'k', bindings: [{ exchange, routingKey: 'error.*' }] },
    ];
    await start();
    for (const call of [
      { exchange: 'x', routingKey: 'k' },
      { exchange: 'logs', routingKey: 'error.disk' },
      { queue: 'q' },
    ])
      await expect(app.sendTask('echo', [1], call).get(soon)).resolves.toBe(1);
  });
});

test('of a broadcast every worker gets a copy', async () => {
  const seen: string[] = [];
  app.task('seen', { bind: true, ignoreResult: true }, (self: TaskContext) => {
    seen.push(self.request.hostname ?? '');
  });
  app.conf.update({ taskQueues: [broadcast('bc')], taskRoutes: { seen: 'bc' } });
  await start({ hostname: 'w1@here' });
  await start({ hostname: 'w2@here' });
  await app.sendTask('seen');
  await eventually(() => seen.length === 2);
  expect(seen.sort()).toEqual(['w1@here', 'w2@here']);
});

test('with workerDirect a call can be sent to one worker', async () => {
  app.conf.workerDirect = true;
  app.task('name', { bind: true }, (self: TaskContext) => self.request.hostname);
  await start({ hostname: 'w1@here' });
  await start({ hostname: 'w2@here' });
  for (const name of ['w2@here', 'w1@here', 'w2@here'])
    await expect(app.sendTask('name', [], { queue: workerDirect(name) }).get(soon)).resolves.toBe(name);
});

describe.each(['yaml', 'msgpack', 'auth'])('with the serializer %s', (serializer) => {
  beforeEach(() => {
    if (serializer === 'auth')
      app.setupSecurity({
        key: `${keys}store/node.key`,
        cert: `${keys}store/node.pem`,
        store: `${keys}store/*.pem`,
      });
    else app.conf.update({ taskSerializer: serializer, acceptContent: [serializer] });
  });

  test('arguments arrive, links are sent on, results come back', async () => {
    await start();
    const value = { text: 'ü', list: [1, 2.5, null, true], bytes: Buffer.from([0, 255]) };
    await expect(app.sendTask('echo', [value]).get(soon)).resolves.toEqual(value);
    const taskId = uniqueName('linked');
    await app.sendTask('echo', [7], { link: app.signature('echo', [], { taskId }) });
    await expect(app.asyncResult(taskId).get(soon)).resolves.toBe(7);
  });

  test('a retry with other arguments is written in the same format', async () => {
    await start();
    await expect(app.sendTask('again', [1]).get(soon)).resolves.toBe(3);
  });

  test('JSON is not accepted then: it is dead-lettered, and the caller hears of it', async () => {
    await start();
    const id = await send(Buffer.from('[[1], {}, {}]'), 'application/json');
    await expect(app.asyncResult(id).get(soon)).rejects.toThrow(
      'Refusing content of type "application/json"',
    );
    expect((await firstOf('tq.dead')).message.headers['x-tq-death']).toMatchObject({
      reason: 'content-type',
    });
  });
});

test('pickle is never read: it is dead-lettered with the reason, and the caller hears of it', async () => {
  app.conf.acceptContent = ['json', 'pickle', 'application/x-python-serialize'];
  await start();
  const id = await send(Buffer.from('800495', 'hex'), 'application/x-python-serialize');
  await expect(app.asyncResult(id).get(soon)).rejects.toThrow('Pickle runs code of the sender');
  const { message } = await firstOf('tq.dead');
  expect(message.headers['x-tq-death']).toMatchObject({
    reason: 'content-type',
    detail: expect.stringContaining('Pickle runs code of the sender') as string,
  });
});

test('what a format has no form for is refused where it is sent', async () => {
  const call = app.sendTask('echo', [{ id: Uuid.from('1'.repeat(32)) }], { serializer: 'msgpack' });
  await expect(call).rejects.toThrow("args[0].id can't be sent: MessagePack has no form for Python's uuid");
});

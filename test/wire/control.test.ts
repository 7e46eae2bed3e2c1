// Remote control recorded from Celery: its commands are read and written alike, and a tq worker's answers have its shapes.
import { createApp, current } from '@tq/core';
import type { App } from '@tq/core';
import { decodeAnswer, decodeCommand, encodeCommand, Mailbox } from '@tq/control';
import { decodeJson } from '@tq/core/internal';
import { memory, memoryBackend } from '@tq/memory';
import { solo } from '@tq/pool';
import { eventually, memoryLogger, uniqueName } from '@tq/testkit';
import { createWorker } from '@tq/worker';
import type { Worker } from '@tq/worker';
import { bodyBytes, vector, vectorsOf } from './vectors.ts';
import type { Vector } from './vectors.ts';

const FILES = ['control-amqp', 'control-amqp-5.2.6', 'control-redis'] as const;
const NODE = 'w1@worker1.example';

const requests = FILES.flatMap((file) =>
  vectorsOf(file)
    .filter(({ id }) => id.endsWith('-request'))
    .map((each) => [file, each.id, each] as const),
);
const answers = FILES.flatMap((file) =>
  vectorsOf(file)
    // Of the report only the text was kept.
    .filter(({ id }) => /-reply(-\d)?$/.test(id) && id !== 'report-reply')
    .map((each) => [file, each.id, each] as const),
);

function deliveryOf(each: Vector): Parameters<typeof decodeCommand>[1] {
  return {
    message: {
      body: bodyBytes(each),
      headers: each.headers ?? {},
      properties: { contentType: 'application/json', contentEncoding: 'utf-8' },
    },
  };
}

const app = createApp('wire');

test.each(requests)('%s %s is read, and written as Celery writes it', (_, __, each) => {
  const command = decodeCommand(app, deliveryOf(each));
  const { clock, expires } = each.headers as { readonly clock: number; readonly expires: number };
  const { body, headers, properties } = encodeCommand(app, command, { clock, expires });
  expect(decodeJson(Buffer.from(body).toString())).toEqual(each.body);
  expect(headers).toEqual(each.headers);
  expect(properties).toMatchObject({ contentType: 'application/json', deliveryMode: 2, priority: 0 });
});

test.each(answers)('%s %s is read', (_, __, each) => {
  const answer = decodeAnswer(app, deliveryOf(each));
  expect(answer.replies).toEqual(each.body);
  expect(answer.ticket).toBe(each.headers?.['ticket']);
});

test('the names of exchanges and queues are those of Celery', async () => {
  const celery = createApp('celery', { conf: { controlQueueExclusive: false } });
  const declared: unknown[] = [];
  const channel = new Proxy(
    {},
    { get: (_, verb: string) => (spec: unknown) => void declared.push([verb, spec]) },
  ) as Parameters<Mailbox['openNode']>[0];
  const mailbox = new Mailbox(celery.config);
  expect(await mailbox.openNode(channel, NODE)).toBe(`${NODE}.celery.pidbox`);
  expect(await mailbox.openAnswers(channel, 'oid')).toBe('oid.reply.celery.pidbox');
  expect(declared).toContainEqual([
    'declareQueue',
    {
      name: `${NODE}.celery.pidbox`,
      durable: false,
      autoDelete: true,
      arguments: { 'x-expires': 10_000, 'x-message-ttl': 300_000 },
    },
  ]);
  expect(declared).toContainEqual([
    'declareExchange',
    { name: 'celery.pidbox', type: 'fanout', durable: false },
  ]);
  expect(declared).toContainEqual([
    'declareExchange',
    { name: 'reply.celery.pidbox', type: 'direct', durable: false },
  ]);
});

describe('a tq worker answers', () => {
  let fleet: App;
  let worker: Worker;

  beforeAll(async () => {
    const url = `memory://${uniqueName('wire-control')}`;
    fleet = createApp('proj', {
      broker: { transport: memory, url },
      backend: { driver: memoryBackend, url },
      logger: memoryLogger(),
      conf: { workerPrefetchMultiplier: 4, securityKeyPassword: 'secret' },
    });
    for (const name of ['add', 'echo']) fleet.task(`proj.${name}`, (...args: unknown[]) => args);
    fleet.task('proj.sleepy', async () => {
      const { signal } = current()!;
      await new Promise((_, reject) =>
        signal.addEventListener('abort', () => reject(signal.reason as Error)),
      );
    });
    worker = createWorker(fleet, { pool: solo(), hostname: NODE, logger: memoryLogger() });
    await worker.start();
    await fleet.sendTask('proj.sleepy', [60]);
    await fleet.sendTask('proj.echo', [1], { kwargs: { k: 'v' } });
    await eventually(async () => (await fleet.control.inspect().reserved())[NODE]?.length === 1, {
      what: 'one that runs and one that waits',
    });
  });
  afterAll(async () => {
    await worker.stop({ how: 'cold' });
    await fleet.close();
  });

  /** Sends the recorded command; gives what the worker answers and what Celery had answered. */
  async function replay(
    id: string,
    change: (args: Record<string, unknown>) => object = (args) => args,
  ): Promise<{ readonly ours: unknown; readonly celerys: unknown }> {
    const { method, arguments: args } = vector('control-amqp', `${id}-request`).body as {
      readonly method: string;
      readonly arguments: Record<string, unknown>;
    };
    const { replies } = await fleet.control.ask(method, { ...change(args) }, { destination: NODE });
    return {
      ours: replies[NODE],
      celerys: (vector('control-amqp', `${id}-reply`).body as Record<string, unknown>)[NODE],
    };
  }

  test.each([
    'ping',
    'revoke-reply',
    'terminate-unknown',
    'revoke-stamps',
    'rate-limit',
    'rate-limit-off',
    'rate-limit-unknown',
    'time-limit-unknown',
    'heartbeat',
    'autoscale',
    'add-consumer',
    'add-consumer-full',
    'cancel-consumer',
    'unknown-command',
  ])('%s in the same words', async (id) => {
    const { ours, celerys } = await replay(id);
    expect(ours).toEqual(celerys);
  });

  test.each(['active', 'active-safe', 'reserved', 'active-queues', 'clock', 'conf', 'registered', 'report'])(
    '%s in the same shape',
    async (id) => {
      const { ours, celerys } = await replay(id);
      expect(shapeOf(ours, id === 'conf')).toEqual(shapeOf(celerys, id === 'conf'));
    },
  );

  test('enable-events with the words of Celery', async () => {
    expect((await replay('enable-events')).ours).toEqual({ ok: 'task events enabled' });
    const { ours, celerys } = await replay('enable-events'); // Celery's worker had them on
    expect(ours).toEqual(celerys);
  });

  test('query_task in the same shape', async () => {
    const [running] = (await fleet.control.inspect().active())[NODE] ?? [];
    const { ours, celerys } = await replay('query-task', () => ({ ids: [running?.id, 'nope'] }));
    expect(shapeOf(Object.values(ours as object))).toEqual(shapeOf(Object.values(celerys as object)));
    expect(Object.keys(ours as object)).toEqual([running?.id]);
  });

  test('stats with all that Celery and Flower read', async () => {
    const { ours, celerys } = await replay('stats');
    const [us, them] = [ours, celerys] as Record<string, Record<string, unknown>>[];
    expect(Object.keys(us!).sort()).toEqual(Object.keys(them!).sort());
    expect(Object.keys(us!['broker']!)).toEqual(Object.keys(them!['broker']!));
    expect(Object.keys(us!['rusage']!)).toEqual(Object.keys(them!['rusage']!));
    expect(Object.keys(us!['pool']!)).toEqual(expect.arrayContaining(Object.keys(them!['pool']!)));
    expect([typeof us!['clock'], typeof us!['uptime'], typeof us!['prefetch_count']]).toEqual([
      'string',
      'number',
      'number',
    ]);
  });

  test.each(['rate-limit-bad', 'pool-restart', 'pool-grow', 'bad-arguments'])(
    '%s with an error where it can not be done',
    async (id) => {
      expect((await replay(id)).ours).toEqual({ error: expect.any(String) as string });
    },
  );

  test('secrets are not told', async () => {
    const { ours } = await replay('conf');
    expect(ours).toMatchObject({ security_key_password: '********' });
    expect(JSON.stringify(ours)).not.toContain('secret"');
  });

  test('hello with revoked ids whose times are what Python takes', async () => {
    await fleet.control.revoke('one-id', { reply: true });
    const { revoked, clock } = (await replay('hello')).ours as {
      readonly revoked: Readonly<Record<string, readonly [number, string]>>;
      readonly clock: number;
    };
    expect(Number.isInteger(clock)).toBe(true);
    expect(revoked['one-id']?.[1]).toBe('one-id');
    // Python refuses a list of them where one has no fraction.
    for (const [seconds] of Object.values(revoked))
      expect(JSON.stringify(seconds)).toMatch(/^\d+\.\d*[1-9]$/);
    const own = await fleet.control.ask('hello', { from_node: NODE, revoked: {} }, { destination: NODE });
    expect(own.replies[NODE]).toBeNull();
  });

  test('only those whom a command is for', async () => {
    const other = vector('control-amqp', 'destination-other-request').body as { destination: string[] };
    const brief = { timeout: 0.2 };
    const asked = async (whom: object): Promise<number> =>
      Object.keys((await fleet.control.ask('ping', {}, { ...brief, ...whom })).replies).length;
    expect(await asked({ destination: other.destination })).toBe(0);
    expect(await asked({ pattern: 'w1@*' })).toBe(1);
    expect(await asked({ pattern: 'w2@*' })).toBe(0);
    expect(await asked({ pattern: String.raw`w\d@`, matcher: 'pcre' })).toBe(1);
    expect(await asked({ pattern: '@worker', matcher: 'pcre' })).toBe(0);
  });
});

/** Keys and types; of a list its first element. */
function shapeOf(value: unknown, keysDiffer = false): unknown {
  if (Array.isArray(value)) return value.length === 0 ? [] : [shapeOf(value[0])];
  if (typeof value !== 'object' || value === null) return value === null ? 'null' : typeof value;
  if (keysDiffer) return 'object';
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, shapeOf(item)]));
}

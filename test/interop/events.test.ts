// Events across languages: Celery's monitors see tq workers, tq's monitor sees Python workers.
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { eventsOf } from '@tq/events';
import type { ReceivedEvent } from '@tq/events';
import { eventually, serviceUrl } from '@tq/testkit';
import { Peer, Side } from './support/peer.ts';
import { Place, python } from './support/place.ts';

const fixtures = join(import.meta.dirname, 'fixtures');
const suite = python ? describe : describe.skip;
const redis = (db: number): string => new URL(`/${db}`, serviceUrl('redis')).href;

const BROKERS = [
  ['RabbitMQ', () => ({ broker: serviceUrl('amqp').href, backend: redis(9) })],
  ['Redis', () => ({ broker: redis(8), backend: redis(9) })],
] as const;

const [tq, py] = [`tq@${hostname()}`, `py@${hostname()}`];

suite.each(BROKERS)('events on %s', (_, urls) => {
  let place: Place;
  let env: Readonly<Record<string, string>>;
  const heard: ReceivedEvent[] = [];
  const stop = new AbortController();
  let listening: Promise<void>;

  beforeAll(async () => {
    const { broker, backend } = urls();
    env = { PEER_BROKER: broker, PEER_BACKEND: backend, PYTHONUNBUFFERED: '1', PYTHONDONTWRITEBYTECODE: '1' };
    place = new Place({ broker, backend, tqWorker: ['-E'], pythonWorker: ['-E'] });
    listening = (async () => {
      for await (const event of eventsOf(place.client, { signal: stop.signal })) heard.push(event);
    })();
    await place.ready();
  }, 60_000);
  afterAll(async () => {
    stop.abort();
    await listening;
    await place[Symbol.asyncDispose]();
  });

  const of = (id: string): readonly ReceivedEvent[] => heard.filter(({ uuid }) => uuid === id);

  test('Python’s monitor knows tq workers and their tasks as its own', async () => {
    await using watcher = new Peer(python, ['driver.py'], { cwd: join(fixtures, 'python'), env });
    await watcher.ready;
    const [fails, works] = [randomUUID(), randomUUID()];
    const seeing = watcher.cluster([fails, works], [tq, py]);
    await watcher.says('listening to events');
    await place.python.call('tq.fail', ['no luck'], { task_id: fails });
    await place.python.call('tq.keywords', [1], { task_id: works }, { b: 2 });
    const seen = await seeing;
    expect(seen.workers[tq]).toMatchObject({
      sw_ident: 'tq',
      alive: true,
      freq: 2,
      loadavg: [expect.any(Number), expect.any(Number), expect.any(Number)],
    });
    expect(seen.workers[py]).toMatchObject({ sw_ident: 'py-celery', alive: true });
    expect(seen.tasks[works]).toMatchObject({
      name: 'tq.keywords',
      state: 'SUCCESS',
      worker: tq,
      args: '[1]',
      retries: 0,
      root_id: works,
      runtime: expect.any(Number),
      result: expect.stringContaining("'b': 2"),
    });
    expect(seen.tasks[fails]).toMatchObject({
      state: 'FAILURE',
      worker: tq,
      exception: expect.stringContaining('no luck'),
      traceback: expect.stringContaining('tq.mjs'),
    });
  });

  test('Python’s celery events --dump prints them', async () => {
    await using dump = new Side(python, ['-m', 'celery', '-A', 'peer', 'events', '--dump'], {
      cwd: join(fixtures, 'python'),
      env,
    });
    await dump.says(`${tq} [`);
    await dump.says(/heartbeat: active=0/);
    let id = '';
    await eventually(
      async () => {
        id = await place.python.call('tq.add', [2, 3]);
        await dump.says(`task received: tq.add(${id})`, 3000);
        return true;
      },
      { timeoutMs: 20_000 },
    );
    await dump.says(new RegExp(`task succeeded: tq\\.add\\(${id}\\) .*result=5`));
  });

  test('tq hears a Python worker as Python does', async () => {
    const id = await place.client.sendTask('py.add', [20, 3], { queue: 'py' });
    expect(await id.get({ timeout: 20 })).toBe(23);
    await eventually(() => of(id.id).some(({ type }) => type === 'task-succeeded'), { timeoutMs: 10_000 });
    expect(of(id.id).map(({ type }) => type)).toEqual(['task-received', 'task-started', 'task-succeeded']);
    expect(of(id.id)[0]).toMatchObject({
      hostname: py,
      name: 'py.add',
      args: '(20, 3)',
      retries: 0,
      pid: expect.any(Number),
    });
    expect(of(id.id)[2]).toMatchObject({ result: '23', runtime: expect.any(Number) });
    await eventually(
      () => heard.some((event) => event.type === 'worker-heartbeat' && event.hostname === py),
      {
        timeoutMs: 10_000,
      },
    );
    const clocks = of(id.id).map(({ clock }) => clock);
    expect(clocks).toEqual(clocks.toSorted((a, b) => a - b));
  });

  test('task-sent of a Python client and of a tq client look alike', async () => {
    const { broker, backend } = urls();
    await using theirs = new Peer(python, ['driver.py'], {
      cwd: join(fixtures, 'python'),
      env: { ...env, PEER_SENT_EVENT: '1' },
    });
    await theirs.ready;
    place.client.conf.update({ taskSendSentEvent: true });
    try {
      const one = await theirs.call('tq.add', [1, 2]);
      const two = await place.client.sendTask('tq.add', [1, 2], { queue: 'tq' });
      const sentOf = (id: string) => of(id).find(({ type }) => type === 'task-sent');
      const [a, b] = await eventually(
        () => {
          const both = [sentOf(one), sentOf(two.id)] as const;
          return both[0] && both[1] ? (both as readonly [ReceivedEvent, ReceivedEvent]) : undefined;
        },
        { timeoutMs: 10_000, what: `task-sent of both, on ${broker} with ${backend}` },
      );
      expect(Object.keys(b).sort()).toEqual(Object.keys(a).sort());
      for (const key of ['name', 'kwargs', 'retries', 'eta', 'expires', 'queue', 'parent_id'])
        expect([key, b[key]]).toEqual([key, a[key]]);
    } finally {
      place.client.conf.update({ taskSendSentEvent: false });
    }
  });

  test('tq events --dump --json prints what Python workers tell', async () => {
    await using dump = new Side(
      process.execPath,
      [
        join(import.meta.dirname, '../../packages/cli/dist/bin.js'),
        '-A',
        'tq',
        '-b',
        urls().broker,
        'events',
        '--dump',
        '--json',
      ],
      { cwd: join(fixtures, 'tq'), env: {} },
    );
    await dump.says('Listening to events');
    const sent = await place.client.sendTask('py.fail', ['no'], { queue: 'py' });
    await sent.get({ timeout: 20, propagate: false });
    await dump.says(new RegExp(`"type":"task-failed".*|"uuid":"${sent.id}".*"type":"task-failed"`));
    const events = dump.output
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as ReceivedEvent);
    expect(events.find((event) => event.type === 'task-failed')).toMatchObject({
      uuid: sent.id,
      hostname: py,
      exception: "ValueError('no', 7)",
      traceback: expect.stringContaining('ValueError'),
    });
  });
});

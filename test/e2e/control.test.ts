// Remote control as people use it: real workers, every pool, every broker.
import type { App, Replies } from '@tq/core';
import { serviceUrl, uniqueName } from '@tq/testkit';
import { clientOf, until } from './support/client.ts';
import { runProgram } from './support/run-program.ts';
import { bin, Workplace } from './support/worker-process.ts';
import type { WorkerProcess } from './support/worker-process.ts';

let place: Workplace;
let app: App;

function open(broker?: string): void {
  place = new Workplace(broker === undefined ? {} : { broker, backend: redis(7) });
  app = clientOf(place);
}
afterEach(async () => {
  await app.close();
  place[Symbol.dispose]();
});

const redis = (db: number): string => new URL(`/${db}`, serviceUrl('redis')).href;
const BROKERS = [
  ['SQLite', () => undefined],
  ['Redis', () => redis(6)],
  ['RabbitMQ', () => serviceUrl('amqp').href],
] as const;
const POOLS = ['prefork', 'threads', 'async'] as const;

/** On a machine with other work to do an answer may take long; what is asked is whether it comes. */
const patient = { timeout: 10 };
const soon = { timeout: 30 };

/** Each test has its own queue, so that servers can be shared. */
let queue: string;
beforeEach(() => (queue = uniqueName('control')));
const call = <R = unknown>(task: string, args: readonly unknown[] = [], options = {}) =>
  app.sendTask<R>(`proj.tasks.${task}`, args, { queue, ...options });
const name = (n: number): string => `w${n}.${queue}@host`;

async function fleet(size: number, ...args: readonly string[]): Promise<readonly WorkerProcess[]> {
  const workers = Array.from({ length: size }, (_, n) =>
    place.worker('-n', name(n + 1), '-Q', queue, ...args),
  );
  await Promise.all(workers.map((worker) => worker.ready()));
  return workers;
}

const asked = (n = 1) => ({ ...patient, destination: name(n) });
const only = <T>(replies: Replies<T>): T => {
  const values = Object.values(replies);
  expect(values).toHaveLength(1);
  return values[0] as T;
};

describe.each(BROKERS)('on %s', (_, url) => {
  test('every slot spins, and all nodes answer', async () => {
    open(url());
    await fleet(2, '-c', '1');
    await Promise.all([1, 2].map(() => call('spin', [600_000])));
    const busy = () => place.ledger().filter((line) => line === 'start spin').length === 2;
    await until('all slots spin', busy);
    const expect2 = { expect: [name(1), name(2)], pattern: `*${queue}*`, ...patient };
    for (let round = 0; round < 10; round++) {
      const { replies, silent } = await app.control.ask('ping', {}, expect2);
      expect(replies).toEqual({ [name(1)]: { ok: 'pong' }, [name(2)]: { ok: 'pong' } });
      expect(silent).toEqual([]);
    }
    const active = await app.control.inspect(expect2).active();
    expect(
      Object.values(active)
        .flat()
        .map((task) => task.name),
    ).toEqual(['proj.tasks.spin', 'proj.tasks.spin']);
  });

  test('a running task is ended where it runs, and a waiting one never starts', async () => {
    open(url());
    const [worker] = await fleet(1, '-c', '1', '--prefetch-multiplier', '4');
    const running = await call('spin', [600_000]);
    await until('it runs', () => place.ledger().includes('start spin'));
    const waiting = await call('nap', [1, 'waiting']);
    const later = await call('nap', [1, 'later'], { countdown: 3600 });
    await until('both are known', async () => {
      const known = only(await app.control.inspect(asked()).queryTask(running.id, waiting.id));
      return Object.keys(known).length === 2;
    });
    const replies = await app.control.revoke([running.id, waiting.id, later.id], {
      terminate: true,
      signal: 'SIGKILL',
      reply: true,
      ...asked(),
    });
    expect(JSON.stringify(replies)).toContain(running.id);
    for (const { id } of [running, waiting, later]) {
      const result = app.asyncResult(id);
      await expect(result.get(soon)).rejects.toMatchObject({ name: 'TaskRevokedError' });
    }
    expect(await call('add', [1, 1]).then((sent) => sent.get(soon))).toBe(2);
    await worker?.says('revoked');
    expect(place.ledger()).toEqual(['start spin']);
  });

  test('queues are added and cancelled while the worker runs', async () => {
    open(url());
    await fleet(1, '-c', '1');
    const extra = `${queue}.extra`;
    const sent = await call('add', [2, 3], { queue: extra });
    expect(only(await app.control.addConsumer(extra, { reply: true, ...asked() }))).toEqual({
      ok: `add consumer ${extra}`,
    });
    expect(await sent.get(soon)).toBe(5);
    const queues = async (): Promise<unknown> =>
      only(await app.control.inspect(asked()).activeQueues()).map((each) => each['name']);
    expect(await queues()).toEqual([queue, extra]);
    await app.control.cancelConsumer(extra, { reply: true, ...asked() });
    expect(await queues()).toEqual([queue]);
    const unread = await call('add', [2, 3], { queue: extra });
    expect(await call('add', [1, 1]).then((one) => one.get(soon))).toBe(2);
    expect(await unread.state()).toBe('PENDING');
    await (await app.producer().channel()).deleteQueue(extra);
  });

  test('nothing is left behind by those who have asked', async () => {
    open(url());
    await fleet(1, '-c', '1');
    for (let round = 0; round < 5; round++) {
      const other = clientOf(place);
      expect(await other.control.ping(asked())).toEqual({ [name(1)]: { ok: 'pong' } });
      await other.close();
    }
    if (url()?.startsWith('redis')) expect(await redisKeys('*.reply.celery.pidbox*')).toEqual([]);
  });

  test('shutdown stops a worker warmly', async () => {
    open(url());
    const [worker] = await fleet(1, '-c', '1');
    await app.control.shutdown({ destination: [name(1)] });
    expect(await worker!.exited).toBe(0);
  });
});

async function redisKeys(pattern: string): Promise<readonly string[]> {
  const { host, hostname, port } = new URL(redis(6));
  expect(host).not.toBe('');
  const { stdout } = await runProgram('redis-cli', ['-h', hostname, '-p', port, '-n', '6', 'keys', pattern], {
    cwd: place.folder,
  });
  return stdout.split('\n').filter((line) => line !== '' && !line.startsWith('_kombu.binding.'));
}

describe.each(POOLS)('in the pool %s', (pool) => {
  beforeEach(() => open());

  test('100 of 100 pings are answered while every slot spins', async () => {
    await fleet(2, '-c', '2', '-P', pool);
    await Promise.all([1, 2, 3, 4].map(() => call('spin', [600_000])));
    // In one process a spinning task keeps the other slots of it from starting anything.
    const most = pool === 'async' ? 2 : 4;
    await until('all slots spin', () => place.ledger().length === most);
    const times: number[] = [];
    for (let round = 0; round < 50; round++) {
      const startMs = Date.now();
      const { replies, silent } = await app.control.ask(
        'ping',
        {},
        { expect: [name(1), name(2)], ...patient },
      );
      expect([Object.keys(replies).length, silent]).toEqual([2, []]);
      times.push(Date.now() - startMs);
    }
    // Half of them at least within Celery's second, on whatever machine this is.
    expect(times.sort((a, b) => a - b)[25]).toBeLessThan(1000);
  });

  test('revoke with terminate ends a running task, and its slot works on', async () => {
    await fleet(1, '-c', '2', '-P', pool);
    const hanging = await call('obedient', [600_000, 'hanging']);
    const beside = await call('nap', [3000, 'beside']);
    await until('both run', () => place.ledger().length === 2);
    const startMs = Date.now();
    await app.control.terminate(hanging.id, { reply: true, ...asked() });
    await expect(hanging.get(soon)).rejects.toMatchObject({ name: 'TaskRevokedError' });
    expect(Date.now() - startMs).toBeLessThan(5000);
    expect(await beside.get(soon)).toBe('beside');
    expect(place.ledger()).not.toContain('end hanging');
    const again = await Promise.all([1, 2, 3].map((n) => call('add', [n, n])));
    expect(await Promise.all(again.map((one) => one.get(soon)))).toEqual([2, 4, 6]);
  });

  test('the pool grows and shrinks, and runs as many at one time', async () => {
    await fleet(1, '-c', '1', '-P', pool);
    expect(only(await app.control.poolGrow(2, { reply: true, ...asked() }))).toEqual({
      ok: 'pool will grow',
    });
    const stats = async (): Promise<{ 'max-concurrency': number }> =>
      only(await app.control.inspect(asked()).stats())['pool'] as { 'max-concurrency': number };
    expect((await stats())['max-concurrency']).toBe(3);
    const long = await Promise.all([1, 2, 3].map((n) => call('obedient', [600_000, `n${n}`])));
    await until('three run at one time', () => place.ledger().length === 3);
    await app.control.terminate(
      long.map(({ id }) => id),
      { reply: true, ...asked() },
    );
    await Promise.allSettled(long.map((one) => one.get(soon)));
    await app.control.poolShrink(2, { reply: true, ...asked() });
    expect((await stats())['max-concurrency']).toBe(1);
    expect(only(await app.control.poolShrink(1, { reply: true, ...asked() }))).toHaveProperty('error');
  });

  test('a new time limit holds for what starts from then on', async () => {
    await fleet(1, '-c', '1', '-P', pool);
    const limited = app.control.timeLimit(
      'proj.tasks.nap',
      { soft: 0.3, hard: 0.6 },
      { reply: true, ...asked() },
    );
    expect(only(await limited)).toEqual({ ok: 'time limits set successfully' });
    await expect((await call('nap', [600_000, 'long'])).get(soon)).rejects.toMatchObject({
      name: 'TimeLimitExceeded',
    });
    await app.control.timeLimit('proj.tasks.nap', {}, { reply: true, ...asked() });
    expect(await (await call('nap', [900, 'allowed'])).get(soon)).toBe('allowed');
  });

  test('a new rate limit holds at once, for those that wait too', async () => {
    await fleet(1, '-c', '1', '-P', pool);
    const slow = app.control.rateLimit('proj.tasks.nap', '1/h', { reply: true, ...asked() });
    expect(only(await slow)).toEqual({ ok: 'new rate limit set successfully' });
    const naps = await Promise.all([1, 2, 3].map((n) => call('nap', [1, `n${n}`])));
    await naps[0]!.get(soon);
    await until(
      'the others wait',
      async () => only(await app.control.inspect(asked()).reserved()).length >= 1,
    );
    expect(place.ledger().filter((line) => line.startsWith('start'))).toHaveLength(1);
    await app.control.rateLimit('proj.tasks.nap', '0', { reply: true, ...asked() });
    await Promise.all(naps.map((nap) => nap.get(soon)));
    const unknown = app.control.rateLimit('proj.tasks.nobody', '1/h', { reply: true, ...asked() });
    expect(only(await unknown)).toEqual({ error: 'unknown task' });
  });
});

describe('with one worker', () => {
  beforeEach(() => open());
  const tq = (...args: readonly string[]) =>
    runProgram(
      process.execPath,
      [bin, '-A', 'app/tq', '-b', place.url, '--result-backend', place.backend, ...args],
      {
        cwd: place.folder,
      },
    );

  test('autoscale adds slots while tasks wait, and takes them away later', async () => {
    const workers = [
      place.workerWith({ AUTOSCALE_KEEPALIVE: '1' }, '-n', name(1), '-Q', queue, '--autoscale=3,1'),
    ];
    await Promise.all(workers.map((worker) => worker.ready()));
    const scaler = async (): Promise<unknown> =>
      only(await app.control.inspect(asked()).stats())['autoscaler'];
    expect(await scaler()).toEqual({ max: 3, min: 1, current: 1, qty: 0 });
    const long = await Promise.all([1, 2, 3, 4].map((n) => call('obedient', [600_000, `n${n}`])));
    await until('three run', () => place.ledger().length === 3);
    await app.control.terminate(
      long.map(({ id }) => id),
      { reply: true, ...asked() },
    );
    await Promise.allSettled(long.map((one) => one.get(soon)));
    await until('slots are given up', async () => ((await scaler()) as { current: number }).current === 1);
    expect(only(await app.control.autoscale({ max: 2, min: 2 }, { reply: true, ...asked() }))).toEqual({
      ok: 'autoscale now max=2 min=2',
    });
    expect(only(await app.control.poolGrow(1, { reply: true, ...asked() }))).toEqual({
      error: 'pool_grow is not supported with autoscale. Adjust autoscale range instead.',
    });
  });

  test('a pool is restarted: other processes, and nothing is lost', async () => {
    await fleet(1, '-c', '2', '--', 'worker.pool_restarts=true');
    const pids = async (): Promise<readonly number[]> =>
      (only(await app.control.inspect(asked()).stats())['pool'] as { processes: readonly number[] })
        .processes;
    const before = await pids();
    const nap = await call('nap', [1000, 'through']);
    await until('it runs', () => place.ledger().length === 1);
    expect(only(await app.control.poolRestart({ reply: true, ...asked() }))).toEqual({
      ok: 'reload started',
    });
    expect(await nap.get(soon)).toBe('through');
    await until('the processes are others', async () => {
      const now = await pids();
      return now.length === 2 && now.every((pid) => !before.includes(pid));
    });
    expect(await (await call('add', [1, 2])).get(soon)).toBe(3);
  });

  test('what was revoked before a worker starts is told by its neighbours', async () => {
    await fleet(1, '-c', '1');
    await app.control.revoke(['told-before'], { reply: true, ...asked() });
    const second = place.worker('-n', name(2), '-Q', queue, '-c', '1');
    await second.ready();
    expect(only(await app.control.inspect(asked(2)).revoked())).toEqual(['told-before']);
    await second.says('mingle: sync with 1 node');
    const alone = place.worker('-n', name(3), '-Q', queue, '-c', '1', '--without-mingle');
    await alone.ready();
    expect(only(await app.control.inspect(asked(3)).revoked())).toEqual([]);
  });

  test('the command line shows answers, counts them, and says when there are none', async () => {
    const nobody = await tq('status', '-t', '0.3');
    expect(nobody).toMatchObject({ code: 69, stdout: '' });
    expect(nobody.stderr).toContain('No node has replied within 0.3 s.');
    await fleet(1, '-c', '1');
    expect(await tq('status')).toEqual({
      code: 0,
      stdout: `->  ${name(1)}: OK\n\n1 node online.\n`,
      stderr: '',
    });
    expect((await tq('inspect', 'active')).stdout).toBe(
      `->  ${name(1)}: OK\n    - empty -\n\n1 node online.\n`,
    );
    const { stdout: json } = await tq('inspect', 'ping', '--json', '-d', name(1));
    expect(JSON.parse(json)).toEqual({ [name(1)]: { ok: 'pong' } });
    const revoked = await tq('control', 'revoke', 'one-id');
    expect(revoked.stdout).toContain("tasks {'one-id'} flagged as revoked");
    const wrongKind = await tq('inspect', 'shutdown');
    expect(wrongKind).toMatchObject({
      code: 64,
      stderr: expect.stringContaining('tq control shutdown') as string,
    });
    expect(await tq('inspect', 'ping', '-d', 'nobody@nowhere', '-t', '0.2')).toMatchObject({ code: 69 });
    expect((await tq('inspect', 'stock', 'nails')).stdout).toContain('"left": 7');
  });
});

test('solo answers pings while a task spins, and the rest when it lets it', async () => {
  open();
  const [worker] = await fleet(1, '-P', 'solo', '-l', 'debug');
  // It takes a moment to come; until then pings are answered between tasks.
  await worker!.says('Pings are answered by a thread of their own');
  const spin = await call('spin', [8000]);
  await until('it spins', () => place.ledger().length === 1);
  for (let round = 0; round < 10; round++)
    expect(await app.control.ping(asked())).toEqual({ [name(1)]: { ok: 'pong' } });
  expect(await spin.state()).toBe('PENDING');
  expect(only(await app.control.inspect(asked()).stats())).toHaveProperty('pid', worker!.pid);
  expect(await spin.get(soon)).toBe(8000);
  worker!.child.kill('SIGTERM');
  expect(await worker!.exited).toBe(0);
});

test('solo answers while a task waits for something, and says what it can not do', async () => {
  open();
  await fleet(1, '-P', 'solo');
  const nap = await call('nap', [2000, 'nap']);
  await until('it runs', () => place.ledger().length === 1);
  expect(await app.control.ping(asked())).toEqual({ [name(1)]: { ok: 'pong' } });
  expect(only(await app.control.inspect(asked()).active())).toHaveLength(1);
  expect(only(await app.control.poolGrow(1, { reply: true, ...asked() }))).toHaveProperty('error');
  const hard = app.control.timeLimit('proj.tasks.nap', { hard: 1 }, { reply: true, ...asked() });
  expect(only(await hard)).toHaveProperty('error');
  expect(await nap.get(soon)).toBe('nap');
});

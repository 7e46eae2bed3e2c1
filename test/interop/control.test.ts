// A mixed fleet of a tq worker and a Python worker, inspected and steered by the programs and clients of both sides.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Replies } from '@tq/core';
import { eventually, serviceUrl } from '@tq/testkit';
import { Place, python } from './support/place.ts';

const BROKERS = [
  ['RabbitMQ', () => ({ broker: serviceUrl('amqp').href, backend: new URL('/4', serviceUrl('redis')).href })],
  [
    'Redis',
    () => {
      const redis = new URL('/5', serviceUrl('redis')).href;
      return { broker: redis, backend: redis };
    },
  ],
] as const;

const soon = { timeout: 20 };
const patient = { timeout: 5 };
const suite = python ? describe : describe.skip;

suite.each(BROKERS)('on %s', (_, urls) => {
  let place: Place;
  let nodes: readonly string[];
  beforeAll(async () => {
    place = new Place({ ...urls(), pythonWorker: ['-E'] });
    await place.ready();
    nodes = Object.keys(await place.client.control.ping({ ...patient, limit: 2 })).sort();
  }, 60_000);
  afterAll(() => place[Symbol.asyncDispose]());

  const nodeOf = (side: 'py' | 'tq'): string => nodes.find((node) => node.startsWith(`${side}@`)) as string;

  interface Said {
    readonly code: number | null;
    readonly stdout: string;
  }

  function run(command: string, args: readonly string[], cwd: string, env: object): Promise<Said> {
    return new Promise((resolve, reject) => {
      const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, timeout: 30_000 });
      let stdout = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
      child.stderr.resume();
      child.once('error', reject);
      child.once('close', (code) => resolve({ code, stdout }));
    });
  }

  /** `celery inspect ping`, in Python. */
  function celery(...args: readonly string[]): Promise<Said> {
    const { broker, backend } = urls();
    const env = { PEER_BROKER: broker, PEER_BACKEND: backend, PYTHONDONTWRITEBYTECODE: '1' };
    const folder = join(import.meta.dirname, 'fixtures/python');
    return run(python, ['-m', 'celery', '-A', 'peer', ...args], folder, env);
  }

  async function celeryJson(...args: readonly string[]): Promise<Replies> {
    const { stdout } = await celery(...args, '-t', '5', '--json');
    return JSON.parse(stdout.slice(stdout.indexOf('{'))) as Replies;
  }

  /** `tq inspect ping`. */
  function tq(...args: readonly string[]): Promise<Said> {
    const bin = join(import.meta.dirname, '../../packages/cli/dist/bin.js');
    return run(process.execPath, [bin, '-b', urls().broker, ...args], import.meta.dirname, {});
  }

  test('both sides see both workers', async () => {
    expect(nodes).toHaveLength(2);
    const ours = await tq('status', '-t', '5', '--json');
    expect(Object.keys(JSON.parse(ours.stdout) as object).sort()).toEqual(nodes);
    const theirs = await celery('status', '-t', '5');
    for (const node of nodes) expect(theirs.stdout).toContain(`->  ${node}: OK`);
    expect(theirs.stdout).toContain('2 nodes online.');
  });

  test.each([
    'active',
    'scheduled',
    'reserved',
    'revoked',
    'registered',
    'stats',
    'active_queues',
    'clock',
    'ping',
    'conf',
  ])('celery inspect %s reads what tq answers', async (method) => {
    const replies = await celeryJson('inspect', method, '-d', nodeOf('tq'));
    expect(Object.keys(replies)).toEqual([nodeOf('tq')]);
    expect(replies[nodeOf('tq')]).not.toHaveProperty('error');
  });

  test('tq inspect reads what a Python worker answers', async () => {
    const inspect = place.client.control.inspect({ ...patient, destination: nodeOf('py') });
    expect(await inspect.registered()).toEqual({
      [nodeOf('py')]: expect.arrayContaining(['py.add']) as unknown,
    });
    expect(Object.values(await inspect.stats())[0]).toHaveProperty('pool.max-concurrency', 2);
    expect(await inspect.active()).toEqual({ [nodeOf('py')]: [] });
    expect(await inspect.activeQueues()).toMatchObject({ [nodeOf('py')]: [{ name: 'py' }] });
    const { stdout, code } = await tq('inspect', 'report', '-d', nodeOf('py'), '-t', '5');
    expect(stdout).toContain('software -> celery:');
    expect(code).toBe(0);
  });

  test('celery shows a task that runs in tq, and ends it', async () => {
    const id = await place.python.call('tq.hang', []);
    await eventually(
      async () => {
        const active = (await celeryJson('inspect', 'active', '-d', nodeOf('tq')))[nodeOf('tq')];
        return (active as { id: string; args: unknown }[]).some((task) => task.id === id);
      },
      { what: 'Python to see it', timeoutMs: 20_000 },
    );
    const ended = await celery('control', 'terminate', 'SIGKILL', id, '-t', '5', '-d', nodeOf('tq'));
    expect(ended.stdout).toContain(`terminate: ${id}`);
    expect((await place.python.get(id)).state).toBe('REVOKED');
  });

  test('tq ends a task that runs in Python', async () => {
    const sent = await place.client.sendTask('py.hang', [], { queue: 'py' });
    const inspect = place.client.control.inspect({ ...patient, destination: nodeOf('py') });
    await eventually(async () => Object.values(await inspect.active())[0]?.[0]?.id === sent.id, {
      what: 'it to run',
      timeoutMs: 20_000,
    });
    await sent.revoke({ terminate: true, signal: 'SIGKILL' });
    await expect(sent.get(soon)).rejects.toMatchObject({ name: 'TaskRevokedError' });
    await eventually(async () => Object.values(await inspect.active())[0]?.length === 0, {
      what: 'its process to be gone',
      timeoutMs: 20_000,
    });
  });

  test('a revoke by either side holds in both workers', async () => {
    await celery('control', 'revoke', 'by-celery', '-t', '5');
    await tq('control', 'revoke', 'by-tq', '-t', '5');
    const revoked = await place.client.control.inspect({ ...patient, limit: 2 }).revoked();
    for (const node of nodes) expect(revoked[node]).toEqual(expect.arrayContaining(['by-celery', 'by-tq']));
    const told = await place.python.result('tq.add', [1, 1], { task_id: 'by-celery' });
    expect(told.state).toBe('REVOKED');
    const ours = place.client.sendTask('py.add', [1, 1], { queue: 'py', taskId: 'by-tq' });
    await expect(ours.get(soon)).rejects.toMatchObject({ name: 'TaskRevokedError' });
  });

  test('limits, queues and the pool of a tq worker are changed from Python', async () => {
    const said = async (...args: readonly string[]): Promise<string> =>
      (await celery('control', ...args, '-t', '5', '-d', nodeOf('tq'))).stdout;
    expect(await said('rate_limit', 'tq.add', '100/s')).toContain('new rate limit set successfully');
    expect(await said('time_limit', 'tq.add', '10', '20')).toContain('time limits set successfully');
    expect(await said('add_consumer', 'extra-tq')).toContain('add consumer extra-tq');
    expect((await place.python.result('tq.add', [2, 3], { queue: 'extra-tq' })).result).toBe(5);
    expect(await said('cancel_consumer', 'extra-tq')).toContain('no longer consuming from extra-tq');
    expect(await said('pool_grow', '1')).toContain('pool will grow');
    expect(await said('pool_shrink', '1')).toContain('pool will shrink');
  });

  test('and those of a Python worker from tq', async () => {
    const { control } = place.client;
    const py = { ...patient, reply: true, destination: nodeOf('py') } as const;
    const answer = async (replies: Promise<Replies>): Promise<unknown> => Object.values(await replies)[0];
    expect(await answer(control.rateLimit('py.add', '100/s', py))).toEqual({
      ok: 'new rate limit set successfully',
    });
    expect(await answer(control.timeLimit('py.add', { soft: 10, hard: 20 }, py))).toEqual({
      ok: 'time limits set successfully',
    });
    expect(await answer(control.addConsumer('extra-py', py))).toEqual({ ok: 'add consumer extra-py' });
    const sent = place.client.sendTask('py.add', [2, 3], { queue: 'extra-py' });
    expect(await sent.get(soon)).toBe(5);
    expect(await answer(control.cancelConsumer('extra-py', py))).toEqual({
      ok: 'no longer consuming from extra-py',
    });
    expect(await answer(control.poolGrow(1, py))).toEqual({ ok: 'pool will grow' });
    expect(await answer(control.heartbeat(py))).toBeNull();
    const other = await control.ask(
      'hello',
      { from_node: 'tq@elsewhere', revoked: { told: [1.5, 'told'] } },
      patient,
    );
    expect(Object.keys(other.replies).sort()).toEqual(nodes);
    expect((await control.inspect({ ...patient, limit: 2 }).revoked())[nodeOf('py')]).toContain('told');
  });

  test('a Python worker that starts learns from tq what is revoked, and the reverse', async () => {
    const fresh = new Place({ ...urls(), pythonWorker: ['-n', 'py2@%h'], tqWorker: ['-n', 'tq2@%h'] });
    try {
      await fresh.ready();
      const revoked = await place.client.control.inspect({ ...patient, limit: 4 }).revoked();
      const second = Object.keys(revoked).find((node) => node.startsWith('tq2@'));
      expect(revoked[second as string]).toEqual(expect.arrayContaining(['by-celery', 'by-tq']));
    } finally {
      await fresh[Symbol.asyncDispose]();
    }
  });

  test('Python stops a tq worker, and tq a Python worker', async () => {
    await place.client.control.shutdown({ destination: [nodeOf('py')] });
    await place.pythonWorker.says('Got shutdown from remote');
    await celery('control', 'shutdown', '-t', '1', '-d', nodeOf('tq'));
    await place.tqWorker.says('Got shutdown from remote');
    await eventually(() => place.tqWorker.child.exitCode === 0, { what: 'its end', timeoutMs: 10_000 });
  });
});

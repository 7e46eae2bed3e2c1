// The real `tq worker` in its own process group, on an SQLite file.
import type { App } from '@tq/core';
import { clientOf, until } from './support/client.ts';
import { Workplace } from './support/worker-process.ts';

let place: Workplace;
let app: App;

beforeEach(() => {
  place = new Workplace();
  app = clientOf(place);
});
afterEach(async () => {
  await app.close();
  place[Symbol.dispose]();
});

const call = <R = unknown>(task: string, args: readonly unknown[] = [], options = {}) =>
  app.sendTask<R>(`proj.tasks.${task}`, args, options);
const soon = { timeout: 20 };

describe.each(['prefork', 'threads', 'async', 'solo'])('with the pool %s', (pool) => {
  test('tasks run, fail, retry, report and reach their results', async () => {
    const worker = await place.worker('-P', pool, '-c', pool === 'solo' ? '1' : '2').ready();

    expect(await call('add', [2, 2]).get(soon)).toBe(4);
    const when = new Date('2026-02-03T04:05:06.789Z');
    expect(await call('echo', [{ when, big: 2n ** 70n, bytes: Buffer.from([0xff, 0]) }]).get(soon)).toEqual({
      when,
      big: 2n ** 70n,
      bytes: Buffer.from([0xff, 0]),
    });

    const failing = await call('fail', ['no luck']);
    await expect(failing.get(soon)).rejects.toThrow('no luck');
    expect(await failing.state()).toBe('FAILURE');
    expect(await failing.traceback()).toContain('tasks.mjs');

    const missing = await call('add', [2]).get({ ...soon, propagate: false });
    expect(missing).toBeInstanceOf(TypeError);
    expect((missing as Error).message).toBe("add() missing 1 required positional argument: 'y'");

    const states: string[] = [];
    const flaky = await call('flaky', [2]);
    expect(await flaky.get({ ...soon, onMessage: (meta) => states.push(meta.status) })).toBe(2);
    expect(states.at(-1)).toBe('SUCCESS');
    expect(place.ledger().filter((line) => line.startsWith('flaky'))).toEqual([
      'flaky 0',
      'flaky 1',
      'flaky 2',
    ]);

    const spent = await call('flaky', [9]);
    await expect(spent.get(soon)).rejects.toThrow('not yet');

    const progress = await call('progress');
    const seen: unknown[] = [];
    expect(await progress.get({ ...soon, onMessage: (meta) => seen.push([meta.status, meta.result]) })).toBe(
      'done',
    );
    expect(seen).toContainEqual(['PROGRESS', { done: 1 }]);

    const context = await call('context', [1], { headers: { tenant: 'acme' }, kwargs: { a: 2 } });
    expect(await context.get(soon)).toEqual({
      id: context.id,
      args: [1, { a: 2 }],
      retries: 0,
      headers: { tenant: 'acme' },
      hostname: expect.stringMatching(/^celery@/),
      same: true,
    });

    const family = await call<{ child: string }>('caller');
    const { child } = await family.get(soon);
    expect((await family.children()).map((each) => each.id)).toEqual([child]);
    expect(await app.asyncResult(child).get(soon)).toBe(3);

    const quiet = await call('quiet', [1], { ignoreResult: true });
    await worker.says(`proj.tasks.quiet[${quiet.id}] succeeded`);
    expect(await quiet.state()).toBe('PENDING');

    worker.child.kill('SIGTERM');
    expect(await worker.exited).toBe(0);
    expect(worker.output).toContain('Warm shutdown');
  });
});

test('links and error links are called with the result and with the failed id', async () => {
  await place.worker('-c', '1').ready();
  const linked = app.signature('proj.tasks.add', [10], { taskId: 'linked' });
  expect(await call('add', [1, 2], { link: linked }).get(soon)).toBe(3);
  expect(await app.asyncResult('linked').get(soon)).toBe(13);

  const failed = await call('fail', ['x'], {
    linkError: app.signature('proj.tasks.echo', [], { taskId: 'errback' }),
  });
  await failed.get({ ...soon, propagate: false });
  expect(await app.asyncResult('errback').get(soon)).toBe(failed.id);
});

test('countdown is kept, expired calls are not started', async () => {
  const worker = await place.worker('-c', '1').ready();
  const sentAt = Date.now();
  const late = await call('add', [1, 1], { countdown: 1.2 });
  const expired = await call('add', [2, 2], { countdown: 0.5, expires: 0.2 });
  expect(await late.get(soon)).toBe(2);
  expect(Date.now() - sentAt).toBeGreaterThanOrEqual(1200);
  await expect(expired.get(soon)).rejects.toThrow('expired');
  expect(await expired.state()).toBe('REVOKED');
  expect(worker.output).toContain('Discarding expired task');
});

test('an automatic retry waits as its back-off says and ends with the error', async () => {
  await place.worker('-c', '1').ready();
  await expect(call('automatic').get(soon)).rejects.toThrow('again');
  const [first, second] = place.ledger().map((line) => Number(line.split(' ')[2])) as [number, number];
  expect(second - first).toBeGreaterThanOrEqual(1000);
});

test('a task that kills its process runs three times, then fails and is kept as a dead letter', async () => {
  const worker = await place.worker('-c', '2').ready();
  const deadly = await call('suicide');
  const others = await Promise.all(Array.from({ length: 20 }, (_, i) => call('add', [i, i])));
  await expect(deadly.get(soon)).rejects.toMatchObject({ code: 'TQ_WORKER_LOST' });
  expect(await Promise.all(others.map((each) => each.get(soon)))).toEqual(others.map((_, i) => 2 * i));
  expect(place.ledger().filter((line) => line === 'suicide')).toHaveLength(3);
  const channel = await app.producer().channel();
  expect((await channel.declareQueue({ name: 'tq.dead' })).messages).toBe(1);
  await until('the pool is full again', () => worker.children().length >= 2, 2000);
});

test('time limits end what hangs, in a busy loop too', async () => {
  await place.worker('-c', '1').ready();
  const hard = await call('spin', [60_000], { timeLimit: 0.5 });
  const startedAt = Date.now();
  await expect(hard.get(soon)).rejects.toMatchObject({ code: 'TQ_TIME_LIMIT' });
  expect(Date.now() - startedAt).toBeLessThan(5000);
  await expect(call('obedient', [60_000, 'soft'], { softTimeLimit: 0.3 }).get(soon)).rejects.toMatchObject({
    code: 'TQ_SOFT_TIME_LIMIT',
  });
  expect(await call('add', [1, 1]).get(soon)).toBe(2);
});

test('a rate limit spaces the starts', async () => {
  await place.worker('-c', '2').ready();
  const times = (await Promise.all(Array.from({ length: 4 }, () => call<number>('limited').get(soon)))).sort(
    (a, b) => a - b,
  );
  expect((times.at(-1) as number) - (times[0] as number)).toBeGreaterThanOrEqual(500);
});

test('rejected messages and their reason are kept', async () => {
  const worker = await place.worker('-c', '1').ready();
  await call('reject');
  await worker.says('not for me');
  const channel = await app.producer().channel();
  await until(
    'the dead letter',
    async () => (await channel.declareQueue({ name: 'tq.dead' })).messages === 1,
  );
});

test('lines of tasks carry their process, name and id', async () => {
  const worker = await place.worker('-c', '1').ready();
  const logged = await call('log');
  await logged.get(soon);
  await worker.says('from console.log');
  expect(worker.output).toMatch(
    new RegExp(`INFO/ForkPoolWorker-1\\] proj\\.tasks\\.log\\[${logged.id}\\]: from self\\.log`),
  );
  expect(worker.output).toMatch(/WARNING\/ForkPoolWorker-1\] from console\.log/);
});

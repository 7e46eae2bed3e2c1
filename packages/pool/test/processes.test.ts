import { afterEach, describe, expect, test } from '@jest/globals';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { HostLog, Pool, PoolFactory, PoolHost } from '@tq/core';
import { PoolStartError } from '@tq/core';
import { asyncPool, prefork, threads } from '@tq/pool';
import { eventually, memoryLogger } from '@tq/testkit';
import { makePool, run, value } from './fixtures/rig.ts';

const pools: Pool[] = [];
afterEach(async () => {
  for (const pool of pools.splice(0)) await pool.close({ graceMs: 0 });
});

async function open(factory: PoolFactory, change?: Partial<PoolHost>): Promise<Pool> {
  const pool = makePool(factory, change);
  pools.push(pool);
  await pool.start();
  return pool;
}

function fixture(name: string): string {
  return new URL(`./fixtures/${name}`, import.meta.url).href;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe('child processes', () => {
  test('the process list names the program, the pool and the place in it', async () => {
    const pool = await open(prefork({ size: 2, title: 'tq: worker' }));
    const titles = pool
      .stats()
      .hosts.map((host) => execFileSync('ps', ['-o', 'args=', String(host.pid)], { encoding: 'utf8' }));
    expect(titles.map((title) => title.trim())).toEqual(['tq: worker [prefork 1]', 'tq: worker [prefork 2]']);
  });

  test('signals that reach the whole group end no child', async () => {
    const pool = await open(prefork());
    const [before] = pool.stats().hosts;
    const names = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'];
    expect(await value(pool, { do: 'signal', names })).toBe('alive');
    expect(pool.stats().hosts[0]?.pid).toBe(before?.pid);
  });

  test('a child is told its place, and the flags for its Node', async () => {
    const pool = await open(prefork({ execArgv: ['--max-old-space-size=123'] }), { init: { a: 1 } });
    expect(await value(pool, { do: 'host' })).toEqual({
      init: { a: 1 },
      host: { index: 1, processName: 'ForkPoolWorker-1', title: 'tq: worker [prefork 1]', slots: 1 },
    });
    expect(await value(pool, { do: 'execArgv' })).toEqual(['--max-old-space-size=123']);
  });

  test('an entry that calls serve() late misses nothing', async () => {
    const pool = await open(prefork(), { entry: fixture('late-entry.mjs') });
    expect(await value(pool, { do: 'echo', value: 1 })).toBe(1);
  });

  test('a child that leaves closes what its entry has opened', async () => {
    const logs: HostLog[] = [];
    const pool = await open(prefork(), {
      entry: fixture('farewell-entry.mjs'),
      onLog: (line) => logs.push(line),
    });
    await pool.close({ graceMs: 5000 });
    expect(logs.map((line) => line.message)).toEqual(['farewell']);
  });

  test('an entry that does not exist rejects the start', async () => {
    const pool = makePool(prefork(), { entry: fixture('nowhere.mjs') });
    const start = pool.start();
    await expect(start).rejects.toBeInstanceOf(PoolStartError);
    await expect(start).rejects.toThrow('Cannot find module');
  });

  test('no file is left, not even while the pool runs', async () => {
    const mine = (): string[] =>
      [tmpdir(), '/dev/shm']
        .filter((folder) => existsSync(folder))
        .flatMap((folder) => readdirSync(folder))
        .filter((name) => name.startsWith(`tq-${process.pid}-`));
    const pool = await open(prefork({ size: 2 }));
    await value(pool, { do: 'echo', value: 1 });
    expect(mine()).toEqual([]);
  });

  test('descriptors are not used up by hosts that come and go', async () => {
    const count = (): number => readdirSync('/proc/self/fd').length;
    const pool = await open(prefork());
    await run(pool, { do: 'kill' });
    await value(pool, { do: 'echo', value: 1 });
    const before = count();
    for (let i = 0; i < 4; i++) await run(pool, { do: 'kill' });
    expect(await value(pool, { do: 'echo', value: 2 })).toBe(2);
    await eventually(() => count() <= before, { what: 'the descriptors of old hosts to be closed' });
  });

  test('where no file without a name can be made, jobs run one by one', async () => {
    const platform = Object.getOwnPropertyDescriptor(process, 'platform') as PropertyDescriptor;
    Object.defineProperty(process, 'platform', { ...platform, value: 'win32' });
    const pool = makePool(prefork());
    pools.push(pool);
    const start = pool.start();
    Object.defineProperty(process, 'platform', platform);
    await start;
    const values = await Promise.all(
      Array.from({ length: 100 }, (_, i) => value(pool, { do: 'echo', value: i })),
    );
    expect(values).toEqual(values.map((_, i) => i));
    const deadly = run(pool, { do: 'kill' });
    const next = value(pool, { do: 'echo', value: 'next' });
    expect(await deadly).toMatchObject({ kind: 'lost', reason: 'exit' });
    expect(await next).toBe('next');
  });

  test('a job that its host was allowed to start but never received runs elsewhere', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tq-awaited-'));
    const init = { marker: join(folder, 'marker') };
    const pool = await open(prefork(), { entry: fixture('awaiting-entry.mjs'), init });
    expect(await value(pool, { do: 'echo', value: 'safe' })).toBe('safe');
    rmSync(folder, { recursive: true });
  });

  test('children of a killed parent end, and run nothing that was still waiting in them', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tq-doomed-'));
    const journal = join(folder, 'journal');
    const parent = spawn(process.execPath, [fileURLToPath(fixture('doomed-parent.mjs')), journal], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const children = line.toString().trim().split(' ').map(Number);
    expect(children.map(isAlive)).toEqual([true, true, true, true]);
    parent.kill('SIGKILL');
    await eventually(() => !children.some(isAlive), { what: 'all children to end' });
    expect(existsSync(journal) ? readFileSync(journal, 'utf8') : '').toBe('');
    rmSync(folder, { recursive: true });
  });
});

describe('the async pool', () => {
  test('slots are divided among its hosts', async () => {
    const pool = await open(asyncPool({ size: 5, hosts: 2 }));
    expect(pool.size).toBe(5);
    expect(pool.stats().hosts).toHaveLength(2);
    const asked = Array.from({ length: 5 }, () => value(pool, { do: 'host' }));
    const slots = (await Promise.all(asked)).map((one) => (one as { host: { slots: number } }).host.slots);
    expect(new Set(slots)).toEqual(new Set([2, 3]));
  });

  test('a blocked host is killed when one of its jobs is overdue; the others are lost with it', async () => {
    const pool = await open(asyncPool({ size: 3 }));
    const sibling = run(pool, { do: 'hang' });
    const overdue = run(pool, { do: 'hang' }, { timeLimitMs: 200 });
    const blocker = run(pool, { do: 'spin', ms: 20_000 });
    expect(await overdue).toMatchObject({ kind: 'lost', reason: 'time-limit' });
    expect(await value(pool, { do: 'echo', value: 'fresh' })).toBe('fresh');
    expect(await sibling).toEqual({ kind: 'lost', reason: 'exit', detail: 'signal SIGKILL' });
    expect(await blocker).toMatchObject({ kind: 'lost', reason: 'exit' });
    await eventually(() => pool.stats().hosts.length === 1, { what: 'one host' });
  });

  test('a job that outlasts its limit does not keep the others from finishing, and its host leaves after them', async () => {
    const pool = await open(asyncPool({ size: 2 }));
    const [old] = pool.stats().hosts;
    const sibling = value(pool, { do: 'sleep', ms: 1500, value: 'whole' });
    expect(await run(pool, { do: 'hang' }, { timeLimitMs: 100 })).toMatchObject({ reason: 'time-limit' });
    await eventually(() => pool.stats().hosts.length === 2, { what: 'the fresh host beside the old one' });
    expect(await sibling).toBe('whole');
    await eventually(() => pool.stats().hosts.every((host) => host.pid !== old?.pid), {
      what: 'the old host to leave',
    });
  });
});

describe('threads', () => {
  test('one that is stuck in a system call is given up, and the pool goes on', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tq-fifo-'));
    const fifo = join(folder, 'fifo');
    execFileSync('mkfifo', [fifo]);
    const logger = memoryLogger();
    const pool = await open(threads(), { logger });
    // Nobody writes: reading blocks the thread where not even terminate() reaches it.
    const stuck = run(pool, { do: 'readFile', file: fifo }, { timeLimitMs: 200 });
    expect(await stuck).toMatchObject({
      kind: 'lost',
      reason: 'time-limit',
      detail: expect.stringContaining('did not end'),
    });
    expect(await value(pool, { do: 'echo', value: 'next' })).toBe('next');
    await pool.close({ graceMs: 0 });
    // Lets the thread go, or this process could never end.
    execFileSync('sh', ['-c', `: > '${fifo}'`]);
    rmSync(folder, { recursive: true });
  });
});

// Fleets of real workers, in the background, found again by their pid files.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { Cluster, createFleet } from '@tq/multi';
import { clientOf, until } from './support/client.ts';
import { runProgram } from './support/run-program.ts';
import type { Ended } from './support/run-program.ts';
import { bin, Workplace } from './support/worker-process.ts';

let place: Workplace;

beforeEach(() => {
  place = new Workplace();
});
afterEach(async () => {
  for (const pid of workersHere()) process.kill(pid, 'SIGKILL');
  await until('all workers are gone', () => workersHere().length === 0);
  place[Symbol.dispose]();
});

const HOST = hostname();

const multi = (line: string): Promise<Ended> => tq(`multi ${line}`);

function tq(line: string): Promise<Ended> {
  return runProgram(process.execPath, [bin, ...line.split(' ')], {
    cwd: place.folder,
    env: place.env,
    // Twenty processes of Node, on whatever machine this is.
    limitMs: 180_000,
  });
}

/** What was printed, with PID for the ids of processes and one dot for those of waiting. */
function told({ stdout }: Ended): readonly string[] {
  return stdout
    .replaceAll(/(?<=-> |\d, |\()\d+/g, 'PID')
    .replaceAll(/\.{3,}/g, '…')
    .trimEnd()
    .split('\n');
}

/** Processes of the programs that run in the folder. */
function workersHere(): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const environment = readFileSync(`/proc/${pid}/environ`, 'utf8');
        return environment.includes(`LEDGER=${place.ledgerFile}\0`) && Number(pid) !== process.pid;
      } catch {
        return false;
      }
    })
    .map(Number);
}

const filesIn = (folder: string): readonly string[] => {
  const path = join(place.folder, folder);
  return existsSync(path) ? readdirSync(path) : [];
};
const read = (...path: readonly string[]): string => readFileSync(join(place.folder, ...path), 'utf8');

test("the guide's ten workers start, consume as told, restart and stop; nothing is left", async () => {
  const options =
    '-A app/tq -l info -P solo -Q:1-3 images,video -Q:4,5 data -Q default -L:4,5 debug --pidfile=run/%n.pid --logfile=log/%n%I.log';
  const names = Array.from({ length: 10 }, (_, at) => `celery${at + 1}`);
  const lines = (text: (name: string) => string): readonly string[] => names.map((n) => text(`${n}@${HOST}`));

  const started = await multi(`start 10 ${options}`);
  expect(started).toMatchObject({ code: 0, stderr: '' });
  expect(told(started)).toEqual([
    expect.stringMatching(/^tq multi v\d+\.\d+\.\d+ \([\w-]+\)$/),
    '> Starting nodes…',
    ...lines((name) => `\t> ${name}: OK`),
  ]);
  expect(filesIn('run').toSorted()).toEqual(names.map((name) => `${name}.pid`).toSorted());

  await until('all are ready', () => names.every((name) => read('log', `${name}.log`).includes(' ready.')));
  const { stdout } = await tq('inspect active_queues -A app/tq --json -t 30');
  const consumed = Object.entries(
    JSON.parse(stdout) as Readonly<Record<string, readonly { name: string }[]>>,
  );
  expect(
    Object.fromEntries(consumed.map(([node, queues]) => [node, queues.map(({ name }) => name)])),
  ).toEqual(
    Object.fromEntries(
      names.map((name, at) => [
        `${name}@${HOST}`,
        at < 3 ? ['images', 'video'] : at < 5 ? ['data'] : ['default'],
      ]),
    ),
  );

  const before = new Set(workersHere());
  const restarted = await multi(`restart 10 ${options}`);
  expect(restarted).toMatchObject({ code: 0, stderr: '' });
  expect(told(restarted)).toEqual(
    expect.arrayContaining([
      '> Stopping nodes…',
      ...lines((name) => `\t> ${name}: TERM -> PID`),
      `> Waiting for 10 nodes -> ${Array.from({ length: 10 }, () => 'PID').join(', ')}…`,
      ...lines((name) => `\t> ${name}: OK`),
      ...lines((name) => `> Restarting node ${name}: OK`),
    ]),
  );
  expect(workersHere().filter((pid) => before.has(pid))).toEqual([]);
  expect(filesIn('run')).toHaveLength(10);

  const stopped = await multi(`stopwait 10 ${options}`);
  expect(stopped).toMatchObject({ code: 0, stderr: '' });
  expect(told(stopped)).toEqual(expect.arrayContaining([...lines((name) => `\t> ${name}: OK`)]));
  expect([filesIn('run'), workersHere()]).toEqual([[], []]);

  expect(told(await multi(`stopwait 10 ${options}`)).slice(1)).toEqual(lines((name) => `> ${name}: DOWN`));
}, 400_000);

test('one worker, with its files in the current folder: start, restart, stopwait', async () => {
  const node = `w1@${HOST}`;
  const started = await multi('start w1 -A app/tq -l info -c 1');
  expect(told(started).slice(1)).toEqual(['> Starting nodes…', `\t> ${node}: OK`]);
  expect([existsSync(join(place.folder, 'w1.pid')), existsSync(join(place.folder, 'w1.log'))]).toEqual([
    true,
    true,
  ]);

  const again = await multi('start w1 -A app/tq -c 1');
  expect(again.code).toBe(1);
  expect(told(again).slice(2)).toEqual([
    `\t> ${node}: FAILED`,
    '\t  * Child terminated with exit code 73',
    expect.stringMatching(/^\t {2}tq: The pid file w1\.pid is in use: process \d+ runs\. Stop it first/),
  ]);

  expect(told(await multi('restart w1 -A app/tq -l info -c 1')).slice(1)).toEqual([
    '> Stopping nodes…',
    `\t> ${node}: TERM -> PID`,
    '> Waiting for 1 node -> PID…',
    `\t> ${node}: OK`,
    `> Restarting node ${node}: OK`,
  ]);

  // What it runs is finished first, also when its children are others' processes.
  await using app = clientOf(place);
  const nap = app.sendTask('proj.tasks.nap', [1500, 'long']);
  await until('the task has begun', () => place.ledger().includes('start long'));
  const early = await multi('stopwait w1 --timeout=200ms');
  expect(early.code).toBe(1);
  expect(early.stdout).toMatch(/> Gave up after \S+ s\. Still running: w1@/);
  const stopped = await multi('stopwait w1 -A app/tq -l info');
  expect(stopped.code).toBe(0);
  expect(await nap.get({ timeout: 5 })).toBe('long');
  expect([existsSync(join(place.folder, 'w1.pid')), workersHere()]).toEqual([false, []]);
}, 120_000);

test('a stop without names says what it needs, and who runs', async () => {
  await multi('start w1 -A app/tq -P solo');
  expect(await multi('stop -A app/tq -l info')).toEqual({
    code: 64,
    stdout: '',
    stderr:
      'tq: tq multi stop needs the names of nodes: it keeps no list of them.\nRunning here: w1. To name them: tq multi stop w1\n',
  });
  expect((await multi('stop w1')).code).toBe(0);
  await until('it is gone', () => !existsSync(join(place.folder, 'w1.pid')));
}, 120_000);

test('a pid that another program has by now is left alone, and its file is taken over', async () => {
  const other = spawn('sleep', ['60'], { stdio: 'ignore' });
  try {
    for (const line of ['stopwait w1', 'kill w1', 'start w1 -A app/tq -P solo']) {
      writeFileSync(join(place.folder, 'w1.pid'), `${other.pid}\n`);
      expect(await multi(line)).toMatchObject({ code: 0, stderr: '' });
    }
    expect([other.exitCode, other.signalCode]).toEqual([null, null]);
    expect(Number(read('w1.pid'))).not.toBe(other.pid);
    expect((await multi('kill w1')).code).toBe(0);
    expect(existsSync(join(place.folder, 'w1.pid'))).toBe(false);
  } finally {
    other.kill('SIGKILL');
  }
}, 120_000);

test('what can not start is counted, with its reason', async () => {
  const { code, stdout } = await multi('start 2 -A app/tq -P solo -I:2 app/missing');
  expect(code).toBe(1);
  expect(stdout).toMatch(
    /\t> celery1@\S+: OK\n\t> celery2@\S+: FAILED\n\t {2}\* Child terminated with exit code 64\n\t {2}tq: There is no module "app\/missing"/,
  );
}, 120_000);

test('a program starts and stops a fleet of its own', async () => {
  const nodes = createFleet(['w1', 'w2'], {
    app: 'app/tq',
    options: { pool: 'solo', loglevel: 'info' },
    optionsOf: { w2: { queues: ['other'] } },
    pidfile: 'run/%n.pid',
    cwd: place.folder,
  });
  const cluster = new Cluster(nodes, { cwd: place.folder, env: place.env });
  const started = await cluster.start();
  expect(started.map(({ outcome }) => outcome)).toEqual(
    nodes.map((node) => ({ kind: 'started', pid: cluster.pidOf(node) })),
  );
  await using app = clientOf(place);
  expect(await app.sendTask('proj.tasks.where', [], { queue: 'other' }).get({ timeout: 20 })).toBe(
    `w2@${HOST}`,
  );
  const stopped = await cluster.stopwait({ timeoutMs: 20_000 });
  expect(stopped.map(({ outcome }) => outcome.kind)).toEqual(['stopped', 'stopped']);
  expect([filesIn('run'), workersHere()]).toEqual([[], []]);
}, 120_000);

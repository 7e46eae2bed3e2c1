// With real processes that behave as workers do; those of tq itself are in test/e2e.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Cluster } from '../src/cluster.ts';
import { readFleet } from '../src/fleet.ts';
import { exists } from '../src/process-words.ts';
import { MultiTool } from '../src/tool.ts';
import { nameOfWorker } from '../src/worker-process.ts';
import { OtherProcess } from './other-process.ts';

const program = [process.execPath, join(import.meta.dirname, 'fixtures/worker.mjs'), 'worker', '--detach'];
let folder: string;
let printed: string;
let warned: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tq-multi-'));
  printed = '';
  warned = [];
});
afterEach(() => {
  for (const name of existsSync(join(folder, 'run')) ? readdirSync(join(folder, 'run')) : []) {
    const pid = pidIn(name);
    if (nameOfWorker(pid) !== undefined) process.kill(pid, 'SIGKILL');
  }
  rmSync(folder, { recursive: true, force: true });
});

const FILES = ['--pidfile=run/%n.pid', '--logfile=log/%n.log'];
const pidIn = (file: string): number => Number(readFileSync(join(folder, 'run', file), 'utf8'));
const pidFiles = (): readonly string[] => readdirSync(join(folder, 'run')).toSorted();

/** Runs a command line of multi in the folder; what was printed, with ids in place of process ids, is in `printed`. */
async function multi(line: string): Promise<number> {
  printed = '';
  const tool = new MultiTool({
    program,
    cwd: folder,
    splash: 'tq multi v0',
    write: (text) => (printed += text),
    warn: (sentence) => warned.push(sentence),
    options: (spelling) => (spelling === '-l' ? { key: 'loglevel', takesValue: true } : undefined),
  });
  const exitCode = await tool.run([...line.split(' '), ...FILES]);
  printed = printed.replace(/\d{2,}/g, 'PID');
  return exitCode;
}

test('workers start, restart and stop, and nothing is left', async () => {
  expect(await multi('start w1@h w2@h')).toBe(0);
  expect(printed).toBe('tq multi v0\n> Starting nodes...\n\t> w1@h: OK\n\t> w2@h: OK\n');
  expect(pidFiles()).toEqual(['w1.pid', 'w2.pid']);
  const before = pidIn('w1.pid');

  expect(await multi('restart w1@h')).toBe(0);
  expect(printed).toBe(
    'tq multi v0\n> Stopping nodes...\n\t> w1@h: TERM -> PID\n> Waiting for 1 node -> PID...\n\t> w1@h: OK\n> Restarting node w1@h: OK\n',
  );
  expect(pidIn('w1.pid')).not.toBe(before);

  const pids = [pidIn('w1.pid'), pidIn('w2.pid')];
  expect(await multi('stopwait w1@h w2@h')).toBe(0);
  expect(printed).toMatch(
    /^tq multi v0\n> Stopping nodes\.\.\.\n\t> w1@h: TERM -> PID\n\t> w2@h: TERM -> PID\n> Waiting for 2 nodes -> PID, PID\.\.\./,
  );
  expect(pids.filter((pid) => !isOver(pid))).toEqual([]);
  expect(pidFiles()).toEqual([]);

  expect(await multi('stopwait w1@h w2@h')).toBe(0);
  expect(printed).toBe('tq multi v0\n> w1@h: DOWN\n> w2@h: DOWN\n');
});

/** Gone, or a zombie that nobody has asked for. */
function isOver(pid: number): boolean {
  return !exists(pid) || readFileSync(`/proc/${pid}/cmdline`, 'utf8') === '';
}

test('what can not start is counted, with its reason', async () => {
  expect(await multi('start w1@h w2@h w3@h -l:2 bad -l:3 mortal')).toBe(1);
  expect(printed).toBe(
    'tq multi v0\n> Starting nodes...\n\t> w1@h: OK\n\t> w2@h: FAILED\n\t  * Child terminated with exit code PID\n\t  tq: no such mood\n' +
      '\t> w3@h: FAILED\n\t  * Child was terminated by signal 9 (SIGKILL)\n',
  );
});

test('restart also starts what was down', async () => {
  expect(await multi('restart w1@h')).toBe(0);
  expect(printed).toBe('tq multi v0\n> Restarting node w1@h: OK\n');
});

test('a worker that does not stop in time is left, told of and not started twice', async () => {
  await multi('start w1@h -l deaf');
  const pid = pidIn('w1.pid');
  expect(await multi('stopwait w1@h --timeout=200ms')).toBe(1);
  expect(printed).toMatch(/\n> Gave up after \S+ s\. Still running: w1@h \(PID\)\n$/);
  expect(await multi('restart w1@h --timeout 0')).toBe(1);
  expect(printed).not.toContain('Restarting');
  expect(pidIn('w1.pid')).toBe(pid);
  expect(await multi('kill w1@h')).toBe(0);
  expect(printed).toBe('tq multi v0\nSending KILL to node w1@h (PID)\n');
  expect([isOver(pid), pidFiles()]).toEqual([true, []]);
});

test('another signal can be sent', async () => {
  await multi('start w1@h -l deaf');
  expect(await multi('stopwait w1@h -INT')).toBe(0);
  expect(printed).toContain('\t> w1@h: INT -> PID\n');
});

test('a program that got the id of a worker is never signalled', async () => {
  const other = await OtherProcess.called('postgres: tq worker: w1@h');
  try {
    mkdirSync(join(folder, 'run'));
    writeFileSync(join(folder, 'run/w1.pid'), String(other.pid));
    expect(await multi('stop w1@h')).toBe(0);
    expect(printed).toContain('> w1@h: DOWN (process PID of ');
    for (const command of ['stopwait', 'kill', 'restart']) {
      writeFileSync(join(folder, 'run/w1.pid'), String(other.pid));
      expect(await multi(`${command} w1@h`)).toBe(0);
    }
    expect(other.isAlive).toBe(true);
    expect(pidIn('w1.pid')).not.toBe(other.pid);
  } finally {
    await other.end();
  }
});

test('quiet says nothing, verbose says all', async () => {
  expect(await multi('start w1@h -q')).toBe(0);
  expect(printed).toBe('');
  expect(await multi('restart w1@h --verbose --nosplash')).toBe(0);
  expect(printed).toMatch(
    /^> Stopping nodes.*> Restarting node w1@h: \n {2}\S+ .*worker --detach -n w1@h .*\nOK\n$/s,
  );
});

test('a command without names says what it needs, and who runs here', async () => {
  await expect(multi('stop -A proj -l info')).rejects.toMatchObject({
    message: 'tq multi stop needs the names of nodes: it keeps no list of them.',
    remedy: 'For example: tq multi stop w1 w2, or a number of nodes: tq multi stop 3',
  });
  await multi('start w1@h w2@h');
  await expect(multi('stop')).rejects.toMatchObject({
    remedy: 'Running here: w1@h, w2@h. To name them: tq multi stop w1@h w2@h --pidfile=run/%n.pid',
  });
});

test('a folder that can not be made ends it before anything is started', async () => {
  writeFileSync(join(folder, 'log'), '');
  await expect(multi('start w1@h')).rejects.toMatchObject({ code: 'TQ_CANT_CREATE' });
  expect(pidFiles()).toEqual([]);
});

test('what would be done can be asked for', async () => {
  expect(await multi('names 2 -n h')).toBe(0);
  expect(printed).toBe('celery1@h\ncelery2@h\n');
  expect(await multi('expand %n.%h.%d w1@h')).toBe(0);
  expect(printed).toBe('w1.w1@h.h\n');
  expect(await multi('get w1 w1 w2 -l:w1 debug')).toBe(0);
  expect(printed).toMatch(
    /worker --detach -l debug -n w1@\S+ --pidfile=run\/w1\.pid --logfile=log\/w1\.log\n$/,
  );
  expect(await multi('get w3 w1 w2 -n h')).toBe(1);
  expect(warned).toEqual(['No node is called w3; there is w1@h, w2@h.']);
  expect(await multi('show 2 -l info')).toBe(0);
  expect(printed.split('\n')).toHaveLength(3);
  await expect(multi('strat w1')).rejects.toMatchObject({ remedy: 'Did you mean tq multi start?' });
});

test('a cluster can be used without a command line', async () => {
  const { nodes } = readFleet(['2', '-n', 'h', ...FILES], { program, cwd: folder });
  const events: string[] = [];
  const cluster = new Cluster(nodes, { cwd: folder, onEvent: ({ kind }) => events.push(kind) });
  const started = await cluster.start();
  expect(started.map(({ node, outcome }) => [node.name, outcome.kind])).toEqual([
    ['celery1@h', 'started'],
    ['celery2@h', 'started'],
  ]);
  expect(nodes.map((node) => cluster.pidOf(node))).toEqual([pidIn('celery1.pid'), pidIn('celery2.pid')]);
  const stopped = await cluster.stopwait({ timeoutMs: 10_000 });
  expect(stopped.map(({ outcome }) => outcome.kind)).toEqual(['stopped', 'stopped']);
  expect(nodes.map((node) => cluster.pidOf(node))).toEqual([undefined, undefined]);
  expect(events.slice(0, 7)).toEqual([
    'starting',
    'started',
    'starting',
    'started',
    'stopping',
    'signalled',
    'signalled',
  ]);
});

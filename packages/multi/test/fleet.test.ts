import { hostname } from 'node:os';
import { createFleet } from '../src/create-fleet.ts';
import { readFleet } from '../src/fleet.ts';
import type { OptionTable } from '../src/option-table.ts';
import { joinWords } from '../src/shell-words.ts';

const options: OptionTable = (spelling) =>
  ({
    '-l': { key: 'loglevel', takesValue: true },
    '-L': { key: 'loglevel', takesValue: true },
    '-Q': { key: 'queues', takesValue: true },
    '--queues': { key: 'queues', takesValue: true },
    '-c': { key: 'concurrency', takesValue: true },
    '-A': { key: 'app', takesValue: true },
    '-E': { key: 'taskEvents', takesValue: false },
  })[spelling];
const program = ['node', '/opt/tq.js', 'worker', '--detach'];
const read = (line: string) => readFleet(line.split(' '), { program, options, cwd: '/srv' });
/** What a node is given beside what all are given. */
const own = (line: string) =>
  read(`--pidfile=p --logfile=l ${line}`).nodes.map(({ command }) =>
    joinWords(command.slice(4)).replace(` --pidfile=p --logfile=l`, '').replace(`@${hostname()}`, ''),
  );

test("the guide's ten workers", () => {
  expect(own('10 -A proj -l info -Q:1-3 images,video -Q:4,5 data -Q default -L:4,5 debug')).toEqual([
    '-A proj -l info -Q images,video -n celery1',
    '-A proj -l info -Q images,video -n celery2',
    '-A proj -l info -Q images,video -n celery3',
    '-A proj -L debug -Q data -n celery4',
    '-A proj -L debug -Q data -n celery5',
    ...['6', '7', '8', '9', '10'].map((n) => `-A proj -l info -Q default -n celery${n}`),
  ]);
});

test.each([
  ['image video data -c 3 -c:image 10', ['-c 10 -n image', '-c 3 -n video', '-c 3 -n data']],
  ['image video data -c 3 -c:image,3 10', ['-c 10 -n image', '-c 3 -n video', '-c 10 -n data']],
  ['image video data -c:1-2 3', ['-c 3 -n image', '-c 3 -n video', '-n data']],
  [`a b -c:b@${hostname()} 4`, ['-n a', '-c 4 -n b']],
  ['2 -c:1-2 3 -c:2 4', ['-c 3 -n celery1', '-c 4 -n celery2']],
  ['2 -Q a --queues:1=b', ['--queues=b -n celery1', '-Q a -n celery2']],
  ['2 -Q a -Q b -E:2', ['-Q a -Q b -n celery1', '-Q a -Q b -E -n celery2']],
  ['w-1 w-2 -c:w-1 2', ['-c 2 -n w-1', '-n w-2']],
  ['2 -A proj -- worker.x=1', ['-A proj -n celery1 -- worker.x=1', '-A proj -n celery2 -- worker.x=1']],
])('%s', (line, expected) => {
  expect(own(line)).toEqual(expected);
});

test.each([
  ['3 -c:0 1', 'Nodes are counted from 1'],
  ['3 -c:4 1', 'There is no node 4 for ":4".'],
  ['3 -c:2-4 1', 'There is no node 4 for ":2-4".'],
  ['3 -c:3-2 1', '":3-2" counts backwards.'],
  ['w1 -n w1@%h', '-n/--hostname is the host part of all nodes here'],
  ['w1 --timeout=soon', '--timeout must be seconds'],
  ['w1 --append="', 'A quote is left open'],
])('%s is refused', (line, message) => {
  expect(() => read(line)).toThrow(message);
});

test('options for a node that is not there are pointed out', () => {
  expect(read('w1 -c:w2 3').warnings).toEqual(['No node is called w2: -c:w2 does nothing for it.']);
});

test('pid files and folders are seen from where the worker runs', () => {
  const [node] = read('w1@h --pidfile=run/%n.pid --logfile=/var/log/tq/%p%I.log --workdir=app').nodes;
  expect(node).toMatchObject({
    pidFile: '/srv/app/run/w1.pid',
    folders: ['/srv/app/run', '/var/log/tq'],
  });
  expect(node?.command).toEqual([
    ...program,
    '--workdir=app',
    '-n',
    'w1@h',
    '--pidfile=run/w1.pid',
    '--logfile=/var/log/tq/w1@h%I.log',
  ]);
});

test('without options the files lie where the fleet is started', () => {
  const [node] = read('w1@h').nodes;
  expect(node).toMatchObject({ pidFile: '/srv/w1.pid', folders: ['/srv'] });
  expect(node?.command.at(-1)).toBe('--logfile=w1%I.log');
});

test('another program can be run, with words at its end', () => {
  const words = ['w1@h', '--executable=/opt/node', '--cmd=/opt/my.js worker -D', '--append=-E -I "a b"'];
  expect(readFleet(words, { program, options }).nodes[0]?.command).toEqual([
    '/opt/node',
    '/opt/my.js',
    'worker',
    '-D',
    '-n',
    'w1@h',
    '--pidfile=w1.pid',
    '--logfile=w1%I.log',
    '-E',
    '-I',
    'a b',
  ]);
});

test('a fleet can be described without a command line', () => {
  const nodes = createFleet(3, {
    app: 'proj',
    options: { concurrency: 2, queues: ['default'], purge: false, taskEvents: true },
    optionsOf: { '1-2': { queues: ['images', 'video'] } },
    settings: { 'worker.shutdown_timeout': 30 },
    pidfile: 'run/%n.pid',
    cwd: '/srv',
    program,
  });
  expect(nodes.map(({ pidFile }) => pidFile)).toEqual([1, 2, 3].map((n) => `/srv/run/celery${n}.pid`));
  expect(joinWords(nodes[0]?.command ?? [])).toBe(
    `node /opt/tq.js worker --detach --app=proj --concurrency=2 --queues=images,video --task-events -n celery1@${hostname()} ` +
      '--pidfile=run/celery1.pid --logfile=celery1%I.log -- worker.shutdown_timeout=30',
  );
  expect(nodes[2]?.command).toContain('--queues=default');
});

test('a program that is not installed is missed', () => {
  expect(() => createFleet(['w1'], { app: 'proj', cwd: '/' })).toThrow(
    expect.objectContaining({ code: 'TQ_MISSING_PACKAGE' }),
  );
});

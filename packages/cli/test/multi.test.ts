import { main } from '../src/main.ts';
import { fakeTerminal } from './terminal.ts';

async function run(line: string, env: Readonly<Record<string, string>> = {}) {
  const terminal = fakeTerminal({ env });
  const exitCode = await main(line.split(' '), terminal);
  return { exitCode, printed: terminal.printed(), complained: terminal.complained() };
}

/** The words of a node's command that follow `worker --detach`. */
const own = (printed: string): readonly string[] =>
  printed
    .trim()
    .split('\n')
    .map((line) => line.replace(/^.* worker --detach /, ''));

test("the options of a worker are known, Celery's old -L among them", async () => {
  const { exitCode, printed } = await run(
    'multi show 2 -n h -A proj -E --loglevel info -c4 -L:2 debug --queues:1 a,b --time-limit 5m',
  );
  expect(exitCode).toBe(0);
  expect(own(printed)).toEqual([
    '-A proj -E --loglevel=info -c 4 --time-limit=5m --queues=a,b -n celery1@h --pidfile=celery1.pid --logfile=celery1%I.log',
    '-A proj -E -L debug -c 4 --time-limit=5m -n celery2@h --pidfile=celery2.pid --logfile=celery2%I.log',
  ]);
});

test.each(['-A proj multi show w1@h', 'multi -A proj show w1@h', 'multi show w1@h -A proj'])(
  'options of every command stand before or after it: tq %s',
  async (line) => {
    expect(own((await run(line)).printed)).toEqual(['-A proj -n w1@h --pidfile=w1.pid --logfile=w1%I.log']);
  },
);

test('a template is the first word, wherever the app is named', async () => {
  expect((await run('-A proj multi expand %n.log w1@h')).printed).toBe('w1.log\n');
});

test.each([
  ['multi', 'tq multi needs a command.'],
  ['multi strat w1', 'Did you mean tq multi start?'],
  ['multi start', 'tq multi start needs the names of nodes'],
  ['multi stop -A proj -l info', 'tq multi stop needs the names of nodes: it keeps no list of them.'],
  ['multi start w1', 'Which app? None is named.'],
  ['multi start w1 -A proj --concurency 3', 'Did you mean --concurrency?'],
  ['multi start w1 -A proj -c:w1 many', '-c/--concurrency must be a whole number'],
  ['multi start 3 -A proj -c:4 2', 'There is no node 4 for ":4".\nThere are 3 nodes.'],
])('tq %s ends with 64 before anything is started', async (line, complained) => {
  expect(await run(line)).toEqual({
    exitCode: 64,
    printed: '',
    complained: expect.stringContaining(complained),
  });
});

test('an option for a node that is not there is pointed out', async () => {
  const { exitCode, complained } = await run('multi names w1 -c:w2 3');
  expect([exitCode, complained]).toEqual([0, 'tq: No node is called w2: -c:w2 does nothing for it.\n']);
});

test('colours are for terminals, and for nobody with -C', async () => {
  const down = async (line: string, env = {}) =>
    (await run(`multi stop nobody-${process.pid}@h ${line}`, env)).printed;
  expect(await down('')).toMatch(/DOWN\n$/);
  expect(await down('', { FORCE_COLOR: '1' })).toContain('\u001B[35mDOWN\u001B[39m');
  expect(await down('-C', { FORCE_COLOR: '1' })).not.toContain('\u001B');
});

test('multi tells what it can do, and shows examples', async () => {
  const page = await run('multi --help');
  expect(page.printed).toContain('--range-prefix TEXT');
  const { exitCode, printed } = await run('multi help');
  expect(exitCode).toBe(0);
  expect(printed).toContain('-Q:1-3 images,video -Q:4,5 data -Q default -L:4,5 debug');
});

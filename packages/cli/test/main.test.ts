import { COMMANDS, NOT_YET } from '../src/commands.ts';
import { main } from '../src/main.ts';
import { fakeTerminal } from './terminal.ts';

const NAMES = Object.keys(COMMANDS).join(', ');

async function run(line: string, env: Readonly<Record<string, string>> = {}) {
  const terminal = fakeTerminal({ env });
  const exitCode = await main(line === '' ? [] : line.split(' '), terminal);
  return { exitCode, printed: terminal.printed(), complained: terminal.complained() };
}

test('without anything, the program tells what it can do', async () => {
  const { exitCode, printed } = await run('');
  expect(exitCode).toBe(0);
  for (const word of ['Usage', 'worker', 'call', 'result', 'purge', '--app MODULE', 'Examples'])
    expect(printed).toContain(word);
  expect((await run('--help')).printed).toBe(printed);
  expect((await run('-A proj -h')).printed).toBe(printed);
});

test('a command tells what it can do, without an app', async () => {
  const { exitCode, printed } = await run('worker --help');
  expect(exitCode).toBe(0);
  expect(printed).toContain('-c, --concurrency N');
  expect(printed).toContain('[default: WARNING]');
  expect(await run('-A proj worker -c 2 -h')).toEqual({ exitCode, printed, complained: '' });
});

test('help is a command too', async () => {
  expect(await run('help')).toEqual(await run('--help'));
  expect(await run('-A proj help worker')).toEqual(await run('worker --help'));
});

test('help fits the terminal', async () => {
  const terminal = fakeTerminal({ columns: 80 });
  await main(['worker', '--help'], terminal);
  const tooLong = terminal
    .printed()
    .split('\n')
    .filter((line) => line.length > 80 && !line.includes(' tq '));
  expect(tooLong).toEqual([]);
});

test('the version comes with its name', async () => {
  expect(await run('--version')).toEqual({
    exitCode: 0,
    printed: expect.stringMatching(/^\d+\.\d+\.\d+ \([\w-]+\)\n$/),
    complained: '',
  });
});

test('a command is not run where the version is asked for', async () => {
  expect(await run('worker --version')).toEqual(await run('--version'));
});

test.each([
  ['list -A proj', 'tq: tq list needs a word more, bindings.\nUsage: tq -A MODULE list bindings [options]\n'],
  ['wrker', 'tq: tq has no command "wrker".\nDid you mean tq worker?\n'],
  ['frobnicate', `tq: tq has no command "frobnicate".\nIt has ${NAMES}; tq --help tells more.\n`],
  ['-A proj', `tq: Which command?\ntq has ${NAMES}; tq --help tells more.\n`],
  ['worker', 'tq: Which app? None is named.\nName its module: tq -A proj …, or set the variable TQ_APP.\n'],
  [
    'worker -c many -A proj',
    'tq: -c/--concurrency must be a whole number of at least 1, not "many".\ntq worker --help tells more.\n',
  ],
  [
    '--workdir /nowhere/at/all report',
    'tq: --workdir /nowhere/at/all is not a folder that can be entered.\ntq report --help tells more.\n',
  ],
  ['list bindigns -A proj', 'tq: WHAT must be bindings, not "bindigns".\nDid you mean bindings?\n'],
  ['-V', 'tq: -V is not an option of tq itself.\nDid you mean --version?\n'],
  [NOT_YET[0] as string, `tq: tq doesn't have Celery's command ${NOT_YET[0]} yet.\nIt has ${NAMES}.\n`],
  [
    '-b rabbit://x report',
    'tq: No driver knows the broker URL scheme "rabbit://". tq has sqlite://, memory://, amqp://, amqps://, pyamqp://, librabbitmq://, redis://, rediss://, redis+socket://, sentinel://.\ntq report --help tells more.\n',
  ],
])('%s is answered with a sentence and a fix', async (line, complained) => {
  expect(await run(line)).toEqual({ exitCode: 64, printed: '', complained });
});

test.each([
  ['-b localhost:5672 list bindings', 'No driver knows the broker URL scheme "localhost://"'],
  ['--result-backend amq:// report', 'Did you mean amqp://?'],
  ['worker -A proj -P preforks', 'Did you mean prefork?'],
  ['call x -A proj --priority 300', '--priority must be a whole number from 0 to 255, not "300"'],
  ['-b memory:// call x --serializer pickle', 'Pickle runs code'],
  ['-b sqlite://foo/bar.db call x', 'three slashes'],
])('%s ends with 64', async (line, complained) => {
  const broker = process.env['TQ_BROKER_URL'];
  const backend = process.env['TQ_RESULT_BACKEND'];
  try {
    expect(await run(line)).toEqual({
      exitCode: 64,
      printed: '',
      complained: expect.stringContaining(complained),
    });
  } finally {
    restore('TQ_BROKER_URL', broker);
    restore('TQ_RESULT_BACKEND', backend);
  }
});

function restore(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name];
  else process.env[name] = value;
}

test('with TQ_DEBUG an error shows where it comes from', async () => {
  expect((await run('wrker', { TQ_DEBUG: '1' })).complained).toContain('at ');
});

test('the shell to complete for is the one in use', async () => {
  expect((await run('completion', { SHELL: '/bin/bash' })).printed).toContain(
    'complete -o default -F _tq_complete tq',
  );
  expect((await run('completion', { SHELL: '/bin/zsh' })).printed).toContain('compdef _tq_complete tq');
  expect((await run('completion', { SHELL: '/bin/fish' })).exitCode).toBe(64);
});

import { parseArguments, signalNamed } from '../src/arguments.ts';
import { withOwnOptions } from '../src/option-table.ts';
import type { KnownOption } from '../src/option-table.ts';

const KNOWN: Readonly<Record<string, KnownOption>> = {
  '-c': { key: 'concurrency', takesValue: true },
  '--concurrency': { key: 'concurrency', takesValue: true },
  '-E': { key: 'taskEvents', takesValue: false },
  '-Q': { key: 'queues', takesValue: true },
};
const table = withOwnOptions((spelling) => KNOWN[spelling]);
const read = (line: string) => parseArguments(line.split(' '), table);

test.each([
  ['-c 3', ['concurrency', '3', undefined]],
  ['-c3', ['concurrency', '3', undefined]],
  ['--concurrency=3', ['concurrency', '3', undefined]],
  ['--concurrency 3', ['concurrency', '3', undefined]],
  ['-c:1-3 4', ['concurrency', '4', '1-3']],
  ['-c:w1,2 4', ['concurrency', '4', 'w1,2']],
  ['-c:w1@h.example 4', ['concurrency', '4', 'w1@h.example']],
  ['--concurrency:1-3=4', ['concurrency', '4', '1-3']],
  ['--concurrency:1-3 4', ['concurrency', '4', '1-3']],
  ['-Q:4,5 a,b', ['queues', 'a,b', '4,5']],
  ['-p run/%n.pid', ['pidfile', 'run/%n.pid', undefined]],
  ['--pidfile:w1=a=b:c', ['pidfile', 'a=b:c', 'w1']],
])('%s', (line, [key, value, nodes]) => {
  const { words, options } = read(`${line} w1`);
  expect(words).toEqual(['w1']);
  expect(options).toEqual([expect.objectContaining({ key, value, nodes })]);
});

test('a flag that is known takes no name for its value, wherever it stands', () => {
  expect(read('-E w1 -c 3 w2').words).toEqual(['w1', 'w2']);
});

test("an option that is not known follows Celery's rule", () => {
  const { words, options } = read('w1 -x yes --long no --other=yes -y -z');
  expect(words).toEqual(['w1', 'no']);
  expect(options.map(({ spelling, value }) => [spelling, value])).toEqual([
    ['-x', 'yes'],
    ['--long', undefined],
    ['--other', 'yes'],
    ['-y', undefined],
    ['-z', undefined],
  ]);
});

test('a value that is missing is asked for', () => {
  expect(() => read('w1 -c:1')).toThrow(
    expect.objectContaining({ message: '-c:1 needs a value.', remedy: 'For example: -c:1 VALUE' }),
  );
  expect(() => read('w1 -c -E')).toThrow('-c needs a value.');
});

test('empty words, as scripts make them, are no names', () => {
  expect(parseArguments(['', 'w1', '-c', '3', ''], table).words).toEqual(['w1']);
});

test('what follows -- is left alone', () => {
  expect(read('w1 -- -c w2 -KILL')).toEqual({
    words: ['w1'],
    options: [],
    signal: undefined,
    rest: ['-c', 'w2', '-KILL'],
  });
});

test.each([
  ['-TERM', 'SIGTERM'],
  ['-SIGQUIT', 'SIGQUIT'],
  ['-9', 'SIGKILL'],
  ['-USR1', 'SIGUSR1'],
  ['-E', undefined],
  ['-Q', undefined],
  ['-999', undefined],
  ['-c4', undefined],
])('%s is the signal %s', (word, signal) => {
  expect(signalNamed(word)).toBe(signal);
});

test('a signal stands among names and options', () => {
  expect(read('w1 -INT w2 -c 3')).toMatchObject({ words: ['w1', 'w2'], signal: 'SIGINT' });
});

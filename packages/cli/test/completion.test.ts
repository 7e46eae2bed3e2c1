import { completions } from '../src/complete.ts';

async function words(line: string): Promise<readonly string[]> {
  return (await completions(line.split(' '))).map((found) => found.split('\t')[0] ?? '');
}

test('commands complete, after options of every command too', async () => {
  expect(await words('w')).toEqual(['worker']);
  expect(await words('-A proj re')).toEqual(['result', 'report']);
  expect(await words('-A ')).toEqual([]);
});

test('options of the command complete, and those of every command', async () => {
  expect(await words('worker --con')).toEqual(['--concurrency']);
  expect(await words('worker --app')).toEqual(['--app']);
  expect(await words('call --con')).toEqual([]);
  expect(await words('-A proj purge -')).toContain('-f');
});

test('values complete where there are some to choose from', async () => {
  expect(await words('worker -l D')).toEqual(['DEBUG']);
  expect(await words('worker --pool = th')).toEqual(['threads']);
  expect(await words('completion z')).toEqual(['zsh']);
  expect(await words('list ')).toEqual(['bindings']);
});

test('each comes with its meaning', async () => {
  expect(await completions(['rep'])).toEqual([
    'report\tPrint versions, platform and settings, for bug reports',
  ]);
});

test('nothing completes after --, nor in a line that is wrong', async () => {
  expect(await words('worker -- wor')).toEqual([]);
  expect(await words('-Z wor')).toEqual(['worker']);
});

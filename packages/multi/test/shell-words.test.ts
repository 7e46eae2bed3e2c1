import { joinWords, splitWords } from '../src/shell-words.ts';

test.each([
  ['a b  c', ['a', 'b', 'c']],
  [' -c 3 ', ['-c', '3']],
  [`'a b' "c d" e\\ f`, ['a b', 'c d', 'e f']],
  [`--x="it's" 'say "so"'`, [`--x=it's`, 'say "so"']],
  [`"a \\" b" ''`, ['a " b', '']],
  ['', []],
])('%s', (line, words) => {
  expect(splitWords(line)).toEqual(words);
});

test('words that are joined come apart again', () => {
  for (const words of [
    ['a', 'b c'],
    [`it's`, '$HOME', ''],
    ['*', '%n%I.log', 'a;b'],
  ])
    expect(splitWords(joinWords(words))).toEqual(words);
  expect(joinWords(['-c', '3', '--pidfile=run/%n.pid', 'a b'])).toBe(`-c 3 --pidfile=run/%n.pid 'a b'`);
});

import { hostname } from 'node:os';
import { expandTemplate, nameNodes } from '../src/names.ts';

const names = (...args: Parameters<typeof nameNodes>): readonly string[] =>
  nameNodes(...args).map(({ name }) => name);

test('a number alone is how many there are', () => {
  expect(nameNodes(['3'], { host: 'h' })).toEqual([
    { label: '1', name: 'celery1@h' },
    { label: '2', name: 'celery2@h' },
    { label: '3', name: 'celery3@h' },
  ]);
  expect(names(['2'], { host: 'h', rangePrefix: 'worker' })).toEqual(['worker1@h', 'worker2@h']);
});

test('a number among names is a name', () => {
  expect(names(['1', 'w'], { host: 'h' })).toEqual(['1@h', 'w@h']);
});

test.each([
  ['w1', {}, `w1@${hostname()}`],
  ['w1', { host: 'a.example.com' }, 'w1@a.example.com'],
  ['w1@other', { host: 'h', prefix: 'x-' }, 'w1@other'],
  ['w1@%h', { host: 'a.example.com' }, 'w1@a.example.com'],
  ['w1@%n', { host: 'a.example.com' }, 'w1@a'],
  ['w1@%d', { host: 'a.example.com' }, 'w1@example.com'],
  ['w1', { host: 'h', prefix: 'x-', suffix: 's' }, 'x-w1@s'],
  ['w1', { host: 'h', suffix: '' }, 'w1@'],
])('%s with %j is %s', (word, naming, expected) => {
  expect(names([word], naming)).toEqual([expected]);
});

test.each([['0'], ['1001'], ['../w1'], ['a b'], ['.hidden'], ['@h']])('%s names no node', (word) => {
  expect(() => nameNodes([word])).toThrow(expect.objectContaining({ code: 'TQ_USAGE' }));
});

test('two nodes of one name are refused', () => {
  expect(() => nameNodes(['w1', 'w1@h'], { host: 'h' })).toThrow('Two nodes would be called w1@h.');
});

test('a template is filled in; what only the worker knows is left to it', () => {
  expect(expandTemplate('%n %N %h %p %d', 'w1@a.example.com')).toBe(
    'w1 w1 w1@a.example.com w1@a.example.com a.example.com',
  );
  expect(expandTemplate('%n%I-%i-%%-%x', 'w1@h')).toBe('w1%I-%i-%%-%x');
});

import { isFor, patternOf } from '../src/matcher.ts';

const nobody = { destination: null, pattern: null, matcher: null };

test.each([
  [{}, true],
  [{ destination: [] }, true],
  [{ destination: ['w1@host'] }, true],
  [{ destination: ['w2@host', 'w1@ho'] }, false],
  [{ pattern: 'w1@*', matcher: 'glob' }, true],
  [{ pattern: 'w[2-9]@*', matcher: 'glob' }, false],
  [{ pattern: 'w2@*' }, true], // as in Celery, a pattern without a matcher is none
  [{ pattern: String.raw`w\d`, matcher: 'pcre' }, true],
  [{ pattern: 'host', matcher: 'pcre' }, false], // from the start
  [{ destination: ['w1@host'], pattern: 'nobody', matcher: 'glob' }, true],
])('w1@host is asked by %j: %s', (whom, expected) => {
  expect(isFor('w1@host', { ...nobody, ...whom })).toBe(expected);
});

test('a matcher that nobody knows is refused by name', () => {
  expect(() => patternOf('x', 'sql')).toThrow('"glob" or "pcre", not "sql"');
});

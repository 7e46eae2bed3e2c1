import { formatIso, parseIso } from '@tq/core/internal';
import { vectorsOf } from './vectors.ts';

const texts = ['tasks-amqp', 'tasks-redis', 'acceptance-amqp']
  .flatMap(vectorsOf)
  .flatMap(({ headers }) => [headers?.['eta'], headers?.['expires']])
  .filter((text) => typeof text === 'string' && text !== '') as string[];

test('there are dates to read', () => {
  expect(texts.length).toBeGreaterThan(10);
});

test.each(texts)('%s is the moment that JavaScript takes it for', (text) => {
  const zoned = /(?:Z|[+-]\d\d:\d\d)$/.test(text) ? text : `${text}Z`;
  expect(Math.floor(parseIso(text) ?? Number.NaN)).toBe(Date.parse(zoned));
});

test.each(texts.filter((text) => /(?<=:\d\d(?:\.\d{6})?)\+00:00$/.test(text)))(
  '%s is written letter by letter',
  (text) => {
    expect(formatIso(parseIso(text) ?? Number.NaN)).toBe(text);
  },
);

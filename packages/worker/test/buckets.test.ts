import type { TaskDefinition, TaskRequest } from '@tq/core';
import { Buckets, parseRate } from '../src/consume/buckets.ts';

const definition = (rateLimit?: string | number | null) =>
  ({ name: 't', options: { rateLimit } }) as unknown as TaskDefinition;
const request = { task: 't' } as TaskRequest;

test('rates are texts or numbers, as in Celery', () => {
  expect(parseRate('10/s', 't')).toBe(10);
  expect(parseRate('120/m', 't')).toBe(2);
  expect(parseRate('3600/h', 't')).toBe(1);
  expect(parseRate(5, 't')).toBe(5);
  expect(parseRate('7', 't')).toBe(7);
  expect(parseRate(null, 't')).toBeUndefined();
  expect(() => parseRate('10/d', 't')).toThrow('rate limit');
});

test('each request takes the next free moment', () => {
  const buckets = new Buckets({ enabled: true, defaultRate: null });
  const moments = [1000, 1000, 1000, 1700].map((now) => buckets.take(request, definition('10/s'), now));
  expect(moments).toEqual([1000, 1100, 1200, 1700]);
});

test('tasks without a limit of their own get the default one, null means none', () => {
  const buckets = new Buckets({ enabled: true, defaultRate: '1/s' });
  buckets.take(request, definition(), 0);
  expect(buckets.take(request, definition(), 0)).toBe(1000);
  const own = new Buckets({ enabled: true, defaultRate: '1/s' });
  own.take(request, definition(null), 0);
  expect(own.take(request, definition(null), 0)).toBe(0);
});

test('limits can be switched off', () => {
  const buckets = new Buckets({ enabled: false, defaultRate: '1/s' });
  buckets.take(request, definition(), 0);
  expect(buckets.take(request, definition(), 0)).toBe(0);
});

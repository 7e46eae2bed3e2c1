import { durationMs, durationSeconds, instantMs } from '@tq/core/internal';
import { dateMs, isDuration } from '../src/duration.ts';

test.each([
  [10, 10_000],
  [0.25, 250],
  ['250ms', 250],
  ['10s', 10_000],
  ['10', 10_000],
  ['1.5m', 90_000],
  ['2 h', 7_200_000],
  ['1d', 86_400_000],
  [-3, -3000],
])('%p lasts %p ms', (value, ms) => {
  expect(durationMs(value, 'countdown')).toBe(ms);
  expect(durationSeconds(value, 'countdown')).toBe(ms / 1000);
});

test.each([['soon'], ['10 parsecs'], [''], [Number.NaN], [Infinity], [null], [{}]])(
  '%p is no duration',
  (value) => {
    expect(() => durationMs(value as number, 'The option countdown')).toThrow(
      /^The option countdown must be seconds or/,
    );
  },
);

const NOW = Date.UTC(2026, 10, 22, 12);

test('an instant is a date, an ISO text or a duration from now', () => {
  expect(instantMs(new Date(NOW), 0, 'expires')).toBe(NOW);
  expect(instantMs('2026-11-22T13:00:00+01:00', 0, 'expires')).toBe(NOW);
  expect(instantMs('2026-11-22T12:00:00', 0, 'expires')).toBe(NOW);
  expect(instantMs(60, NOW, 'expires')).toBe(NOW + 60_000);
  expect(instantMs('1h', NOW, 'expires')).toBe(NOW + 3_600_000);
});

test('what no message can hold is refused', () => {
  expect(() => instantMs(new Date(Number.NaN), NOW, 'expires')).toThrow('expires is an invalid Date.');
  expect(() => instantMs(1e12, NOW, 'countdown')).toThrow('countdown is out of range');
  expect(() => instantMs('tomorrow', NOW, 'expires')).toThrow('expires must be seconds');
});

test('a date is a Date or an ISO text, never a number of seconds', () => {
  expect(dateMs('2026-11-22T12:00:00Z', 'eta')).toBe(NOW);
  expect(() => dateMs('2026', 'eta')).toThrow('eta must be a Date or an ISO 8601 text');
  expect(() => dateMs('10s', 'eta')).toThrow('not "10s"');
});

test('durations are told from dates', () => {
  expect([10, '10s', '2026-11-22', '20261122T120000Z', new Date()].map(isDuration)).toEqual([
    true,
    true,
    false,
    false,
    false,
  ]);
});

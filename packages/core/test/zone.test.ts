import { createApp } from '@tq/core';
import { formatInZone, offsetMs, zoneOf } from '@tq/core/internal';

const HOUR = 3_600_000;

test.each([
  ['UTC', '2026-01-01 00:00:00.500+00:00'],
  ['Europe/London', '2026-01-01 00:00:00.500+00:00'],
  ['Asia/Kolkata', '2026-01-01 05:30:00.500+05:30'],
  ['America/New_York', '2025-12-31 19:00:00.500-05:00'],
  ['Pacific/Chatham', '2026-01-01 13:45:00.500+13:45'],
])('a moment is shown as the clocks of %s show it', (zone, text) => {
  expect(formatInZone(Date.UTC(2026, 0, 1, 0, 0, 0, 500), zone)).toBe(text);
});

test('summer time begins and ends when it does there', () => {
  const begins = Date.UTC(2026, 2, 29, 1);
  const ends = Date.UTC(2026, 9, 25, 1);
  expect([begins - 1, begins, ends - 1, ends].map((ms) => offsetMs(ms, 'Europe/London'))).toEqual([
    0,
    HOUR,
    HOUR,
    0,
  ]);
  expect(formatInZone(begins - 1, 'Europe/London')).toBe('2026-03-29 00:59:59.999+00:00');
  expect(formatInZone(begins, 'Europe/London')).toBe('2026-03-29 02:00:00.000+01:00');
  // The hour that comes twice is told apart by its offset.
  expect(formatInZone(ends - HOUR, 'Europe/London')).toBe('2026-10-25 01:00:00.000+01:00');
  expect(formatInZone(ends, 'Europe/London')).toBe('2026-10-25 01:00:00.000+00:00');
});

test("the zone is the setting, or the machine's when enableUtc is off and nothing is named", () => {
  const machine = Intl.DateTimeFormat().resolvedOptions().timeZone;
  expect(zoneOf(createApp('t').config)).toBe('UTC');
  expect(zoneOf(createApp('t', { conf: { timezone: 'Asia/Tokyo' } }).config)).toBe('Asia/Tokyo');
  expect(zoneOf(createApp('t', { conf: { enableUtc: false } }).config)).toBe(machine);
  expect(zoneOf(createApp('t', { conf: { enableUtc: false, timezone: 'Asia/Tokyo' } }).config)).toBe(
    'Asia/Tokyo',
  );
});

test('a zone that does not exist is refused', () => {
  expect(() => createApp('t', { conf: { timezone: 'Europe/Lundon' } })).toThrow(
    'must be a time zone such as',
  );
  expect(() => createApp('t').conf.update({ timezone: null })).toThrow('timezone');
});

import { EncodeError } from '../../src/errors.ts';
import { formatIso, parseIso } from '../../src/message/dates.ts';

const NOON = Date.UTC(2024, 1, 29, 12, 30, 15);

test.each([
  [NOON, '2024-02-29T12:30:15+00:00'],
  [NOON + 123, '2024-02-29T12:30:15.123000+00:00'],
  [NOON + 0.25, '2024-02-29T12:30:15.000250+00:00'],
  [NOON + 999.9997, '2024-02-29T12:30:15.999999+00:00'],
  [-1, '1969-12-31T23:59:59.999000+00:00'],
  [-62_135_596_800_000, '0001-01-01T00:00:00+00:00'],
  [253_402_300_799_999, '9999-12-31T23:59:59.999000+00:00'],
])('%d is written with six fraction digits or none: %s', (ms, text) => {
  expect(formatIso(ms)).toBe(text);
});

test.each([Number.NaN, Infinity, 8.64e15, -62_135_596_800_001])(
  '%d has no date in Python and is refused',
  (ms) => {
    expect(() => formatIso(ms)).toThrow(EncodeError);
  },
);

test.each([
  ['2024-02-29T12:30:15+00:00', NOON],
  ['2024-02-29T12:30:15', NOON],
  ['2024-02-29T12:30:15Z', NOON],
  ['2024-02-29 12:30:15z', NOON],
  ['2024-02-29T12:30:15.5', NOON + 500],
  ['2024-02-29T12:30:15,123Z', NOON + 123],
  ['2024-02-29T12:30:15.123456789012Z', NOON + 123.456],
  ['2024-02-29T14:30:15+02:00', NOON],
  ['2024-02-29T07:30:15-05', NOON],
  ['2024-02-29T18:00:15+0530', NOON],
  ['2024-02-29T12:49:47+00:19:32', NOON],
  ['20240229T123015Z', NOON],
  ['20240229T123015.5+0000', NOON + 500],
  ['2024-02-29T12:30', Date.UTC(2024, 1, 29, 12, 30)],
  ['2024-02-29', Date.UTC(2024, 1, 29)],
  ['20240229', Date.UTC(2024, 1, 29)],
  ['0001-01-01T00:00:00', -62_135_596_800_000],
  ['0099-12-31', new Date('0099-12-31T00:00:00Z').getTime()],
])('%s is read', (text, ms) => {
  expect(parseIso(text)).toBeCloseTo(ms, 3);
});

test.each([
  '',
  'now',
  '12',
  '2024',
  '2024-02',
  '2023-02-29',
  '2024-13-01',
  '2024-00-10',
  '2024-02-00',
  '0000-01-01',
  '1900-02-29',
  '2024-02-29T24:00:00',
  '2024-02-29T12:60:00',
  '2024-02-29T12:30:60',
  '2024-02-29T12:30:15+24:00',
  '2024-02-29T12:30:15+01:60',
  '2024-02-29T12:30:15.',
  '2024-02-29T12',
  '2024-02-29T',
  '2024-02-29Z',
  '2024-2-9T1:2:3',
  '2024-02-29T12:30:15+00:00 ',
  ' 2024-02-29',
  '2024-02-29T12:30:15 GMT',
  'Thu, 29 Feb 2024 12:30:15 GMT',
  '1709209815',
  '٢٠٢٤-02-29',
  '0001-01-01T00:00:00+01:00',
])('%j is not a moment', (text) => {
  expect(parseIso(text)).toBeUndefined();
});

test('what is written is read back, to the microsecond', () => {
  for (let step = 0; step < 2000; step += 1) {
    const ms = NOON + step * 86_399_999.123;
    const text = formatIso(ms);
    expect(formatIso(parseIso(text) as number)).toBe(text);
    expect(Math.abs((parseIso(text) as number) - ms)).toBeLessThan(0.002);
  }
});

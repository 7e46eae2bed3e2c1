import { EncodeError } from '../../src/errors.ts';
import { Decimal, PlainDate, PlainTime, Uuid } from '../../src/values.ts';

test('a decimal keeps every digit', () => {
  expect(String(Decimal.from('10.50'))).toBe('10.50');
  expect([0.1, 10n ** 30n, '-1E+3'].map((value) => String(Decimal.from(value)))).toEqual([
    '0.1',
    `1${'0'.repeat(30)}`,
    '-1E+3',
  ]);
  expect(Decimal.from('NaN').text).toBe('NaN');
});

test('a UUID is lower-case with hyphens, however it was written', () => {
  const id = Uuid.from('12345678123456781234567812ABCDEF');
  expect(id.text).toBe('12345678-1234-5678-1234-567812abcdef');
  expect(id.hex).toBe('12345678123456781234567812abcdef');
});

test('a time is written as Python writes it', () => {
  const written = ['12:30', '12:30:15', '12:30:15.5', '12:30:15.000', '12:30Z', '12:30:15,25-0530'].map(
    (text) => String(PlainTime.from(text)),
  );
  expect(written).toEqual([
    '12:30:00',
    '12:30:15',
    '12:30:15.500000',
    '12:30:15',
    '12:30:00+00:00',
    '12:30:15.250000-05:30',
  ]);
});

test('values are frozen and show their text in JSON', () => {
  const day = PlainDate.from('2024-02-29');
  expect(Object.isFrozen(day)).toBe(true);
  expect(JSON.stringify({ day })).toBe('{"day":"2024-02-29"}');
});

test.each<[string, () => unknown]>([
  ['"ten"', () => Decimal.from('ten')],
  ['""', () => Decimal.from('')],
  ['"1_0"', () => Decimal.from('1_0')],
  ['"1234"', () => Uuid.from('1234')],
  ['"2023-02-29"', () => PlainDate.from('2023-02-29')],
  ['"2024-2-9"', () => PlainDate.from('2024-2-9')],
  ['"0000-01-01"', () => PlainDate.from('0000-01-01')],
  ['"24:00"', () => PlainTime.from('24:00')],
  ['"12:30:15.1234567"', () => PlainTime.from('12:30:15.1234567')],
])('%s is refused by name', (text, make) => {
  expect(make).toThrow(EncodeError);
  expect(make).toThrow(text);
});

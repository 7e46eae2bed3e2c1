import { DecodeError } from '../../src/errors.ts';
import { decodeJson, jsonSerializer } from '../../src/serialize/json.ts';
import { Decimal, PlainDate, PlainTime, Uuid } from '../../src/values.ts';

function failure(text: string): DecodeError {
  try {
    decodeJson(text);
  } catch (error) {
    if (error instanceof DecodeError) return error;
    throw new Error('Something else than a DecodeError was thrown', { cause: error });
  }
  throw new Error('The text was not refused');
}

const marked = (type: string, value: string): string => `{"__type__": ${type}, "__value__": ${value}}`;

test.each([
  ['datetime', '"2024-02-29T12:30:15.123456+00:00"', new Date(1_709_209_815_123)],
  ['datetime', '"2024-02-29T12:30:15"', new Date(1_709_209_815_000)],
  ['datetime', '"2024-02-29T12:30:15-05:00"', new Date(1_709_227_815_000)],
  ['datetime', '"2024-02-29T12:30:15.123Z"', new Date(1_709_209_815_123)],
  ['datetime', '"1969-12-31T23:59:59.999500+00:00"', new Date(-1)],
  ['date', '"2024-02-29"', PlainDate.from('2024-02-29')],
  ['time', '"12:30:15.500000"', PlainTime.from('12:30:15.5')],
  ['decimal', '"10.50"', Decimal.from('10.50')],
  ['decimal', '1.5', Decimal.from('1.5')],
  ['uuid', '{"hex": "12345678123456781234567812345678"}', Uuid.from('12345678-1234-5678-1234-567812345678')],
  ['bytes', '"héllo"', Buffer.from('héllo')],
  ['base64', '"//4="', Buffer.from([0xff, 0xfe])],
  ['base64', '"//4=\\n"', Buffer.from([0xff, 0xfe])],
])('a marker of the type %s with %s becomes its value', (type, value, expected) => {
  expect(decodeJson(`[${marked(`"${type}"`, value)}]`)).toEqual([expected]);
  expect(decodeJson(marked(`"${type}"`, value))).toEqual(expected);
  // Also by the reader for what JSON.parse() can't.
  expect(decodeJson(`[NaN, ${marked(`"${type}"`, value)}]`)).toEqual([Number.NaN, expected]);
});

test('bytes arrive as a Buffer', () => {
  expect(Buffer.isBuffer(decodeJson(marked('"base64"', '"//4="')))).toBe(true);
});

test.each([
  [marked('"bigint"', '"1"'), /"bigint"/],
  [marked('1', '1'), /no text/],
  [marked('12345678901234567890', '1'), /no text/],
  [marked('"__proto__"', '1'), /__proto__/],
  [marked('"datetime"', '"yesterday"'), /not ISO 8601/],
  [marked('"datetime"', '5'), /not a text/],
  [marked('"uuid"', '"12345678123456781234567812345678"'), /not a text/],
  [marked('"uuid"', 'null'), /not a text/],
  [marked('"uuid"', '{"hex": "xyz"}'), /UUID/],
  [marked('"decimal"', '"ten"'), /decimal/],
  [marked('"date"', '"2023-02-29"'), /day/],
  [marked('"time"', '"25:00"'), /time of day/],
  [marked('"base64"', '"§§"'), /base64/],
  [marked('"bytes"', marked('"bytes"', '"x"')), /not a text/],
])('the marker %s is a decode error', (text, message) => {
  expect(failure(text).message).toMatch(message);
});

test('an object with another key is no marker', () => {
  const text = '{"__type__": "bigint", "__value__": "1", "z": 1}';
  expect(decodeJson(text)).toEqual({ __type__: 'bigint', __value__: '1', z: 1 });
});

test('integers beyond the safe ones are bigints, exactly', () => {
  const text = '[9007199254740991, 9007199254740992, -9007199254740993, 12345678901234567890]';
  expect(decodeJson(text)).toEqual([
    9007199254740991,
    9007199254740992n,
    -9007199254740993n,
    12345678901234567890n,
  ]);
  expect(decodeJson('123456789012345678901')).toBe(123456789012345678901n);
  expect(decodeJson(`${'9'.repeat(400)}`)).toBe(10n ** 400n - 1n);
});

test('floats stay numbers, whatever their size', () => {
  const text = '[9007199254740992.0, 1e300, 0.30000000000000004, 12345678901234567890.5, -0.0, 1E+2, 1e400]';
  const expected = [
    9007199254740992,
    1e300,
    0.30000000000000004,
    Number('12345678901234567890.5'),
    -0,
    100,
    Infinity,
  ];
  expect(decodeJson(text)).toEqual(expected);
  expect(decodeJson(`[12345678901234567890, ${text}]`)).toEqual([12345678901234567890n, expected]);
});

test('digits inside a text are a text', () => {
  expect(decodeJson('{"id": "12345678901234567890", "n": 1}')).toEqual({ id: '12345678901234567890', n: 1 });
});

test("Python's NaN and Infinity are read", () => {
  expect(decodeJson(' [NaN, Infinity , -Infinity, {"a": NaN}] ')).toEqual([
    NaN,
    Infinity,
    -Infinity,
    { a: NaN },
  ]);
});

test.each([
  ['', /position 0: expected a value, found the end/],
  ['{oops', /position 1: expected a key in double quotes, found "o"/],
  ['[1,]', /position 3: expected a value, found "]"/],
  ['[1 2]', /position 3: expected "," or "]", found "2"/],
  ['{"a" 1}', /position 5: expected ":", found "1"/],
  ['{"a": 1', /position 7: expected "," or "}", found the end/],
  ['{"a": 1,}', /position 8: expected a key/],
  ['"open', /position 0: expected a text that ends/],
  ['"\\"', /position 0: expected a text that ends/],
  ['"\\x"', /text at position 0/],
  ['"\n"', /text at position 0/],
  ['01', /position 1: expected the end/],
  ['-NaN', /position 0: expected a value/],
  ['Infinityx', /position 8: expected the end/],
  ['.5', /position 0/],
  ['+1', /position 0/],
  ['nul', /position 0/],
  ["{'a': 1}", /position 1/],
  ['\ufeff1', /position 0/],
])('malformed %j is a decode error that says where', (text, message) => {
  expect(failure(text).message).toMatch(message);
});

test('integers longer than Python reads are decode errors', () => {
  expect(decodeJson(`-${'1'.repeat(4300)}`)).toBe(-(10n ** 4300n - 1n) / 9n);
  expect(failure('1'.repeat(4301)).message).toMatch(/4300 digits/);
});

test.each([
  ['lists', '[', ']'],
  ['objects', '{"a":', '}'],
])('%s in each other are read to a depth of 512', (_name, open, close) => {
  const text = (levels: number, leaf: string): string =>
    `${open.repeat(levels)}${leaf}${close.repeat(levels)}`;
  for (const leaf of ['1', 'NaN', '12345678901234567890', marked('"date"', '"2024-02-29"')]) {
    const own = leaf.startsWith('{') ? 1 : 0;
    expect(() => decodeJson(text(512 - own, leaf))).not.toThrow();
    expect(failure(text(513, leaf)).message).toMatch(/512 levels/);
  }
  expect(failure(text(200_000, '1')).message).toMatch(/512 levels/);
  expect(failure(open.repeat(200_000)).message).toMatch(/512 levels/);
});

test('many brackets side by side are not deep', () => {
  expect(decodeJson(`[${'[],'.repeat(5000)}"${'['.repeat(5000)}"]`)).toHaveLength(5001);
});

test.each([
  ['parsed', '{"__proto__": {"polluted": true}, "a": 1}'],
  ['revived', `{"__proto__": ${marked('"date"', '"2024-02-29"')}, "a": 1}`],
  ['read', '{"__proto__": NaN, "a": 1}'],
])('a key called __proto__ is an own property when %s', (_how, text) => {
  const value = decodeJson(text) as Record<string, unknown>;
  expect(Object.keys(value)).toEqual(['__proto__', 'a']);
  expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
});

test('the serializer reads and writes UTF-8', () => {
  const bytes = jsonSerializer.encode(['héllo ✓ 😀']);
  expect(Buffer.from(bytes).toString('utf8')).toBe('["héllo ✓ 😀"]');
  expect(jsonSerializer.decode(bytes)).toEqual(['héllo ✓ 😀']);
  expect(jsonSerializer.decode(new Uint8Array(Buffer.from('xx[1]')).subarray(2))).toEqual([1]);
  expect(() => jsonSerializer.decode(new Uint8Array([0x22, 0xff, 0x22]))).toThrow(DecodeError);
});

import { runInNewContext } from 'node:vm';
import { EncodeError } from '../../src/errors.ts';
import { encodeJson } from '../../src/serialize/json.ts';
import { Decimal, PlainDate, PlainTime, Uuid } from '../../src/values.ts';

function refusal(value: unknown, path?: string): EncodeError {
  try {
    encodeJson(value, path);
  } catch (error) {
    if (error instanceof EncodeError) return error;
    throw new Error('Something else than an EncodeError was thrown', { cause: error });
  }
  throw new Error('The value was not refused');
}

test('plain JSON is written as JSON.stringify() writes it', () => {
  const value = { a: [1, -2.5, 'x"y', true, null], b: {}, c: [], d: undefined, 'é ✓ 😀': '\ud800' };
  expect(encodeJson(value)).toBe(JSON.stringify(value));
});

test('a lone undefined is null, an undefined property is left out', () => {
  expect(encodeJson(undefined)).toBe('null');
  expect(encodeJson({ a: undefined, b: 1n, c: undefined })).toBe('{"b":1}');
  expect(encodeJson({ a: undefined })).toBe('{}');
});

test.each([
  ['datetime', new Date(1_709_209_815_123), '"datetime","__value__":"2024-02-29T12:30:15.123000+00:00"'],
  ['whole seconds', new Date(1_709_209_815_000), '"datetime","__value__":"2024-02-29T12:30:15+00:00"'],
  ['readable bytes', Buffer.from('héllo'), '"bytes","__value__":"héllo"'],
  ['no bytes', new Uint8Array(), '"bytes","__value__":""'],
  ['other bytes', new Uint8Array([0xff, 0xfe]), '"base64","__value__":"//4="'],
  ['decimal', Decimal.from('10.50'), '"decimal","__value__":"10.50"'],
  [
    'uuid',
    Uuid.from('12345678123456781234567812345678'),
    '"uuid","__value__":{"hex":"12345678123456781234567812345678"}',
  ],
  ['date', PlainDate.from('2024-02-29'), '"date","__value__":"2024-02-29"'],
  ['time', PlainTime.from('12:30:15.5'), '"time","__value__":"12:30:15.500000"'],
])('%s is written as its marker', (_name, value, text) => {
  expect(encodeJson([value])).toBe(`[{"__type__":${text}}]`);
});

test('bytes are those of the view, not of the buffer behind it', () => {
  const bytes = new Uint8Array([0x61, 0x62, 0x63, 0x64]).subarray(1, 3);
  expect(encodeJson(bytes)).toContain('"bc"');
});

test.each([
  [Number.NaN, 'NaN'],
  [Number.POSITIVE_INFINITY, 'Infinity'],
  [Number.NEGATIVE_INFINITY, '-Infinity'],
  [-0, '-0.0'],
  [2 ** 53, '9007199254740992.0'],
  [-1e20, '-100000000000000000000.0'],
  [1e21, '1e+21'],
  [Number.MAX_SAFE_INTEGER, '9007199254740991'],
  [5n, '5'],
  [-12345678901234567890n, '-12345678901234567890'],
])('the number %p is written %s', (value, text) => {
  expect(encodeJson({ value })).toBe(`{"value":${text}}`);
});

test('objects with toJSON() are written as what it returns, asked once', () => {
  const url = new URL('https://example.org/');
  const money = { toJSON: (key: string) => ({ amount: Decimal.from('1.10'), key }) };
  const again = { toJSON: () => ({ toJSON: undefined, x: 1 }) };
  expect(encodeJson({ url, money, again })).toBe(
    '{"url":"https://example.org/","money":{"amount":{"__type__":"decimal","__value__":"1.10"},"key":"money"},"again":{"x":1}}',
  );
  expect(encodeJson({ gone: { toJSON: () => undefined } })).toBe('{}');
});

test('a Map with text keys is written as an object', () => {
  expect(
    encodeJson(
      new Map<string, unknown>([
        ['a', 1],
        ['b', undefined],
        ['c', new Map()],
      ]),
    ),
  ).toBe('{"a":1,"c":{}}');
});

test('objects of another realm and without a prototype are plain', () => {
  const foreign: unknown = runInNewContext('({ a: [1, { b: 2 }], d: new Date(0), n: Object.create(null) })');
  expect(encodeJson(foreign)).toBe(
    '{"a":[1,{"b":2}],"d":{"__type__":"datetime","__value__":"1970-01-01T00:00:00+00:00"},"n":{}}',
  );
});

test('a key called __proto__ is written like any other', () => {
  const value: unknown = JSON.parse('{"__proto__": {"polluted": true}}');
  expect(encodeJson(value)).toBe('{"__proto__":{"polluted":true}}');
  expect(encodeJson([value, 1n])).toBe('[{"__proto__":{"polluted":true}},1]');
});

class Point {
  readonly x = 1;
}
const circle: Record<string, unknown> = { name: 'loop' };
circle['self'] = [circle];
const revoked = Proxy.revocable({}, {});
revoked.revoke();
const trap = new Proxy(
  {},
  {
    ownKeys: () => {
      throw new Error('no keys');
    },
  },
);
const returnsPart: { toJSON?: () => unknown; inner?: unknown } = { toJSON: () => ({ again: returnsPart }) };

test.each<[string, unknown, string, RegExp]>([
  ['a function', [{ when: () => 1 }], 'args[0].when', /function/],
  ['a symbol', { a: [Symbol('s')] }, 'args.a[0]', /symbol/],
  ['undefined in a list', [1, undefined], 'args[1]', /send null/],
  ['a hole in a list', Array(3), 'args[0]', /send null/],
  ['toJSON() that gives a list nothing', [{ toJSON: () => undefined }], 'args[0]', /send null/],
  ['a Set', { tags: new Set(['a']) }, 'args.tags', /\[\.\.\.set\]/],
  ['a Map with number keys', [new Map([[1, 2]])], 'args[0]', /\[\.\.\.map\]/],
  ['a promise', [Promise.resolve(1)], 'args[0]', /await it/],
  ['an error', [new TypeError('x')], 'args[0]', /thrown/],
  ['an instance', { 'first point': new Point() }, 'args["first point"]', /instance of Point/],
  ['a boxed text', [Object('x')], 'args[0]', /instance of String/],
  ['an ArrayBuffer', [new ArrayBuffer(2)], 'args[0]', /new Uint8Array/],
  ['another typed array', [new Float64Array(2)], 'args[0]', /Float64Array/],
  ['an invalid Date', [new Date(Number.NaN)], 'args[0]', /invalid Date/],
  ['a Date beyond Python', [new Date(8.64e15)], 'args[0]', /1 to 9999/],
  ['a cycle', circle, 'args.self[0]', /part of itself/],
  ['toJSON() that leads back', [returnsPart], 'args[0].again', /part of itself/],
  [
    'a throwing getter',
    {
      a: {
        get b() {
          throw new Error('boo');
        },
      },
    },
    'args.a.b',
    /reading it failed \(boo\)/,
  ],
  [
    'a throwing toJSON()',
    [
      {
        toJSON() {
          throw 'text';
        },
      },
    ],
    'args[0]',
    /reading it failed/,
  ],
  [
    'a getter that throws a revoked proxy',
    {
      get a() {
        throw revoked.proxy;
      },
    },
    'args.a',
    /reading it failed/,
  ],
  ['a revoked proxy', { a: revoked.proxy }, 'args.a', /reading it failed/],
  ['a proxy with a throwing trap', [trap], 'args[0]', /no keys/],
  ['a marker of the user', [{ __type__: 'date', __value__: 'x' }], 'args[0]', /add another key/],
  [
    'a marker in a Map',
    [
      new Map([
        ['__type__', 1],
        ['__value__', 2],
      ]),
    ],
    'args[0]',
    /add another key/,
  ],
  [
    'a marker beside undefined',
    { a: { __type__: 1, __value__: 2, z: undefined } },
    'args.a',
    /add another key/,
  ],
  ['an integer that Python will not read', [10n ** 4300n], 'args[0]', /4300 digits/],
])('%s is refused by its path', (_name, value, path, message) => {
  const error = refusal(value, 'args');
  expect(error.path).toBe(path);
  expect(error.message).toMatch(message);
  expect(error.message).toContain(path);
});

test('without a prefix the path begins with the key', () => {
  expect(refusal({ when: [Symbol('s')] }).path).toBe('when[0]');
  expect(refusal([Symbol('s')]).path).toBe('[0]');
  expect(refusal(Symbol('s')).message).toMatch(/^The value can't be sent/);
});

test('an object with one key more or less than a marker travels', () => {
  expect(encodeJson({ __type__: 'x', __value__: 1, z: 1 })).toBe('{"__type__":"x","__value__":1,"z":1}');
  expect(encodeJson({ __type__: 'x' })).toBe('{"__type__":"x"}');
  expect(encodeJson(['__type__', '__value__'])).toBe('["__type__","__value__"]');
});

test('one value may stand at several places', () => {
  const shared = { at: new Date(0) };
  expect(() => encodeJson([shared, shared, { shared }])).not.toThrow();
});

function nested(levels: number, leaf: unknown): unknown {
  let value = leaf;
  for (let level = 0; level < levels; level += 1) value = level % 2 === 0 ? [value] : { a: value };
  return value;
}

test.each([
  ['plain', 1],
  ['typed', 1n],
])('500 levels of %s values travel, 501 are refused', (_kind, leaf) => {
  expect(() => encodeJson(nested(500, leaf))).not.toThrow();
  expect(refusal(nested(501, leaf)).message).toMatch(/500 levels/);
  expect(refusal(nested(100_000, leaf)).message).toMatch(/500 levels/);
});

test('a toJSON() that never ends is refused, not a stack overflow', () => {
  const endless = (): object => ({ toJSON: () => ({ next: endless() }) });
  expect(refusal(endless()).message).toMatch(/500 levels/);
});

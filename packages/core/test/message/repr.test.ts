import { argsRepr, kwargsRepr, repr, reprError } from '../../src/message/repr.ts';
import { Decimal, PlainDate, PlainTime, Uuid } from '../../src/values.ts';

test.each<[unknown, string]>([
  [null, 'None'],
  [undefined, 'None'],
  [true, 'True'],
  [5, '5'],
  [-0, '-0.0'],
  [1e16, '1e+16'],
  [0.00001, '1e-05'],
  [Number.NaN, 'nan'],
  [-Infinity, '-inf'],
  [12345678901234567890n, '12345678901234567890'],
  ['text', "'text'"],
  ["it's", String.raw`'it\'s'`],
  ['a"b\nc', `'a"b\nc'`],
  [[1, [2], {}], '[1, [2], {}]'],
  [{ a: 1, b: { c: null }, d: undefined }, "{'a': 1, 'b': {'c': None}}"],
  [new Map<unknown, unknown>([[1, 'a']]), "{1: 'a'}"],
  [new Set([1, 'a']), "{1, 'a'}"],
  [new Set(), 'set()'],
  [
    new Date(Date.UTC(2024, 1, 29, 12, 30)),
    'datetime.datetime(2024, 2, 29, 12, 30, tzinfo=datetime.timezone.utc)',
  ],
  [
    new Date(Date.UTC(2024, 1, 29, 12, 30, 0, 5)),
    'datetime.datetime(2024, 2, 29, 12, 30, 0, 5000, tzinfo=datetime.timezone.utc)',
  ],
  [new Date(Number.NaN), '<invalid Date>'],
  [Buffer.from('bytes'), "b'bytes'"],
  [new Uint8Array([0xff, 0xfe]), "b'fffe'"],
  [Decimal.from('10.50'), "Decimal('10.50')"],
  [Uuid.from('12345678123456781234567812345678'), "UUID('12345678-1234-5678-1234-567812345678')"],
  [PlainDate.from('2024-02-09'), 'datetime.date(2024, 2, 9)'],
  [PlainTime.from('12:30:15.5'), 'datetime.time(12, 30, 15, 500000)'],
  [PlainTime.from('12:30'), 'datetime.time(12, 30)'],
  [PlainTime.from('12:30Z'), "datetime.time.fromisoformat('12:30:00+00:00')"],
  [new URL('https://example.org/'), "'https://example.org/'"],
  [new TypeError('boom'), "TypeError('boom')"],
  [new (class Point {})(), '<Point object>'],
  [Symbol('s'), '<Symbol(s)>'],
  [function add() {}, '<function add>'],
])('%p is printed as Python prints it', (value, text) => {
  expect(repr(value)).toBe(text);
});

test('positional arguments are a tuple', () => {
  expect([[], [1], [1, 'a', [2]]].map((args) => argsRepr(args))).toEqual(['()', '(1,)', "(1, 'a', [2])"]);
});

test('named arguments are a dictionary', () => {
  expect(kwargsRepr({ debug: true })).toBe("{'debug': True}");
  expect(kwargsRepr({})).toBe('{}');
});

test('an exception is printed with its arguments', () => {
  const wire = { excModule: 'builtins', traceback: null };
  expect(reprError({ ...wire, excType: 'ValueError', excMessage: ['boom', 42] })).toBe(
    "ValueError('boom', 42)",
  );
  expect(reprError({ ...wire, excType: 'Outer.Inner', excMessage: ['x'] })).toBe("Inner('x')");
  expect(reprError({ ...wire, excType: 'SoftTimeLimitExceeded', excMessage: [] })).toBe(
    'SoftTimeLimitExceeded()',
  );
});

test('from the third level on there are only brackets', () => {
  expect(argsRepr([{ a: { b: { c: 1 } } }, [[[[1]]]]])).toBe("({'a': {'b': {...}}}, [[[...]]])");
  expect(repr([[[[]]]], { maxDepth: 1 })).toBe('[[...]]');
});

test('a long text is cut, at a space if there is one', () => {
  expect(repr('hello world foo', { maxLength: 14 })).toBe("'hello world...'");
  expect(repr('helloworldfoo', { maxLength: 6 })).toBe("'hellow...'");
  expect(repr('abcdef', { maxLength: 7 })).toBe("'abcdef'");
});

test('a surrogate pair is never cut in two', () => {
  for (let maxLength = 0; maxLength < 12; maxLength += 1) {
    expect(() => encodeURIComponent(repr('😀😀😀😀', { maxLength }))).not.toThrow();
  }
});

test('when the budget is used up, everything open is closed', () => {
  expect(
    repr(
      [
        [1, 2],
        [3, 4],
      ],
      { maxLength: 3 },
    ),
  ).toBe('[[1..., ...]]');
  expect(repr({ a: 1, b: 2, c: 3 }, { maxLength: 10 })).toBe("{'a': 1, 'b...', ...}");
  expect(argsRepr(['x'.repeat(50)], { maxLength: 10 })).toBe(`('${'x'.repeat(9)}...', ...)`);
});

const cycle: unknown[] = [];
cycle.push(cycle, { cycle });
const { proxy: revoked, revoke } = Proxy.revocable({}, {});
revoke();
const boom = (): never => {
  throw new Error('boom');
};
const endless: { toJSON: () => unknown } = { toJSON: () => ({ toJSON: endless.toJSON, next: endless }) };

test.each<[string, unknown, string]>([
  ['a cycle', cycle, "[[[[...], {...}], {'cycle': [...]}], {'cycle': [[...], {...}]}]"],
  ['a revoked proxy', [1, revoked, 2], '[1, <unprintable object>, 2]'],
  [
    'a throwing getter',
    [
      {
        get a() {
          return boom();
        },
      },
      2,
    ],
    '[<unprintable Object>, 2]',
  ],
  ['a throwing toJSON()', { a: { toJSON: boom } }, "{'a': <unprintable Object>}"],
  ['a throwing trap', [new Proxy({}, { ownKeys: boom })], '[<unprintable Object>]'],
  [
    'a list that claims any length',
    new Proxy([], { get: (_t, key) => (key === 'length' ? Infinity : undefined) }),
    '',
  ],
  ['an endless toJSON()', endless, ''],
])('%s is printed without an error', (_name, value, text) => {
  const printed = repr(value);
  expect(printed.length).toBeLessThan(1100);
  if (text !== '') expect(printed).toBe(text);
});

test('a huge value is printed at the price of a small one', () => {
  const started = process.cpuUsage();
  expect(repr('x'.repeat(50_000_000)).length).toBeLessThan(1100);
  expect(repr(2n ** 2_000_000n)).toBe('<huge integer>');
  expect(repr(Buffer.alloc(10_000_000, 0xff)).length).toBeLessThan(1100);
  expect(process.cpuUsage(started).user).toBeLessThan(2_000_000);
});

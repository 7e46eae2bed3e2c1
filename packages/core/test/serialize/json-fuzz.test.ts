import { isDeepStrictEqual } from 'node:util';
import { DecodeError, EncodeError } from '../../src/errors.ts';
import { JsonReader } from '../../src/serialize/json-reader.ts';
import { jsonForm } from '../../src/serialize/json-writer.ts';
import { ValueWriter } from '../../src/serialize/value-writer.ts';
import { decodeJson, encodeJson } from '../../src/serialize/json.ts';
import { Decimal, PlainDate, PlainTime, Uuid } from '../../src/values.ts';
import { Random } from './random.ts';

const NUMBERS = [
  0,
  -0,
  1,
  -1.5,
  2 ** 53,
  -(2 ** 60),
  1e21,
  5e-324,
  1.7976931348623157e308,
  NaN,
  Infinity,
  -Infinity,
];

function leaf(random: Random): unknown {
  return random.pick<() => unknown>([
    () => null,
    () => random.next() < 0.5,
    () => random.pick(NUMBERS),
    () => random.below(2 ** 31) * random.pick([1, -1, 1e-5, 0.1]),
    () => random.text(12),
    () => random.pick([1n, -1n]) * (2n ** 53n + BigInt(random.below(1e9)) * 10n ** BigInt(random.below(40))),
    () => new Date(random.below(4e12) - 2e12),
    () => Buffer.from(Array.from({ length: random.below(9) }, () => random.below(256))),
    () => Buffer.from(random.text(8)),
    () => Decimal.from((random.next() * 1e6).toFixed(random.below(6))),
    () => Uuid.from(Array.from({ length: 32 }, () => random.below(16).toString(16)).join('')),
    () => PlainDate.from(`20${10 + random.below(90)}-0${1 + random.below(9)}-1${random.below(10)}`),
    () =>
      PlainTime.from(`1${random.below(10)}:0${random.below(10)}:5${random.below(10)}.${random.below(1e6)}`),
  ])();
}

function anything(random: Random, levels: number): unknown {
  const kind = levels === 0 ? 0 : random.below(4);
  if (kind === 1) return Array.from({ length: random.below(5) }, () => anything(random, levels - 1));
  if (kind > 1) {
    const entries = Array.from({ length: random.below(5) }, (): [string, unknown] => [
      random.pick(['__proto__', '__type__', 'constructor', 'toString', random.text(6)]),
      anything(random, levels - 1),
    ]);
    return Object.fromEntries(entries);
  }
  return leaf(random);
}

test('8000 random values come back as they were', () => {
  const random = new Random(42);
  for (let round = 0; round < 8000; round += 1) {
    const value = anything(random, 4);
    const text = encodeJson(value);
    if (!isDeepStrictEqual(decodeJson(text), value)) throw new Error(`Came back as something else: ${text}`);
  }
});

function safeNumbers(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return 1;
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? 1 : value;
}

test('the writer agrees with JSON.stringify(), the reader with JSON.parse()', () => {
  const random = new Random(7);
  for (let round = 0; round < 2000; round += 1) {
    const value: unknown = JSON.parse(JSON.stringify(anything(random, 4), safeNumbers));
    const text = JSON.stringify(value, null, random.pick([0, 1, '\t', ' \r\n']));
    if (!isDeepStrictEqual(new JsonReader(text).read(), value)) throw new Error(`Read otherwise: ${text}`);
    expect(new ValueWriter(jsonForm, '').write(value)).toBe(JSON.stringify(value));
  }
});

test('damaged texts are decode errors or other values, never anything else', () => {
  const random = new Random(99);
  let refused = 0;
  for (let round = 0; round < 6000; round += 1) {
    const text = encodeJson([anything(random, 3)]);
    const at = random.below(text.length);
    const damaged = random.pick([
      () => text.slice(0, at),
      () =>
        text.slice(0, at) +
        random.pick(['"', '}', ']', ',', ':', '\\', '-', 'N', '1', '\u0000']) +
        text.slice(at + 1),
      () => text.slice(at) + text.slice(0, at),
    ])();
    try {
      decodeJson(damaged);
    } catch (error) {
      if (!(error instanceof DecodeError))
        throw new Error(`Not a DecodeError for ${damaged}`, { cause: error });
      refused += 1;
    }
  }
  expect(refused).toBeGreaterThan(2000);
});

test('hostile values are encoded or refused with an EncodeError, never anything else', () => {
  const random = new Random(3);
  const boom = (): never => {
    throw random.pick<unknown>([new Error('boom'), 'boom', undefined, null, revokedProxy(), Symbol('boom')]);
  };
  const traps: readonly (keyof ProxyHandler<object>)[] = [
    'get',
    'ownKeys',
    'getPrototypeOf',
    'has',
    'getOwnPropertyDescriptor',
  ];
  const hostile = (): unknown =>
    random.pick<() => unknown>([
      () => Object.defineProperty({}, 'x', { enumerable: true, get: boom }),
      () =>
        new Proxy(random.pick<object>([{ a: 1 }, [1, 2], new Date(0), () => 1]), {
          [random.pick(traps)]: boom,
        }),
      revokedProxy,
      () => ({ toJSON: boom }),
      () => Symbol('s'),
      () => boom,
      () => new WeakMap(),
      () => Object.create({ inherited: boom }),
      () =>
        new Proxy([], { get: (_target, key) => (key === 'length' ? 3 : random.pick([1, undefined, {}])) }),
    ])();
  let refused = 0;
  for (let round = 0; round < 3000; round += 1) {
    const value = random.pick([
      (item: unknown) => item,
      (item: unknown) => [1n, item],
      (item: unknown) => ({ a: { b: item } }),
    ])(hostile());
    try {
      expect(typeof encodeJson(value, 'args')).toBe('string');
    } catch (error) {
      if (!(error instanceof EncodeError)) throw new Error('Not an EncodeError', { cause: error });
      expect(error.path).toMatch(/^args/);
      refused += 1;
    }
  }
  expect(refused).toBeGreaterThan(2000);
});

function revokedProxy(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

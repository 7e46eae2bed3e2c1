import { readFileSync } from 'node:fs';
import { Decimal, PlainDate, PlainTime, Uuid } from '@tq/core';
import { ContentDisallowed, DecodeError, EncodeError, MissingPackage } from '../../src/errors.ts';
import { requireOptional } from '../../src/optional-package.ts';
import { decodeJson } from '../../src/serialize/json.ts';
import { Serializers } from '../../src/serialize/registry.ts';
import type { Serializer } from '../../src/types/serializer.ts';

/** One value, written by kombu in each of its formats that can hold it. */
interface Written {
  readonly id: string;
  readonly json: string;
  readonly yaml?: string;
  readonly msgpack?: string;
}

const file = new URL('../recorded/serialized.json', import.meta.url);
const { vectors } = JSON.parse(readFileSync(file, 'utf8')) as { readonly vectors: readonly Written[] };

const serializers = new Serializers();
const yaml = serializers.forSending('yaml');
const msgpack = serializers.forSending('msgpack');
const again = (serializer: Serializer, value: unknown): unknown =>
  serializer.decode(serializer.encode(value));

describe.each([
  ['yaml', yaml],
  ['msgpack', msgpack],
] as const)('%s', (name, serializer) => {
  const written = vectors.flatMap((vector) => {
    const bytes = vector[name];
    return bytes === undefined ? [] : [[vector.id, bytes, vector.json] as const];
  });

  test.each(written)('reads what kombu has written: %s', (_, bytes, json) => {
    expect(serializer.decode(Buffer.from(bytes, 'base64'))).toEqual(decodeJson(json));
  });

  test.each(written)('writes what it reads again: %s', (_, _bytes, json) => {
    const value = decodeJson(json);
    expect(again(serializer, value)).toEqual(value);
  });

  test('names the place of what can not be sent', () => {
    expect(() => serializer.encode([1, { when: () => 1 }])).toThrow(
      /^\[1\]\.when can't be sent: it is a function/,
    );
    expect(() => serializer.encode({ a: [new Set()] })).toThrow(EncodeError);
    const loop: unknown[] = [];
    loop.push(loop);
    expect(() => serializer.encode(loop)).toThrow('it is part of itself');
  });

  test.each([
    ['decimal', Decimal.from('10.50')],
    ['uuid', Uuid.from('12345678123456781234567812345678')],
    ['time', PlainTime.from('12:30:15')],
  ])("refuses Python's %s, which it has no form for, as kombu does", (kind, value) => {
    expect(() => serializer.encode({ a: value })).toThrow(`no form for Python's ${kind}`);
  });

  test('a key named __proto__ is a key like any other', () => {
    const value = decodeJson('{"__proto__": {"polluted": true}}');
    const back = again(serializer, value) as object;
    expect(Object.keys(back)).toEqual(['__proto__']);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  test('an undefined property is left out, toJSON() is asked', () => {
    const value = { a: undefined, b: { toJSON: () => 'instead' }, c: new Map([['d', 1n]]) };
    expect(again(serializer, value)).toEqual({ b: 'instead', c: { d: 1 } });
  });

  test('every cut of a message is refused or read, never anything else', () => {
    const whole = serializer.encode([{ a: [1, 'two', 3.5, null, Buffer.from([1, 2])] }, 'x'.repeat(40)]);
    for (let length = 0; length < whole.length; length += 1) {
      try {
        serializer.decode(whole.subarray(0, length));
      } catch (error) {
        expect(error).toBeInstanceOf(DecodeError);
      }
    }
  });
});

describe('msgpack', () => {
  test('has no form for dates and for integers of more than 64 bits', () => {
    expect(() => msgpack.encode({ at: new Date(0) })).toThrow("at can't be sent: Python reads no dates");
    expect(() => msgpack.encode([PlainDate.from('2024-02-29')])).toThrow("no form for Python's date");
    expect(() => msgpack.encode([2n ** 64n])).toThrow('64 bits only');
    expect(() => msgpack.encode([-(2n ** 63n) - 1n])).toThrow('64 bits only');
  });

  test('reads timestamps of every size, and floats of 32 bits', () => {
    const seconds = Buffer.from('d6ff00000001', 'hex');
    const packed = Buffer.alloc(10);
    packed.set([0xd7, 0xff]);
    packed.writeBigUInt64BE((500_000_000n << 34n) | 7n, 2);
    const long = Buffer.alloc(15);
    long.set([0xc7, 12, 0xff]);
    long.writeUInt32BE(250_000_000, 3);
    long.writeBigInt64BE(-1n, 7);
    expect(msgpack.decode(seconds)).toEqual(new Date(1000));
    expect(msgpack.decode(packed)).toEqual(new Date(7500));
    expect(msgpack.decode(long)).toEqual(new Date(-750));
    expect(msgpack.decode(Buffer.from('ca3fc00000', 'hex'))).toBe(1.5);
  });

  test('a length that the body can not hold is refused before anything is made', () => {
    for (const hex of ['ddffffffff', 'dfffffffff', 'dbffffffff', 'c6ffffffff', 'c1', 'd40500', '9102ff00'])
      expect(() => msgpack.decode(Buffer.from(hex, 'hex'))).toThrow(DecodeError);
    expect(() => msgpack.decode(Buffer.alloc(100_000, 0x91))).toThrow('nested more than');
  });

  test('long texts, lists and maps come back', () => {
    const value = {
      text: 'ü'.repeat(40_000),
      list: Array.from({ length: 70_000 }, (_, index) => index),
      map: Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`k${index}`, index])),
    };
    expect(again(msgpack, value)).toEqual(value);
  });
});

describe('yaml', () => {
  test('carries moments, days and bytes', () => {
    const value = [new Date(1_709_209_815_123), PlainDate.from('2024-02-29'), Buffer.from([0, 255])];
    expect(again(yaml, value)).toEqual(value);
  });

  test.each(['a: [1', '*nobody', '!!binary "*"', '"\\q"', 'a: b: c', '--- 1\n--- 2', '2024-13-45'])(
    'what is no YAML is refused: %j',
    (text) => {
      expect(() => yaml.decode(Buffer.from(text))).toThrow(DecodeError);
    },
  );

  test('aliases that multiply are refused', () => {
    const levels = Array.from(
      { length: 9 },
      (_, level) => `l${level + 1}: &l${level + 1} [${`*l${level}, `.repeat(9)}]`,
    );
    expect(() => yaml.decode(Buffer.from(`l0: &l0 [x]\n${levels.join('\n')}\n`))).toThrow(DecodeError);
  });

  test('a tag that names code is text or refused, never run', () => {
    const decode = (): unknown => yaml.decode(Buffer.from('!!python/object/apply:os.system ["id"]'));
    expect(decode).toThrow(DecodeError);
  });

  test('characters that PyYAML would refuse or break lines at are escaped', () => {
    const text = yaml.encode('\u007f\u0085\u2028\ufeff').toString();
    expect(text).toBe('"\\u007f\\u0085\\u2028\\ufeff"\n');
  });

  test('without its package it says what to install', () => {
    const absent = (): unknown => requireOptional('no-such-package', process.cwd(), 'Install it.');
    expect(absent).toThrow(MissingPackage);
    expect(absent).toThrow('Install it.');
  });
});

test('raw takes bytes and texts alone, and gives bytes', () => {
  const raw = serializers.forSending('raw');
  expect(raw.encode('ä')).toEqual(Buffer.from('ä'));
  expect(raw.decode(Buffer.of(1))).toEqual(Buffer.of(1));
  expect(() => raw.encode({})).toThrow(EncodeError);
});

test('a format that is known but not accepted is refused', () => {
  for (const type of ['application/x-yaml', 'application/x-msgpack', 'application/data'])
    expect(() => serializers.forReceiving(type, 'binary', ['json'])).toThrow(ContentDisallowed);
});

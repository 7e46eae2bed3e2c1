import { EncodeError, ImproperlyConfigured, registerType } from '@tq/core';
import { decodeJson, encodeJson } from '@tq/core/internal';
import { customTypeOf } from '../../src/serialize/custom-types.ts';
import { Serializers } from '../../src/serialize/registry.ts';

class Money {
  readonly cents: number;
  readonly at: Date;

  constructor(cents: number, at: Date) {
    this.cents = cents;
    this.at = at;
  }
}

class Cash extends Money {}

const at = new Date('2026-11-22T12:00:00Z');

beforeAll(() => {
  registerType(
    Money,
    'shop.Money',
    ({ cents, at }) => ({ cents, at }),
    ({ cents, at }) => new Money(cents, at),
  );
});

test('an instance of a registered class travels, with values in it that JSON has no form for', () => {
  const text = encodeJson({ price: new Money(250, at) });
  expect(JSON.parse(text)).toEqual({
    price: {
      __type__: 'shop.Money',
      __value__: {
        cents: 250,
        at: { __type__: 'datetime', __value__: '2026-11-22T12:00:00+00:00' },
      },
    },
  });
  expect(decodeJson(text)).toEqual({ price: new Money(250, at) });
  expect((decodeJson(text) as { readonly price: unknown }).price).toBeInstanceOf(Money);
});

test('so do those of derived classes, unless they are registered themselves', () => {
  expect(decodeJson(encodeJson(new Cash(1, at)))).toBeInstanceOf(Money);
  registerType(
    Cash,
    'shop.Cash',
    ({ cents }) => cents,
    (cents) => new Cash(cents, at),
  );
  expect(customTypeOf(new Cash(1, at))?.marker).toBe('shop.Cash');
  expect(decodeJson(encodeJson(new Cash(1, at)))).toBeInstanceOf(Cash);
});

test('what a decoder refuses is a malformed message, and an unknown marker stays one', () => {
  class Odd {
    readonly #own = 1;
    get one(): number {
      return this.#own;
    }
  }
  registerType(
    Odd,
    'shop.Odd',
    () => null,
    (): Odd => {
      throw new Error('not today');
    },
  );
  expect(() => decodeJson('{"__type__":"shop.Odd","__value__":null}')).toThrow('not today');
  expect(() => decodeJson('{"__type__":"shop.None","__value__":1}')).toThrow('which nobody knows');
});

test('what can’t be sent inside is named by its path, and a value in itself is refused', () => {
  class Box {
    readonly content: unknown;

    constructor(content?: unknown) {
      this.content = content ?? this;
    }
  }
  registerType(
    Box,
    'shop.Box',
    ({ content }) => ({ content }),
    ({ content }) => new Box(content),
  );
  expect(() => encodeJson({ box: new Box(() => 1) }, 'args')).toThrow('args.box.content');
  expect(() => encodeJson(new Box())).toThrow(EncodeError);
});

test('only JSON carries it', () => {
  const serializers = new Serializers();
  expect(() => serializers.forSending('msgpack').encode(new Money(1, at))).toThrow('only JSON has a form');
});

test.each(['datetime', 'uuid', 'base64', ''])('the marker %j is taken', (marker) => {
  expect(() =>
    registerType(
      Money,
      marker,
      () => null,
      () => new Money(1, at),
    ),
  ).toThrow(ImproperlyConfigured);
});

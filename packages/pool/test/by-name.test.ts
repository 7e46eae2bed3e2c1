import { describe, expect, test } from '@jest/globals';
import { ImproperlyConfigured } from '@tq/core';
import { asyncPool, poolByName, prefork } from '@tq/pool';

describe('poolByName', () => {
  test.each([
    ['prefork', 'prefork'],
    ['processes', 'prefork'],
    ['threads', 'threads'],
    ['async', 'async'],
    ['eventlet', 'async'],
    ['gevent', 'async'],
    ['solo', 'solo'],
  ])('%s is the pool %s', (name, kind) => {
    expect(poolByName(name, { size: 2 }).traits.kind).toBe(kind);
  });

  test('a mistyped name is refused with the nearest one', () => {
    expect(() => poolByName('prefrok')).toThrow(ImproperlyConfigured);
    expect(() => poolByName('prefrok')).toThrow('Did you mean prefork?');
    expect(() => poolByName('constructor')).toThrow('Choose one of prefork, processes,');
  });

  test('only solo cannot kill', () => {
    const killable = ['prefork', 'threads', 'async', 'solo'].map((name) => poolByName(name).traits.killable);
    expect(killable).toEqual([true, true, true, false]);
  });
});

test.each([0, -1, 1.5, Number.NaN])('a size of %p is refused', (size) => {
  expect(() => prefork({ size })).toThrow(ImproperlyConfigured);
  expect(() => asyncPool({ hosts: size })).toThrow(ImproperlyConfigured);
});

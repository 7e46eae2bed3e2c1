import { headersMatcher, topicMatcher } from '@tq/virtual';
import { Router } from '../src/exchange.ts';

describe('topic patterns', () => {
  test.each([
    ['', '', true],
    ['', 'a', false],
    ['#', '', true],
    ['#', 'a.b.c', true],
    ['*', 'a', true],
    ['*', '', false],
    ['*', 'a.b', false],
    ['a.*', 'a.b', true],
    ['a.*', 'a', false],
    ['a.*', 'a.b.c', false],
    ['a.#', 'a', true],
    ['a.#', 'a.b.c', true],
    ['a.#', 'ab', false],
    ['#.c', 'c', true],
    ['#.c', 'a.b.c', true],
    ['#.c', 'a.b.c.d', false],
    ['a.#.c', 'a.c', true],
    ['a.#.c', 'a.b.b.c', true],
    ['a.#.c', 'a.b.c.b', false],
    ['#.b.#', 'a.b', true],
    ['#.b.#', 'a.c', false],
    ['*.#', 'a', true],
    ['*.#', '', false],
    ['#.*', 'a.b', true],
    ['#.#', 'a.b', true],
    ['a.*.#.d', 'a.b.d', true],
    ['a.*.#.d', 'a.d', false],
    ['a..b', 'a..b', true],
    ['a.*.b', 'a..b', true],
    ['a.b', 'a.b', true],
    ['a.b', 'axb', false],
  ])('%j fits %j: %s', (pattern, key, expected) => {
    expect(topicMatcher(pattern)(key)).toBe(expected);
  });

  test('a pattern of many hashes is decided quickly', () => {
    const pattern = Array.from({ length: 30 }, () => '#.a').join('.');
    const key = `${Array.from({ length: 300 }, () => 'a').join('.')}.b`;
    const start = performance.now();
    expect(topicMatcher(pattern)(key)).toBe(false);
    expect(performance.now() - start).toBeLessThan(1000);
  });
});

describe('headers conditions', () => {
  test.each([
    [{ 'x-match': 'all', a: 1, b: 'x' }, { a: 1, b: 'x', c: 2 }, true],
    [{ 'x-match': 'all', a: 1, b: 'x' }, { a: 1 }, false],
    [{ 'x-match': 'any', a: 1, b: 'x' }, { a: 2, b: 'x' }, true],
    [{ 'x-match': 'any', a: 1 }, {}, false],
    [{ 'x-match': 'any' }, { a: 1 }, false],
    [{}, { a: 1 }, true],
    [{ a: null }, { a: 'whatever' }, true],
    [{ a: null }, {}, false],
    [{ a: [1, { b: 2 }] }, { a: [1, { b: 2 }] }, true],
    [{ a: '1' }, { a: 1 }, false],
    [{ 'x-own': 1, a: 1 }, { a: 1 }, true],
    [{ 'x-match': 'all-with-x', 'x-own': 1, a: 1 }, { a: 1 }, false],
    [{ 'x-match': 'any-with-x', 'x-own': 1, a: 1 }, { 'x-own': 1 }, true],
    [{ toString: null }, {}, false],
  ])('%j let %j through: %s', (conditions, headers, expected) => {
    expect(headersMatcher(conditions)('', headers)).toBe(expected);
  });
});

describe('a router', () => {
  const binding = (queue: string, routingKey: string, type: 'direct' | 'topic' | 'fanout') => ({
    exchange: 'ex',
    queue,
    routingKey,
    type,
  });

  test('gives a queue once, however many of its bindings fit', () => {
    const router = new Router([
      binding('a', 'x.#', 'topic'),
      binding('a', '*.y', 'topic'),
      binding('b', '#', 'topic'),
    ]);
    expect(router.queuesFor('x.y', {})).toEqual(['a', 'b']);
    expect(router.queuesFor('x.y', {})).toEqual(['a', 'b']);
    expect(router.queuesFor('z', {})).toEqual(['b']);
  });

  test('goes by the type of the exchange where it is known, else by that of each binding', () => {
    const bindings = [binding('a', 'k', 'direct'), binding('b', '#', 'topic')];
    expect(new Router(bindings).queuesFor('k', {})).toEqual(['a', 'b']);
    expect(new Router(bindings).queuesFor('other', {})).toEqual(['b']);
    expect(new Router([...bindings, binding('c', 'k', 'fanout')], 'fanout').queuesFor('other', {})).toEqual([
      'c',
    ]);
    expect(new Router(bindings, 'direct').queuesFor('#', {})).toEqual(['b']);
  });

  test('stays small however many keys it is asked for', () => {
    const router = new Router([binding('a', '#', 'topic')]);
    for (let index = 0; index < 5000; index++) expect(router.queuesFor(`k${index}`, {})).toEqual(['a']);
  });
});

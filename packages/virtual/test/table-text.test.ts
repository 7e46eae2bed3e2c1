import { EncodeError } from '@tq/core';
import { TableText } from '../src/table-text.ts';

const written = (text: TableText, table: Readonly<Record<string, unknown>>): unknown =>
  JSON.parse(`{${text.members(table)}}`);

describe('a table is written as JSON', () => {
  test('whatever was written before', () => {
    const text = new TableText('t');
    const tables = [
      { a: 1, b: 'x', c: null },
      { a: 1, b: 'x', c: null },
      { a: 1, b: 'y"\n', c: null },
      { a: 1, b: 'y"\n', c: true, d: [1, { e: 2 }] },
      { b: 'x' },
      {},
      { a: 2, b: 'x'.repeat(1000), c: null },
      { a: 2, b: 'x'.repeat(1000), c: null },
      { c: null, a: 2 },
    ];
    for (const table of [...tables, ...tables.toReversed()]) expect(written(text, table)).toEqual(table);
  });

  test('of an object that holds something else the next time too', () => {
    const text = new TableText('t');
    const list = [1];
    expect(written(text, { list })).toEqual({ list: [1] });
    list.push(2);
    expect(written(text, { list })).toEqual({ list: [1, 2] });
  });

  test('without what is undefined', () => {
    const text = new TableText('t');
    expect(text.members({ a: undefined, b: 1 })).toBe('"b":1');
    expect(text.members({ a: 0, b: 1 })).toBe('"a":0,"b":1');
    expect(text.members({ a: undefined, b: 1 })).toBe('"b":1');
  });

  test('what can’t travel is named, and spoils nothing', () => {
    const text = new TableText('headers');
    const bad = { a: 1, when: () => 0 };
    text.members({ a: 1, when: 'x' });
    expect(() => text.members(bad)).toThrow(EncodeError);
    expect(() => text.members(bad)).toThrow('headers.when');
    expect(text.members({})).toBe('');
    expect(written(text, { a: 1, when: 'x' })).toEqual({ a: 1, when: 'x' });
  });
});

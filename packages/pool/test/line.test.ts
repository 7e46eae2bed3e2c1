import { expect, test } from '@jest/globals';
import { silentLogger } from '@tq/core';
import { Averages } from '../src/averages.ts';
import { Line } from '../src/line.ts';
import { Lines } from '../src/lines.ts';
import { Reports } from '../src/reports.ts';
import { Ticket } from '../src/ticket.ts';
import { weigh } from '../src/weight.ts';

const office = {
  logger: silentLogger,
  terminate: () => undefined,
  abort: () => undefined,
  withdraw: () => undefined,
};
const watch = { accepted: () => undefined, done: () => undefined };

function ticket(id: number): Ticket {
  return new Ticket({ id: String(id), task: 't', payload: null }, watch, office);
}

const ids = (tickets: readonly Ticket[]): number[] => tickets.map((one) => Number(one.job.id));

test('who comes back stands in front, in order', () => {
  const line = new Line();
  for (const id of [1, 2, 3]) line.push(ticket(id));
  const back = [line.shift(), line.shift()] as Ticket[];
  line.push(ticket(4));
  line.putBack(back);
  expect(line.length).toBe(4);
  expect(ids(line.clear())).toEqual([1, 2, 3, 4]);
  expect(line.length).toBe(0);
});

test('a ticket that is over is passed by', () => {
  const line = new Line();
  const tickets = [1, 2, 3].map(ticket);
  for (const one of tickets) line.push(one);
  tickets[0]?.finish({ kind: 'returned' });
  line.forget();
  expect(line.length).toBe(2);
  expect(line.peek()).toBe(tickets[1]);
  expect(ids(line.clear())).toEqual([2, 3]);
});

test('a long line keeps its order and lets go of who has left', () => {
  const line = new Line();
  const left: number[] = [];
  for (let i = 0; i < 5000; i++) {
    line.push(ticket(i));
    if (i % 3 > 0) left.push(...ids([line.shift() as Ticket]));
  }
  left.push(...ids(line.clear()));
  expect(left).toEqual(Array.from({ length: 5000 }, (_, i) => i));
});

test('an average rises fast and falls slowly', () => {
  const averages = new Averages();
  expect(averages.of('t')).toBeUndefined();
  averages.add('t', 1);
  averages.add('t', 101);
  expect(averages.of('t')).toBeGreaterThan(20);
  for (let i = 0; i < 5; i++) averages.add('t', 1);
  expect(averages.of('t')).toBeGreaterThan(10);
});

test('averages of endless new names do not pile up', () => {
  const averages = new Averages();
  for (let i = 0; i < 5000; i++) averages.add(`t${i}`, 1);
  expect(averages.of('t0')).toBeUndefined();
  expect(averages.of('t4999')).toBe(1);
});

test('a payload weighs about what its JSON does', () => {
  const payload = { id: 'x'.repeat(36), body: 'y'.repeat(50_000), headers: { retries: 0, lang: 'py' } };
  const json = JSON.stringify(payload).length;
  expect(weigh(payload)).toBeGreaterThan(json * 0.9);
  expect(weigh(payload)).toBeLessThan(json * 1.1);
  const circular: Record<string, unknown> = {};
  circular['self'] = circular;
  expect(weigh(circular)).toBeLessThan(1000);
});

test('text is cut into lines wherever its chunks end', () => {
  const seen: string[] = [];
  const lines = new Lines((line) => seen.push(line));
  for (const chunk of ['on', 'e\ntwo\r\nth', 'ree\n\nla', 'st']) lines.push(chunk);
  lines.end();
  expect(seen).toEqual(['one', 'two', 'three', '', 'last']);
  lines.push('x'.repeat(100_000));
  expect(seen.at(-1)).toHaveLength(100_000);
});

test('messages are read wherever their chunks end', () => {
  const reports = new Reports();
  const text = [{ kind: 'pong' }, { kind: 'memory', bytes: 5 }, { kind: 'ready' }]
    .map((message) => `${JSON.stringify(message)}\n`)
    .join('');
  const seen: unknown[] = [];
  for (let at = 0; at < text.length; at += 7) seen.push(...reports.read(text.slice(at, at + 7)));
  expect(seen).toEqual([{ kind: 'pong' }, { kind: 'memory', bytes: 5 }, { kind: 'ready' }]);
});

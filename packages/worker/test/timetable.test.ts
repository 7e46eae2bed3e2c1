import { systemClock } from '@tq/core';
import { eventually } from '@tq/testkit';
import { Timetable } from '../src/consume/timetable.ts';

test('items come when they are due, the earliest first, equal ones in order', async () => {
  const due: string[] = [];
  const table = new Timetable<string>({ clock: systemClock, onDue: (item) => due.push(item) });
  const now = Date.now();
  table.add('second', now + 40);
  table.add('also second', now + 40);
  table.add('first', now + 20);
  table.add('past', now - 1000);
  expect(table.size).toBe(4);
  await eventually(() => due.length === 4);
  expect(due).toEqual(['past', 'first', 'second', 'also second']);
  expect(Date.now()).toBeGreaterThanOrEqual(now + 40);
});

test('clearing takes out what waits, in order, and nothing comes later', async () => {
  const due: string[] = [];
  const table = new Timetable<string>({ clock: systemClock, onDue: (item) => due.push(item) });
  table.add('b', Date.now() + 30);
  table.add('a', Date.now() + 20);
  expect(table.clear()).toEqual(['a', 'b']);
  expect(table.size).toBe(0);
  await systemClock.sleep(60);
  expect(due).toEqual([]);
});

test('10 000 items of one moment come in one go', async () => {
  let count = 0;
  const table = new Timetable<number>({ clock: systemClock, onDue: () => count++ });
  const at = Date.now() + 100;
  for (let i = 0; i < 10_000; i++) table.add(i, at);
  await eventually(() => count === 10_000, { timeoutMs: 1000 });
});

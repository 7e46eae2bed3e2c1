import { afterAll, expect, test } from '@jest/globals';
import { createApp, silentLogger } from '@tq/core';
import type { AnySignature, TaskContext } from '@tq/core';
import { uniqueName } from '@tq/testkit';
import { chain, chord, chunks, group, map } from '../src/index.ts';

// Chunks stand in for a group of pieces wherever they are put.

const name = uniqueName('chunks');
const app = createApp('t', {
  broker: `memory://${name}`,
  backend: `memory://${name}`,
  logger: silentLogger,
  conf: { taskAlwaysEager: true },
});
const add = app.task('t.add', (x: number, y: number) => x + y);
const echo = app.task('t.echo', (value: unknown) => value);
const replaced = app.task('t.replaced', { bind: true }, (self: TaskContext) => self.replace(pieces()));
const forgetful = app.task('t.forgetful', { bind: true }, (self: TaskContext) => {
  void self.replace(pieces());
  return 'its own';
});
const pieces = (): AnySignature =>
  chunks(
    add,
    [
      [1, 1],
      [2, 2],
      [3, 3],
    ],
    2,
  );
const made = [[2, 4], [6]];
afterAll(() => app.close());

test.each<readonly [string, () => AnySignature, unknown]>([
  ['by themselves', pieces, made],
  ['at the end of a chain', () => chain([add.s(1, 1), pieces()]), made],
  ['with a step behind them', () => chain([pieces(), echo.s()]), made],
  ['as a member of a group', () => group([pieces(), add.s(1, 1)]), [made, 2]],
  ['as a member of a header', () => chord([pieces(), add.s(1, 1)], echo.s()), [made, 2]],
  ['as a header', () => chord(pieces() as never, echo.s()), made],
  ['as a body', () => chord([add.s(1, 1)], pieces() as never), made],
  ['in place of a task', () => replaced.s(), made],
  ['where a task forgets to give way', () => forgetful.s(), 'its own'],
])('%s', async (_, workflow, value) => {
  expect(await workflow().delay().get({ timeout: 5 })).toEqual(value);
});

test('a group of nothing that is piped gives a list of nothing', async () => {
  expect(await group([]).pipe(echo.s()).delay().get({ timeout: 5 })).toEqual([]);
});

test('what is no task, or no signature, is refused at once', () => {
  expect(() => map('t.add' as never, [[1]])).toThrow('A map takes a task');
  expect(() => chord([add.s(1, 1)], add as never)).toThrow('the task t.add is none');
  expect(() => add.s(1, 1).pipe(undefined as never)).toThrow('A signature is needed here');
  expect(() => add.s(1, 1).link(add as never)).toThrow('the task t.add is none');
});

import { expect, test } from '@jest/globals';
import { FakeClock } from '@tq/testkit';
import { Alarms } from '../src/alarms.ts';

test('alarms ring in the order of their times, never early and at most a tick late', async () => {
  const clock = new FakeClock();
  using alarms = new Alarms(clock);
  const rung: [string, number][] = [];
  for (const ms of [500, 30, 100, 95, 2000]) alarms.set(ms, () => rung.push([`${ms}`, clock.monotonic()]));
  await clock.advance(1000);
  expect(rung.map(([name]) => name)).toEqual(['30', '100', '95', '500']);
  for (const [name, at] of rung) {
    expect(at).toBeGreaterThanOrEqual(Number(name));
    expect(at).toBeLessThan(Number(name) + 20);
  }
  await clock.advance(2000);
  expect(rung.at(-1)?.[0]).toBe('2000');
});

test('a cancelled alarm does not ring, even if another one of its tick cancels it', async () => {
  const clock = new FakeClock();
  using alarms = new Alarms(clock);
  const rung: string[] = [];
  const cancelled = alarms.set(50, () => rung.push('cancelled'));
  alarms.set(50, () => {
    rung.push('first');
    alarms.cancel(second);
  });
  const second = alarms.set(50, () => rung.push('second'));
  alarms.cancel(cancelled);
  alarms.cancel(undefined);
  await clock.advance(100);
  expect(rung).toEqual(['first']);
});

test('any number of alarms needs one timer, and none is left when they are disposed of', async () => {
  const clock = new FakeClock();
  const alarms = new Alarms(clock);
  for (let i = 0; i < 1000; i++) alarms.set(1000 + i, () => undefined);
  expect(clock.waiting).toBe(1);
  alarms[Symbol.dispose]();
  expect(clock.waiting).toBe(0);
});

test('an alarm that is set by another rings too', async () => {
  const clock = new FakeClock();
  using alarms = new Alarms(clock);
  const rung: number[] = [];
  alarms.set(10, () => alarms.set(10, () => rung.push(clock.monotonic())));
  await clock.advance(200);
  expect(rung).toHaveLength(1);
});

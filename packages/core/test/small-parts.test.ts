import { hostname } from 'node:os';
import {
  defaultNodeName,
  didYouMean,
  expandFileName,
  expandNodeName,
  Lazy,
  startAll,
} from '@tq/core/internal';
import type { Component } from '@tq/core';
import { Deadlines } from '../src/deadlines.ts';
import { LamportClock } from '../src/lamport.ts';
import { senderName } from '../src/nodename.ts';
import { backoffFromPolicy } from '../src/publish-retry.ts';

describe('node names', () => {
  test('the default is celery@host, a sender is gen<pid>@host', () => {
    expect(defaultNodeName()).toBe(`celery@${hostname()}`);
    expect(senderName()).toBe(`gen${process.pid}@${hostname()}`);
  });

  test.each([
    ['w1', 'w1@box.example.org'],
    ['w1@%h', 'w1@box.example.org'],
    ['w1@%n', 'w1@box'],
    ['w1.%d@%%', 'w1.example.org@%'],
    ['%i@x', '%i@x'],
  ])('%s becomes %s', (name, expanded) => {
    expect(expandNodeName(name, 'box.example.org')).toBe(expanded);
  });

  test.each([
    ['/var/log/%n%I.log', 0, '/var/log/w1.log'],
    ['/var/log/%n%I.log', 3, '/var/log/w1-3.log'],
    ['%p-%i', 0, 'w1@box.example.org-0'],
    ['%h|%d|%i|%%|%x', 2, 'box.example.org|example.org|2|%|%x'],
  ])('the file %s of child %i is %s', (pattern, index, file) => {
    expect(expandFileName(pattern, 'w1@box.example.org', index)).toBe(file);
  });
});

describe("Lamport's clock", () => {
  test('goes forward with what happens here, and past every moment it hears of', () => {
    const clock = new LamportClock();
    expect([clock.forward(), clock.forward(), clock.value]).toEqual([1, 2, 2]);
    expect(clock.adjust(10)).toBe(11);
    expect(clock.adjust(3)).toBe(12);
  });

  test('is not spoilt by nonsense from the wire', () => {
    const clock = new LamportClock();
    clock.forward();
    for (const nonsense of [Number.NaN, Infinity, '7', null, 1.5]) clock.adjust(nonsense as number);
    expect(clock.value).toBe(6);
  });
});

describe('didYouMean()', () => {
  test('finds the nearest word, whatever its case, and nothing when none is near', () => {
    const names = ['taskRoutes', 'taskQueues', 'timezone'];
    expect(didYouMean('taskroute', names)).toBe('taskRoutes');
    expect(didYouMean('timzeone', names)).toBe('timezone');
    expect(didYouMean('broker', names)).toBeUndefined();
  });
});

describe('the retry policy of publishing', () => {
  test('waits longer by a step each time, up to a limit', () => {
    const waits = [0, 1, 2, 3].map((attempt) => backoffFromPolicy({}, attempt));
    expect(waits).toEqual([0, 200, 400, undefined]);
    expect(backoffFromPolicy({ maxRetries: null, intervalStart: '2s', intervalMax: 2.5 }, 50)).toBe(2500);
    expect(backoffFromPolicy({ maxRetries: 0 }, 0)).toBeUndefined();
    expect(backoffFromPolicy(undefined, 0)).toBeUndefined();
  });
});

describe('startAll()', () => {
  const part = (name: string, seen: string[], fails?: 'start' | 'stop'): Component => ({
    name,
    start: async () => {
      seen.push(`start ${name}`);
      if (fails === 'start') throw new Error(`${name} can't start`);
    },
    stop: async () => {
      seen.push(`stop ${name}`);
      if (fails === 'stop') throw new Error(`${name} can't stop`);
    },
  });

  test('starts in order and stops in reverse', async () => {
    const seen: string[] = [];
    const ring = await startAll([part('a', seen), part('b', seen)]);
    await ring[Symbol.asyncDispose]();
    expect(seen).toEqual(['start a', 'start b', 'stop b', 'stop a']);
  });

  test('undoes what had started when one fails', async () => {
    const seen: string[] = [];
    await expect(startAll([part('a', seen), part('b', seen, 'start'), part('c', seen)])).rejects.toThrow(
      "b can't start",
    );
    expect(seen).toEqual(['start a', 'start b', 'stop b', 'stop a']);
  });

  test('stops all of them though some fail', async () => {
    const seen: string[] = [];
    const ring = await startAll([part('a', seen, 'stop'), part('b', seen), part('c', seen, 'stop')]);
    await expect(ring[Symbol.asyncDispose]()).rejects.toThrow('Several parts failed to stop');
    expect(seen.slice(3)).toEqual(['stop c', 'stop b', 'stop a']);
  });
});

describe('Lazy', () => {
  test('opens once for many, and again after a failure', async () => {
    let opened = 0;
    const lazy = new Lazy(async () => {
      opened += 1;
      if (opened === 1) throw new Error('not yet');
      return opened;
    });
    expect(lazy.touched).toBe(false);
    await expect(Promise.all([lazy.get(), lazy.get()])).rejects.toThrow('not yet');
    expect(await Promise.all([lazy.get(), lazy.get()])).toEqual([2, 2]);
  });

  test('forgets a value only while it is the present one', async () => {
    let opened = 0;
    const lazy = new Lazy(async () => ++opened);
    const first = lazy.get();
    lazy.forget(first);
    expect(await lazy.get()).toBe(2);
    lazy.forget(first);
    expect(await lazy.get()).toBe(2);
  });
});

describe('Deadlines', () => {
  const never = new Promise<never>(() => undefined);

  test('reject what has not settled in time, and only that', async () => {
    const deadlines = new Deadlines();
    const late = deadlines.guard(never, 20, () => new Error('too late'));
    const fine = deadlines.guard(Promise.resolve('fine'), 20, () => new Error('too late'));
    const broken = deadlines.guard(Promise.reject(new Error('broken')), 20, () => new Error('too late'));
    await expect(broken).rejects.toThrow('broken');
    await expect(fine).resolves.toBe('fine');
    await expect(late).rejects.toThrow('too late');
  });

  test('keep the process alive only while somebody waits', async () => {
    const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    const before = timers();
    const deadlines = new Deadlines();
    const waiting = deadlines.guard(
      new Promise((resolve) => setImmediate(resolve)),
      60_000,
      () => new Error('too late'),
    );
    expect(timers()).toBe(before + 1);
    await waiting;
    expect(timers()).toBe(before);
  });
});

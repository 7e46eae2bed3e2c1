import { jest } from '@jest/globals';
import { FakeClock } from '@tq/testkit';
import { Batches } from '../src/batches.ts';
import { Cycle } from '../src/cycle.ts';
import { settlesWithin } from '../src/deadline.ts';
import { FetchLoop } from '../src/fetch-loop.ts';
import type { QueueStore, Taken } from '../src/store.ts';
import { Unacked } from '../src/unacked.ts';
import { turn } from './support/connected.ts';

describe('batches', () => {
  function recording(max = 100) {
    const sent: number[][] = [];
    const ends: (() => void)[] = [];
    const batches = new Batches<number>({
      max,
      send(items) {
        sent.push([...items]);
        return new Promise((resolve) => {
          ends.push(resolve);
        });
      },
    });
    return { sent, ends, batches };
  }

  test('what is added in one turn travels together and shares its promise', async () => {
    const { sent, ends, batches } = recording();
    const first = batches.add(1);
    await Promise.resolve();
    expect(batches.add(2)).toBe(first);
    expect(sent).toEqual([]);
    await turn();
    expect(sent).toEqual([[1, 2]]);
    ends[0]!();
    await first;
  });

  test('what is added while a batch is on its way makes the next one', async () => {
    const { sent, ends, batches } = recording();
    void batches.add(1);
    await turn();
    void batches.add(2);
    await turn();
    const last = batches.add(3);
    expect(sent).toEqual([[1]]);
    ends[0]!();
    await turn();
    expect(sent).toEqual([[1], [2, 3]]);
    ends[1]!();
    await last;
  });

  test('a batch has its limit', async () => {
    const { sent, ends, batches } = recording(2);
    const all = [1, 2, 3, 4, 5].map((item) => batches.add(item));
    for (let batch = 0; batch < 3; batch++) {
      await turn();
      ends[batch]!();
    }
    await Promise.all(all);
    expect(sent).toEqual([[1, 2], [3, 4], [5]]);
  });

  test('a flush waits for everything given so far, whatever becomes of it', async () => {
    const { ends, batches } = recording();
    void batches.add(1);
    await turn();
    void batches.add(2);
    const flushed = jest.fn();
    const flushing = batches.flush().then(flushed);
    ends[0]!();
    await turn();
    expect(flushed).not.toHaveBeenCalled();
    ends[1]!();
    await flushing;
    await batches.flush();
  });

  test('a failing batch rejects its own callers only', async () => {
    const batches = new Batches<string>({
      max: 1,
      send: async ([item]) => {
        if (item === 'bad') throw new Error('refused');
      },
    });
    const results = await Promise.allSettled(['good', 'bad', 'good'].map((item) => batches.add(item)));
    expect(results.map((result) => result.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });

  test('abandoned batches are rejected with the reason, or let go', async () => {
    const [rejected, released] = [recording().batches, recording().batches];
    const promises = [rejected.add(1), released.add(1)];
    rejected.abandon(new Error('gone'));
    released.abandon(undefined);
    await expect(promises[0]).rejects.toThrow('gone');
    await expect(promises[1]).resolves.toBeUndefined();
  });
});

describe('the window', () => {
  const origin = { settle: jest.fn() };

  test('is full at its limit and has room again after each settlement', () => {
    const onRoom = jest.fn();
    const window = new Unacked(onRoom);
    window.limit = 2;
    window.add('a', origin);
    expect(window.free).toBe(1);
    window.add('b', origin);
    expect(window.free).toBe(0);
    window.settle('a', 'done');
    expect(window.free).toBe(1);
    expect(onRoom).toHaveBeenCalledTimes(1);
    expect(origin.settle).toHaveBeenCalledWith('a', 'done');
  });

  test('tells of room only when there was none', () => {
    const onRoom = jest.fn();
    const window = new Unacked(onRoom);
    window.limit = 3;
    window.add('a', origin);
    window.settle('a', 'done');
    window.limit = 5;
    expect(onRoom).not.toHaveBeenCalled();
  });

  test('a limit below what is held leaves no room until enough is settled', () => {
    const window = new Unacked(() => undefined);
    for (const tag of ['a', 'b', 'c']) window.add(tag, origin);
    expect(window.free).toBe(Infinity);
    window.limit = 2;
    expect(window.free).toBe(0);
    window.settle('a', 'done');
    expect(window.free).toBe(0);
    window.settle('b', 'done');
    expect(window.free).toBe(1);
  });

  test('ignores tags it doesn’t hold, and everything once it was drained', () => {
    const mine = { settle: jest.fn() };
    const window = new Unacked(() => undefined);
    window.add('a', mine);
    window.settle('b', 'done');
    expect([...window.drain().keys()]).toEqual(['a']);
    window.settle('a', 'done');
    expect(mine.settle).not.toHaveBeenCalled();
  });
});

describe('the turn', () => {
  test('goes on: queues that gave go to the end, those that gave most last', () => {
    const cycle = new Cycle();
    for (const name of ['a', 'b', 'c', 'd', 'a']) cycle.add(name);
    expect(cycle.names).toEqual(['a', 'b', 'c', 'd']);
    cycle.served(new Map([['b', 1]]));
    expect(cycle.names).toEqual(['a', 'c', 'd', 'b']);
    cycle.served(
      new Map([
        ['a', 9],
        ['d', 1],
      ]),
    );
    expect(cycle.names).toEqual(['c', 'b', 'd', 'a']);
    cycle.remove('b');
    expect(cycle.names).toEqual(['c', 'd', 'a']);
  });
});

describe('the fetch loop', () => {
  const tookOne = [{ tag: '1' } as Taken];

  test('the next take is under way, and knows what has arrived, before that is delivered', async () => {
    const events: string[] = [];
    let takes = 0;
    const loop = new FetchLoop({
      store: {
        take: () => {
          events.push('take');
          takes += 1;
          return takes === 1 ? Promise.resolve(tookOne) : new Promise(() => undefined);
        },
      } as unknown as QueueStore,
      plan: (arrived) => {
        events.push(`plan with ${arrived}`);
        return takes < 2 ? { queues: ['q'], max: 1, little: false } : undefined;
      },
      deliver: () => events.push('deliver'),
      fail: (error) => {
        throw error;
      },
    });
    loop.wake();
    await turn();
    await turn();
    expect(events).toEqual(['plan with 0', 'take', 'plan with 1', 'take', 'deliver']);
  });

  test('what a take brought that was interrupted is delivered before anyone goes on', async () => {
    const delivered: Taken[] = [];
    let answer: (taken: readonly Taken[]) => void = () => undefined;
    const loop = new FetchLoop({
      store: {
        take: () => new Promise<readonly Taken[]>((resolve) => (answer = resolve)),
      } as unknown as QueueStore,
      plan: () => ({ queues: ['q'], max: 1, little: false }),
      deliver: (taken) => delivered.push(...taken),
      fail: (error) => {
        throw error;
      },
    });
    loop.wake();
    await turn();
    const stopped = loop.stop();
    answer(tookOne);
    await stopped;
    expect(delivered).toEqual(tookOne);
  });
});

describe('a deadline', () => {
  test('tells whether the work was done in time', async () => {
    const clock = new FakeClock();
    expect(await settlesWithin(Promise.resolve(1), 1000, clock)).toBe(true);
    const late = settlesWithin(new Promise(() => undefined), 1000, clock);
    await clock.advance(1000);
    expect(await late).toBe(false);
    expect(clock.waiting).toBe(0);
  });

  test('passes a failure on', async () => {
    const failing = settlesWithin(Promise.reject(new Error('no')), 1000, new FakeClock());
    await expect(failing).rejects.toThrow('no');
  });
});

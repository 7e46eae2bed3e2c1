import { jest } from '@jest/globals';
import { createApp, MaxRetriesExceededError, Retry, silentLogger } from '@tq/core';
import type { App, RetryOptions, TaskOptions } from '@tq/core';
import { backoffMs } from '@tq/core/internal';
import { FakeClock } from '@tq/testkit';
import { execute } from './support/execute.ts';
import type { ExecuteOptions } from './support/execute.ts';

type Options = Omit<TaskOptions, 'bind'>;

class Flaky extends Error {
  override readonly name = 'Flaky';
}
class VeryFlaky extends Flaky {}

let app: App;
const clock = new FakeClock(Date.UTC(2026, 0, 1));
beforeEach(() => {
  app = createApp('t', { logger: silentLogger, clock });
});
afterEach(() => jest.restoreAllMocks());

describe('self.retry()', () => {
  const retrying = (
    retry: RetryOptions,
    own: Options = {},
    call: ExecuteOptions = {},
  ): ReturnType<typeof execute> => {
    app.task('t', { override: true, ...own, bind: true }, (self): unknown => {
      throw self.retry(retry);
    });
    return execute(app, 't', [1], { kwargs: { a: 1 }, ...call });
  };

  test('asks for another attempt with a cause', async () => {
    expect(await retrying({ cause: new Flaky('again'), countdown: '10s' })).toMatchObject({
      kind: 'retry',
      error: { excType: 'Flaky', excMessage: ['again'] },
      countdownMs: 10_000,
    });
  });

  test('needs no cause, and waits as long as the task says', async () => {
    expect(await retrying({})).toEqual({ kind: 'retry', error: null, countdownMs: 180_000 });
    expect(await retrying({}, { defaultRetryDelay: '2m' })).toMatchObject({ countdownMs: 120_000 });
  });

  test('may name the moment; one that has passed is now', async () => {
    expect(await retrying({ eta: new Date(clock.now() + 5000) })).toMatchObject({ countdownMs: 5000 });
    expect(await retrying({ eta: new Date(0) })).toMatchObject({ countdownMs: 0 });
    expect(await retrying({ countdown: -5 })).toMatchObject({ countdownMs: 0 });
  });

  test('can be returned as well', async () => {
    app.task('t', { bind: true }, async (self) => self.retry({ countdown: 1 }));
    expect(await execute(app, 't')).toMatchObject({ kind: 'retry', countdownMs: 1000 });
  });

  test('ends with the cause once there are no retries left, thrown or returned', async () => {
    expect(await retrying({ cause: new Flaky('last') }, {}, { retries: 3 })).toMatchObject({
      kind: 'failed',
      error: { excType: 'Flaky', excMessage: ['last'] },
    });
    app.task('returns', { bind: true }, (self) => self.retry({ cause: new Flaky('last') }));
    expect(await execute(app, 'returns', [], { retries: 3 })).toMatchObject({
      kind: 'failed',
      error: { excType: 'Flaky' },
    });
  });

  test("ends with MaxRetriesExceededError when there's no cause", async () => {
    expect(await retrying({}, { maxRetries: 1 }, { retries: 1, taskId: 'i' })).toMatchObject({
      kind: 'failed',
      error: {
        excType: 'MaxRetriesExceededError',
        excModule: 'celery.exceptions',
        excMessage: ["Can't retry t[i] args:(1,) kwargs:{'a': 1}"],
      },
    });
  });

  test('counts against the limit of the task, of the call of retry(), or none', async () => {
    expect(await retrying({}, { maxRetries: 5 }, { retries: 4 })).toMatchObject({ kind: 'retry' });
    expect(await retrying({ maxRetries: 9 }, {}, { retries: 8 })).toMatchObject({ kind: 'retry' });
    expect(await retrying({ maxRetries: 0 })).toMatchObject({ kind: 'failed' });
    expect(await retrying({}, { maxRetries: null }, { retries: 1000 })).toMatchObject({ kind: 'retry' });
    expect(await retrying({ maxRetries: null }, {}, { retries: 1000 })).toMatchObject({ kind: 'retry' });
  });

  test('may change the next attempt', async () => {
    const link = { task: 'next' };
    const outcome = await retrying(
      { args: [2, new Date(0)], queue: 'slow', priority: 1, expires: 60 },
      {},
      { link },
    );
    expect(outcome).toMatchObject({
      changes: { queue: 'slow', priority: 1, expires: '2026-01-01T00:01:00+00:00' },
    });
    const body = outcome.kind === 'retry' ? outcome.changes?.body : undefined;
    expect(JSON.parse(body ?? '')).toEqual([
      [2, { __type__: 'datetime', __value__: '1970-01-01T00:00:00+00:00' }],
      { a: 1 },
      { callbacks: [link], errbacks: null, chain: null, chord: null },
    ]);
    const kwargs = await retrying({ kwargs: { b: 2 } });
    expect(JSON.parse((kwargs.kind === 'retry' && kwargs.changes?.body) || '')).toMatchObject([
      [1],
      { b: 2 },
      {},
    ]);
  });

  test('fails where the changed arguments can not travel, by their path', async () => {
    expect(await retrying({ args: [() => 1] })).toMatchObject({
      kind: 'failed',
      error: { excType: 'EncodeError', excMessage: [expect.stringMatching(/^args\[0\]/)] },
    });
  });

  test('in a task that was called as a function is the cause', () => {
    const task = app.task('direct', { bind: true }, (self, how: string): never => {
      throw self.retry(how === 'cause' ? { cause: new Flaky('really') } : {});
    });
    expect(() => task('cause')).toThrow('really');
    expect(() => task('none')).toThrow(Retry);
  });

  test('returned from a task that was called as a function is thrown', async () => {
    const sync = app.task('sync', { bind: true }, (self) => self.retry({ cause: new Flaky('sync') }));
    const later = app.task('later', { bind: true }, async (self) =>
      self.retry({ cause: new Flaky('later') }),
    );
    expect(() => sync()).toThrow('sync');
    await expect(later()).rejects.toThrow('later');
  });
});

describe('a Retry thrown by hand', () => {
  test('asks for another attempt, within the limit of the task', async () => {
    app.task('t', { maxRetries: 2 }, () => {
      throw new Retry({ countdown: '3s', cause: new Flaky('x') });
    });
    expect(await execute(app, 't')).toMatchObject({
      kind: 'retry',
      countdownMs: 3000,
      error: { excType: 'Flaky' },
    });
    expect(await execute(app, 't', [], { retries: 2 })).toMatchObject({
      kind: 'failed',
      error: { excType: 'Flaky' },
    });
  });

  test('without a wait takes that of the task', async () => {
    app.task('t', { defaultRetryDelay: 7 }, () => {
      throw new Retry();
    });
    expect(await execute(app, 't')).toMatchObject({ countdownMs: 7000 });
    expect(await execute(app, 't', [], { retries: 3 })).toMatchObject({
      error: { excType: MaxRetriesExceededError.name },
    });
  });
});

describe('autoretryFor', () => {
  const throwing = (error: unknown, own: Options, call: ExecuteOptions = {}): ReturnType<typeof execute> => {
    app.task('t', { override: true, ...own }, () => {
      throw error;
    });
    return execute(app, 't', [], call);
  };

  test('retries its classes and what extends them, and nothing else', async () => {
    const own = { autoretryFor: [Flaky] };
    expect(await throwing(new VeryFlaky('x'), own)).toMatchObject({
      kind: 'retry',
      countdownMs: 180_000,
      error: { excType: 'Flaky' },
    });
    expect(await throwing(new Error('x'), own)).toMatchObject({ kind: 'failed' });
  });

  test('leaves out dontAutoretryFor', async () => {
    const own = { autoretryFor: [Flaky], dontAutoretryFor: [VeryFlaky] };
    expect(await throwing(new VeryFlaky('x'), own)).toMatchObject({ kind: 'failed' });
    expect(await throwing(new Flaky('x'), own)).toMatchObject({ kind: 'retry' });
  });

  test('may ask a function; what that throws fails the task', async () => {
    const autoretryFor = (error: unknown): boolean => (error as Error).message === 'again';
    expect(await throwing(new Error('again'), { autoretryFor })).toMatchObject({ kind: 'retry' });
    expect(await throwing(new Error('no'), { autoretryFor })).toMatchObject({
      kind: 'failed',
      error: { excMessage: ['no'] },
    });
    expect(await throwing(null, { autoretryFor })).toMatchObject({
      kind: 'failed',
      error: { excType: 'TypeError' },
    });
  });

  test('ends with the error itself', async () => {
    expect(
      await throwing(new Flaky('x'), { autoretryFor: [Flaky], maxRetries: 2 }, { retries: 2 }),
    ).toMatchObject({
      kind: 'failed',
      error: { excType: 'Flaky', excMessage: ['x'] },
    });
  });

  test('does not touch a retry that the task itself asked for, nor its end', async () => {
    app.task('own', { bind: true, autoretryFor: [Error] }, (self): unknown => {
      throw self.retry({ cause: new Flaky('x'), countdown: 1, maxRetries: 1 });
    });
    expect(await execute(app, 'own')).toMatchObject({ kind: 'retry', countdownMs: 1000 });
    expect(await execute(app, 'own', [], { retries: 1 })).toMatchObject({ kind: 'failed' });
  });

  test('does not repeat a call whose arguments are wrong', async () => {
    app.task('add', { autoretryFor: [Error] }, (x: number, y: number) => x + y);
    expect(await execute(app, 'add', [1])).toMatchObject({ kind: 'failed', error: { excType: 'TypeError' } });
  });

  test('is bound to the interceptors as well', async () => {
    app.use({ execute: () => Promise.reject(new Flaky('outer')) });
    app.task('t', { autoretryFor: [Flaky] }, () => 1);
    expect(await execute(app, 't')).toMatchObject({ kind: 'retry' });
  });

  test('a class that is missing is noticed where the task is written', () => {
    expect(() => app.task('t', { autoretryFor: [undefined as never] }, () => 1)).toThrow(
      'autoretryFor of the task t holds something that is no class',
    );
  });
});

describe('back-off', () => {
  const waits = async (own: Options, retries: readonly number[]): Promise<unknown[]> => {
    app.task('t', { autoretryFor: [Flaky], maxRetries: null, ...own }, () => {
      throw new Flaky('x');
    });
    const outcomes = await Promise.all(retries.map((count) => execute(app, 't', [], { retries: count })));
    return outcomes.map((outcome) => (outcome.kind === 'retry' ? outcome.countdownMs : outcome.kind));
  };

  test('doubles from one second, up to ten minutes', async () => {
    expect(await waits({ retryBackoff: true, retryJitter: false }, [0, 1, 2, 3, 9, 10, 2000])).toEqual([
      1000, 2000, 4000, 8000, 512_000, 600_000, 600_000,
    ]);
  });

  test('may begin higher and end lower', async () => {
    expect(await waits({ retryBackoff: 5, retryBackoffMax: '12s', retryJitter: false }, [0, 1, 2])).toEqual([
      5000, 10_000, 12_000,
    ]);
    expect(await waits({ override: true, retryBackoff: 0.1, retryJitter: false }, [0])).toEqual([1000]);
  });

  test('of 0 is none', async () => {
    expect(await waits({ retryBackoff: 0 }, [5])).toEqual([180_000]);
  });

  test('with jitter waits a random part', async () => {
    jest.spyOn(Math, 'random').mockReturnValue(0.25);
    expect(await waits({ retryBackoff: true }, [0, 3])).toEqual([250, 2000]);
  });

  test('never goes over its limit, whatever the chance', () => {
    const options = { firstMs: 100, maxMs: 1000, jitter: true };
    expect([0, 0.5, 0.999].map((chance) => backoffMs(20, { ...options, random: () => chance }))).toEqual([
      0, 500, 999,
    ]);
  });
});

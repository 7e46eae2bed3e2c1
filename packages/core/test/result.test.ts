import {
  BackendUnavailableError,
  ClosedError,
  createApp,
  JoinInsideTask,
  RemoteError,
  ResultsDisabled,
  silentLogger,
  TaskRevokedError,
  TimeoutError,
} from '@tq/core';
import type { App, AsyncResult, Encoded, ResultBackend, TaskMeta } from '@tq/core';
import { encodeJson, errorToWire, wireErrorToResult } from '@tq/core/internal';
import { uniqueName } from '@tq/testkit';
import { execute } from './support/execute.ts';
import { FakeBackend } from './support/fake-backend.ts';

let app: App;
let backend: ResultBackend;
beforeEach(async () => {
  const url = `memory://${uniqueName('result')}`;
  app = createApp('t', { broker: url, backend: url, logger: silentLogger });
  backend = await app.resultBackend();
});
afterEach(() => app.close());

const meta = (
  taskId: string,
  status: string,
  result: Encoded,
  more: Partial<TaskMeta> = {},
): TaskMeta<Encoded> => ({
  taskId,
  status,
  traceback: null,
  children: null,
  dateDone: null,
  ...more,
  result,
});
const store = (stored: TaskMeta<Encoded>): Promise<void> =>
  backend.store(stored, { replyTo: undefined, correlationId: undefined });
const succeed = (id: string, result: unknown, more: Partial<TaskMeta> = {}): Promise<void> =>
  store(meta(id, 'SUCCESS', encodeJson(result), more));
function fail(id: string, error: unknown, status = 'FAILURE'): Promise<void> {
  const wire = errorToWire(error);
  return store(meta(id, status, wireErrorToResult(wire), { traceback: wire.traceback }));
}

describe('an id that nobody has heard of', () => {
  test('is PENDING, with nothing to tell', async () => {
    const res = app.asyncResult('this-id-does-not-exist');
    expect(await res.state()).toBe('PENDING');
    expect([await res.ready(), await res.successful(), await res.failed()]).toEqual([false, false, false]);
    expect([await res.result(), await res.traceback(), await res.children()]).toEqual([null, null, []]);
  });
});

describe('a result that is there', () => {
  test('is given, also as what describes it', async () => {
    await succeed(
      'ok',
      { at: new Date(0) },
      { children: [[['c1', null], null]], dateDone: '2026-01-01T00:00:00+00:00' },
    );
    const res = app.asyncResult<{ readonly at: Date }>('ok');
    expect(await res.get({ timeout: 1 })).toEqual({ at: new Date(0) });
    expect([await res.ready(), await res.successful(), await res.failed(), await res.state()]).toEqual([
      true,
      true,
      false,
      'SUCCESS',
    ]);
    expect([await res.result(), await res.info()]).toEqual([{ at: new Date(0) }, { at: new Date(0) }]);
    expect(await res.meta()).toMatchObject({ dateDone: '2026-01-01T00:00:00+00:00' });
    const [child] = await res.children();
    expect([child?.id, child?.parent?.id]).toEqual(['c1', 'ok']);
  });

  test('is asked for once', async () => {
    await succeed('ok', 4);
    const res = app.asyncResult('ok');
    await res.get();
    await backend.forget('ok');
    expect([await res.get(), await res.state()]).toEqual([4, 'SUCCESS']);
  });

  test('can be forgotten', async () => {
    await succeed('ok', 4);
    const res = app.asyncResult('ok');
    await res.get();
    await res.forget();
    expect(await res.state()).toBe('PENDING');
    expect(await backend.load('ok')).toBeUndefined();
  });
});

describe('a failure', () => {
  test('is thrown, with the stack of the other process', async () => {
    await fail('bad', new TypeError("add() missing 1 required positional argument: 'y'"));
    const res = app.asyncResult('bad');
    await expect(res.get({ timeout: 1 })).rejects.toThrow(TypeError);
    await expect(res.get()).rejects.toThrow("add() missing 1 required positional argument: 'y'");
    expect([await res.failed(), await res.successful(), await res.ready()]).toEqual([true, false, true]);
    expect(await res.traceback()).toContain('result.test.ts');
    expect(await res.result()).toBeInstanceOf(TypeError);
  });

  test('is returned without propagation', async () => {
    await fail('bad', new Error('boom'));
    const error = await app.asyncResult<number>('bad').get({ propagate: false });
    expect(error).toBeInstanceOf(Error);
    expect((error as Error).message).toBe('boom');
  });

  test('of a class that is not known here is a RemoteError by its name', async () => {
    class OutOfStock extends Error {}
    await fail('bad', new OutOfStock('no screws'));
    const error = await app.asyncResult('bad').get({ propagate: false });
    expect(error).toBeInstanceOf(RemoteError);
    expect(error).toMatchObject({ name: 'OutOfStock', message: 'no screws' });
  });

  test('of a class that the app has registered is one of that class', async () => {
    class OutOfStock extends Error {
      override readonly name = 'OutOfStock';
    }
    app.errors.register(OutOfStock);
    await fail('bad', new OutOfStock('no screws'));
    const res = app.asyncResult('bad');
    await expect(res.get()).rejects.toBeInstanceOf(OutOfStock);
    expect(await res.result()).toBeInstanceOf(OutOfStock);
  });

  test('by a revoke is thrown too', async () => {
    await fail('gone', new TaskRevokedError('terminated'), 'REVOKED');
    const res = app.asyncResult('gone');
    await expect(res.get()).rejects.toThrow(TaskRevokedError);
    expect([await res.state(), await res.failed(), await res.ready()]).toEqual(['REVOKED', false, true]);
  });
});

describe('waiting', () => {
  test('goes through every state on the way to the end', async () => {
    const seen: string[] = [];
    const waiting = app
      .asyncResult('slow')
      .get({ timeout: 5, interval: 0.5, onMessage: ({ status }) => void seen.push(status) });
    await store(meta('slow', 'STARTED', encodeJson({ pid: 1 })));
    await store(meta('slow', 'PROGRESS', encodeJson({ done: 50 })));
    await fail('slow', new Error('again'), 'RETRY');
    await succeed('slow', 'done');
    expect(await waiting).toBe('done');
    expect(seen).toEqual(['STARTED', 'PROGRESS', 'RETRY', 'SUCCESS']);
  });

  test('shows states of a task as they are', async () => {
    await store(meta('slow', 'PROGRESS', encodeJson({ done: 50 })));
    const res = app.asyncResult('slow');
    expect([await res.state(), await res.info(), await res.ready()]).toEqual([
      'PROGRESS',
      { done: 50 },
      false,
    ]);
    await fail('slow', new Error('again'), 'RETRY');
    expect([await res.state(), ((await res.result()) as Error).message]).toEqual(['RETRY', 'again']);
  });

  test('ends with a TimeoutError that says what to look at', async () => {
    const waiting = app.asyncResult('never').get({ timeout: '20ms' });
    await expect(waiting).rejects.toThrow(TimeoutError);
    await expect(waiting).rejects.toThrow(
      'No result of never within 0.02 s. Does a worker run that consumes its queue?',
    );
  });

  test('takes time-outs that are longer than a timer can be', async () => {
    const waiting = app.asyncResult('later').get({ timeout: '100d' });
    await succeed('later', 1);
    expect(await waiting).toBe(1);
  });

  test('can be given up with a signal and its reason', async () => {
    const stop = new AbortController();
    const waiting = app.asyncResult('never').get({ signal: stop.signal });
    stop.abort(new Error('changed my mind'));
    await expect(waiting).rejects.toThrow('changed my mind');
    await expect(
      app.asyncResult('never').get({ signal: AbortSignal.abort(new Error('at once')) }),
    ).rejects.toThrow('at once');
  });

  test('ends when the app is closed', async () => {
    const waiting = app.asyncResult('never').get();
    await new Promise((resolve) => setImmediate(resolve));
    await app.close();
    await expect(waiting).rejects.toThrow(ClosedError);
    await expect(app.asyncResult('x').get()).rejects.toThrow(ClosedError);
  });

  test('refuses a pause that is no time', async () => {
    await expect(app.asyncResult('x').get({ interval: 'often' })).rejects.toThrow('interval must be seconds');
  });

  test('updates() gives every state and ends after the last', async () => {
    const seen: string[] = [];
    const following = (async () => {
      for await (const { status } of app.asyncResult('slow').updates()) seen.push(status);
    })();
    await store(meta('slow', 'STARTED', encodeJson(null)));
    await succeed('slow', 1);
    await following;
    expect(seen).toEqual(['STARTED', 'SUCCESS']);
  });
});

describe('a backend of another kind', () => {
  const fake = new FakeBackend();
  const res = (): AsyncResult => createApp('t', { backend: { driver: fake.driver } }).asyncResult('i');
  beforeEach(() => {
    fake.metas = [];
    fake.endsWith = undefined;
  });

  test('may end a watch with an error when the time is up', async () => {
    fake.endsWith = new Error('aborted');
    await expect(res().get({ timeout: '10ms' })).rejects.toThrow(TimeoutError);
  });

  test('that ends a watch without a result was closed', async () => {
    fake.metas = [
      { taskId: 'i', status: 'STARTED', result: null, traceback: null, children: null, dateDone: null },
    ];
    fake.watch = async function* () {
      yield* fake.metas;
    };
    await expect(res().get()).rejects.toThrow(ClosedError);
  });

  test('that can not be reached does not outlast the time-out', async () => {
    const driver = { connect: () => new Promise<never>(() => undefined) };
    const unreachable = createApp('t', { backend: { driver } }).asyncResult('i');
    await expect(unreachable.get({ timeout: '10ms' })).rejects.toThrow(TimeoutError);
  });

  test('that refuses is named without its password', async () => {
    const driver = { connect: () => Promise.reject(new Error('refused redis://:s3cret@host')) };
    const refused = createApp('t', { backend: { driver } }).asyncResult('i');
    await expect(refused.get()).rejects.toThrow(BackendUnavailableError);
    await expect(refused.state()).rejects.toThrow("Can't reach the result backend: refused redis://:**@host");
  });
});

test('without a backend, asking for a result says what to do', async () => {
  const off = createApp('t', { broker: 'memory://', backend: null });
  await expect(off.asyncResult('i').state()).rejects.toThrow(ResultsDisabled);
  await expect(off.asyncResult('i').get()).rejects.toThrow('Give createApp() a backend');
});

test('inside of a task nobody waits for another, unless the result is there or they insist', async () => {
  await succeed('ok', 4);
  app.task('join', async (how: string) => {
    const res = app.asyncResult('ok');
    if (how === 'insist') return res.get({ disableSyncSubtasks: false });
    if (how === 'known') await res.state();
    return res.get();
  });
  expect(await execute(app, 'join', ['plain'])).toMatchObject({
    kind: 'failed',
    error: { excMessage: [new JoinInsideTask().message] },
  });
  expect(await execute(app, 'join', ['insist'])).toMatchObject({ result: '4' });
  expect(await execute(app, 'join', ['known'])).toMatchObject({ result: '4' });
});

test('a task that is called as a function may wait, outside of tasks', async () => {
  await succeed('ok', 4);
  const join = app.task('join', { bind: true }, () => app.asyncResult('ok').get());
  expect(await join()).toBe(4);
  app.task('outer', () => join());
  expect(await execute(app, 'outer')).toMatchObject({ kind: 'failed', error: { excType: 'JoinInsideTask' } });
});

test('a handle can be kept as a tuple and made again', () => {
  const res = app.resultFromTuple([['child', [['parent', null], null]], null]);
  expect([res.id, res.parent?.id]).toEqual(['child', 'parent']);
  expect(JSON.parse(JSON.stringify(res))).toEqual([['child', [['parent', null], null]], null]);
  expect(String(res)).toBe('child');
});

describe('results that a client has seen', () => {
  /** What handles made anew say once the results are gone from the backend. */
  const after = async (resultCacheMax: number | null): Promise<readonly string[]> => {
    app.conf.update({ resultCacheMax });
    const ids = ['one', 'two', 'three'];
    for (const id of ids) {
      await succeed(id, id);
      await app.asyncResult(id).get({ timeout: 1 });
    }
    await app.asyncResult('one').meta(); // used last
    await succeed('four', 'four');
    await app.asyncResult('four').meta();
    for (const id of [...ids, 'four']) await backend.forget(id);
    return Promise.all([...ids, 'four'].map((id) => app.asyncResult(id).state()));
  };

  test('are kept by their handles alone, unless resultCacheMax says more', async () => {
    expect(await after(-1)).toEqual(['PENDING', 'PENDING', 'PENDING', 'PENDING']);
  });

  test('are kept up to resultCacheMax, those used last', async () => {
    expect(await after(3)).toEqual(['SUCCESS', 'PENDING', 'SUCCESS', 'SUCCESS']);
  });

  test.each([0, null])('are all kept with %p', async (max) => {
    expect(await after(max)).toEqual(['SUCCESS', 'SUCCESS', 'SUCCESS', 'SUCCESS']);
  });

  test('are forgotten with forget()', async () => {
    app.conf.update({ resultCacheMax: 10 });
    await succeed('gone', 1);
    expect(await app.asyncResult('gone').get({ timeout: 1 })).toBe(1);
    await app.asyncResult('gone').forget();
    expect(await app.asyncResult('gone').state()).toBe('PENDING');
  });

  test('are not those that still change', async () => {
    app.conf.update({ resultCacheMax: 10 });
    await store(meta('going', 'STARTED', encodeJson(null)));
    expect(await app.asyncResult('going').state()).toBe('STARTED');
    await succeed('going', 1);
    expect(await app.asyncResult('going').state()).toBe('SUCCESS');
  });
});

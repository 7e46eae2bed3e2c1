import { createApp, current, Decimal, NotRegistered, silentLogger } from '@tq/core';
import type { App, RunningRequest, Settings } from '@tq/core';
import { FakeBackend } from './support/fake-backend.ts';
import { FakeBroker } from './support/fake-broker.ts';

let broker: FakeBroker;
let backend: FakeBackend;
beforeEach(() => {
  broker = new FakeBroker();
  backend = new FakeBackend();
});

function eager(conf: Partial<Settings> = {}): App {
  return createApp('t', {
    broker: { transport: broker.transport },
    backend: { driver: backend.driver },
    logger: silentLogger,
    conf: { taskAlwaysEager: true, ...conf },
  });
}

test('calls run here and now, and nothing is sent', async () => {
  const app = eager();
  const add = app.task('t.add', (x: number, y: number) => x + y);
  const res = await add.delay(2, 2);
  expect([await res.get(), await res.state(), await res.ready()]).toEqual([4, 'SUCCESS', true]);
  expect(await add.s(2).delay(8).get()).toBe(10);
  expect(await app.sendTask('t.add', [1, 1]).get()).toBe(2);
  expect([broker.tried, backend.expected, backend.stored]).toEqual([[], [], []]);
});

test('arguments and results make the way through the serializer', async () => {
  const app = eager();
  const echo = app.task(
    't.echo',
    (value: { readonly at: Date; readonly price: Decimal; readonly none?: undefined }) => value,
  );
  const given = { at: new Date(0), price: Decimal.from('1.50'), none: undefined };
  const back = await echo.delay(given).get();
  expect(back).toEqual({ at: new Date(0), price: Decimal.from('1.50') });
  expect(back).not.toBe(given);
  await expect(echo.delay({ at: (() => 1) as never, price: given.price })).rejects.toThrow('args[0].at');
});

test('compression and other serializers are part of the way', async () => {
  const app = eager({ taskCompression: 'gzip' });
  const echo = app.task('t.echo', { bind: true, maxRetries: 1 }, (self, text: string): string => {
    if (self.request.retries === 0) throw self.retry({ args: [`${text}!`] });
    return text;
  });
  expect(await echo.delay('x'.repeat(2000)).get()).toBe(`${'x'.repeat(2000)}!`);
});

test('a failure is in the result, and is thrown where that is asked for', async () => {
  const run = (): never => {
    throw new TypeError('boom');
  };
  const quiet = eager();
  const res = await quiet.task('t.bad', run).delay();
  expect(await res.state()).toBe('FAILURE');
  await expect(res.get()).rejects.toThrow('boom');
  expect(await res.traceback()).toContain('eager.test.ts');
  const loud = eager({ taskEagerPropagates: true });
  await expect(loud.task('t.bad', run).delay()).rejects.toThrow(TypeError);
});

test('errors of registered classes come back as themselves', async () => {
  class OutOfStock extends Error {}
  const app = eager({ taskEagerPropagates: true });
  app.errors.register(OutOfStock);
  const sell = app.task('t.sell', () => {
    throw new OutOfStock('no screws');
  });
  await expect(sell.delay()).rejects.toBeInstanceOf(OutOfStock);
});

test('a task that nobody has registered fails as it would in a worker', async () => {
  await expect(eager().sendTask('t.absent').get()).rejects.toThrow(NotRegistered);
});

test('retries run at once, with other arguments where they are wished', async () => {
  const app = eager();
  const seen: unknown[] = [];
  const count = app.task('t.count', { bind: true, maxRetries: 3 }, (self, n: number): number => {
    seen.push([self.request.retries, n]);
    if (self.request.retries < 3) throw self.retry({ countdown: 3600, args: [n + 1] });
    return n;
  });
  expect(await count.delay(1).get()).toBe(4);
  expect(seen).toEqual([
    [0, 1],
    [1, 2],
    [2, 3],
    [3, 4],
  ]);
});

test('a task that retries without end leaves room for others', async () => {
  const app = eager();
  let stop = false;
  setTimeout(() => {
    stop = true;
  }, 5);
  const stubborn = app.task('t.stubborn', { bind: true, maxRetries: null }, (self): string => {
    if (!stop) throw self.retry({ countdown: 1 });
    return 'let go';
  });
  expect(await stubborn.delay().get()).toBe('let go');
});

test('the request says that it is eager, and of whom it is', async () => {
  const app = eager();
  const seen: RunningRequest[] = [];
  const inner = app.task('t.inner', { bind: true }, (self) => void seen.push(self.request));
  const outer = app.task('t.outer', { bind: true }, async (self) => {
    seen.push(self.request);
    await inner.delay();
  });
  const res = await outer.delay();
  const [first, second] = seen;
  expect(first).toMatchObject({
    id: res.id,
    isEager: true,
    calledDirectly: false,
    rootId: res.id,
    parentId: null,
  });
  expect(second).toMatchObject({ isEager: true, rootId: res.id, parentId: res.id });
  expect(current()).toBeUndefined();
});

test('an ignored or rejected task has no result', async () => {
  const app = eager({ taskStoreEagerResult: true });
  const ignored = await app.task('t.ignored', { bind: true }, (self) => self.ignore()).delay();
  expect([await ignored.state(), await ignored.get()]).toEqual(['IGNORED', null]);
  const rejected = await app.task('t.rejected', { bind: true }, (self) => self.reject()).delay();
  expect([await rejected.state(), await rejected.get()]).toEqual(['REJECTED', null]);
  expect(backend.stored).toEqual([]);
});

describe('taskStoreEagerResult', () => {
  test('keeps results and failures as a worker would', async () => {
    const app = eager({ taskStoreEagerResult: true });
    const ok = await app.task('t.ok', () => ({ at: new Date(0) })).delay();
    const bad = await app
      .task('t.bad', () => {
        throw new Error('boom');
      })
      .delay();
    expect(backend.stored).toMatchObject([
      {
        taskId: ok.id,
        status: 'SUCCESS',
        result: '{"at":{"__type__":"datetime","__value__":"1970-01-01T00:00:00+00:00"}}',
      },
      { taskId: bad.id, status: 'FAILURE', traceback: expect.stringContaining('boom') },
    ]);
    expect(JSON.parse(backend.stored[1]?.result ?? '')).toMatchObject({
      exc_type: 'Error',
      exc_message: ['boom'],
    });
  });

  test('keeps nothing that is ignored, but errors where they are wanted', async () => {
    const app = eager({ taskStoreEagerResult: true, taskIgnoreResult: true });
    const bad = app.task('t.bad', () => {
      throw new Error('boom');
    });
    await app.task('t.ok', () => 1).delay();
    await bad.delay();
    expect(backend.stored).toEqual([]);
    app.conf.taskStoreErrorsEvenIfIgnored = true;
    await bad.delay();
    expect(backend.stored).toMatchObject([{ status: 'FAILURE' }]);
  });
});

describe('apply() runs one call eagerly, in any app', () => {
  test('with its options', async () => {
    const app = createApp('t', { broker: { transport: broker.transport }, logger: silentLogger });
    const seen: string[] = [];
    const add = app.task('t.add', { bind: true }, (self, x: number, y: number) => {
      seen.push(self.request.id);
      return x + y;
    });
    const res = await add.apply([2, 2], { taskId: 'mine' });
    expect([res.id, await res.get(), seen, broker.tried]).toEqual(['mine', 4, ['mine'], []]);
  });

  test('a failure stays in the result', async () => {
    const res = await createApp('t')
      .task('t.bad', () => {
        throw new Error('boom');
      })
      .apply();
    expect(await res.failed()).toBe(true);
  });
});

test('links run too, with the result in front', async () => {
  const app = eager();
  const seen: unknown[] = [];
  const note = app.task('t.note', (first: unknown, second: string) => void seen.push([first, second]));
  const tell = app.task('t.tell', (request: { id: string }, error: Error, traceback: string) => {
    seen.push([request.id, error, typeof traceback]);
  });
  const add = app.task('t.add', (x: number, y: number) => x + y);
  const bad = app.task('t.bad', () => {
    throw new Error('boom');
  });
  await add.applyAsync([1, 2], { link: [note.s('first'), note.s('second')] });
  const failed = await bad.applyAsync([], { linkError: [note.s('failed'), tell.signature()] });
  expect(seen).toEqual([
    [3, 'first'],
    [3, 'second'],
    // Who takes more than an id is told all; those come first.
    [failed.id, expect.objectContaining({ message: 'boom' }), 'string'],
    [failed.id, 'failed'],
  ]);
});

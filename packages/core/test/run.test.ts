import { setTimeout as delay } from 'node:timers/promises';
import { jest } from '@jest/globals';
import {
  createApp,
  current,
  Decimal,
  Ignore,
  Reject,
  silentLogger,
  SoftTimeLimitExceeded,
  TaskRevokedError,
  WorkerShutdown,
} from '@tq/core';
import type { App, Outcome, RunningRequest, TaskContext } from '@tq/core';
import { decodeJson } from '@tq/core/internal';
import { memoryLogger } from '@tq/testkit';
import { execute, questions } from './support/execute.ts';

let app: App;
beforeEach(() => {
  app = createApp('t', { logger: silentLogger });
});

/** What the message carries for after the task. */
function embedIn(outcome: Outcome): unknown {
  return 'embed' in outcome && outcome.embed !== undefined ? decodeJson(outcome.embed) : undefined;
}

describe('a task that returns', () => {
  test('has succeeded, with its result encoded', async () => {
    app.task('add', (x: number, y: number) => x + y);
    expect(await execute(app, 'add', [2, 2])).toEqual({
      kind: 'succeeded',
      result: '4',
      runtimeMs: expect.any(Number),
    });
  });

  test('may be asynchronous, and may return nothing', async () => {
    app.task('later', async () => {
      await delay(1);
    });
    expect(await execute(app, 'later')).toMatchObject({ kind: 'succeeded', result: 'null' });
  });

  test('gives typed values and takes them', async () => {
    app.task('typed', (at: Date, price: Decimal) => ({
      at,
      price,
      kind: [at instanceof Date, price instanceof Decimal],
    }));
    const outcome = await execute(app, 'typed', [new Date(0), Decimal.from('1.50')]);
    expect(outcome).toMatchObject({ kind: 'succeeded' });
    expect(JSON.parse(outcome.kind === 'succeeded' ? outcome.result : '')).toEqual({
      at: { __type__: 'datetime', __value__: '1970-01-01T00:00:00+00:00' },
      price: { __type__: 'decimal', __value__: '1.50' },
      kind: [true, true],
    });
  });

  test('is printed where somebody will show it, as short as the task says', async () => {
    app.task('text', { resultReprMaxSize: 10 }, () => 'x'.repeat(100));
    expect(await execute(app, 'text', [], { input: { wantRepr: true } })).toHaveProperty(
      'repr',
      "'xxxxxxxxxx...'",
    );
    expect(await execute(app, 'text')).not.toHaveProperty('repr');
  });

  test('hands on what follows it, and the ids of what it has started', async () => {
    app.task('parent', { bind: true }, (self) => self.addChild([['child-1', null], null]));
    const link = { task: 'next', args: [1] };
    const outcome = await execute(app, 'parent', [], { link });
    expect(outcome).toMatchObject({ children: [[['child-1', null], null]] });
    expect(embedIn(outcome)).toMatchObject({ callbacks: [link] });
  });

  test('does not remember its children without a trail', async () => {
    app.task('parent', { bind: true, trail: false }, (self) => self.addChild([['child-1', null], null]));
    expect(await execute(app, 'parent')).not.toHaveProperty('children');
  });

  test('something that can not travel has failed, and is not tried again', async () => {
    app.task('bad', { autoretryFor: [Error] }, () => ({ at: { callback: () => 1 } }));
    expect(await execute(app, 'bad')).toMatchObject({
      kind: 'failed',
      error: { excType: 'EncodeError', excMessage: [expect.stringContaining('result.at.callback')] },
    });
  });
});

describe('a task that throws', () => {
  test('has failed, with the error as Python knows it', async () => {
    app.task('bad', () => {
      throw new RangeError('too much');
    });
    const outcome = await execute(app, 'bad', [], { linkError: { task: 'e' } });
    expect(outcome).toMatchObject({
      kind: 'failed',
      error: { excType: 'ValueError', excModule: 'builtins', excMessage: ['too much'] },
    });
    expect(embedIn(outcome)).toMatchObject({ errbacks: [{ task: 'e' }] });
    expect(outcome.kind === 'failed' && outcome.error.traceback).toContain('run.test.ts');
    expect(outcome).not.toHaveProperty('expected');
  });

  test('may say how its error arrives in Python', async () => {
    app.task('bad', () => {
      throw Object.assign(new Error('x'), {
        excType: 'KeyError',
        excModule: 'builtins',
        excMessage: ['a', 1],
      });
    });
    expect(await execute(app, 'bad')).toMatchObject({
      error: { excType: 'KeyError', excModule: 'builtins', excMessage: ['a', 1] },
    });
  });

  test('may throw anything', async () => {
    app.task('odd', (): never => {
      // oxlint-disable-next-line typescript/only-throw-error -- that is what is tested
      throw undefined;
    });
    expect(await execute(app, 'odd')).toMatchObject({
      kind: 'failed',
      error: { excType: 'Error', excMessage: ['Non-error thrown: undefined'] },
    });
  });

  test('one of its expected errors is marked', async () => {
    class NotFound extends Error {}
    app.task('find', { throws: [NotFound] }, () => {
      throw new NotFound('gone');
    });
    expect(await execute(app, 'find')).toMatchObject({
      kind: 'failed',
      expected: true,
      error: { excType: 'NotFound' },
    });
  });

  test('lacks an argument in the words of Python', async () => {
    app.task('proj.add', (x: number, y: number) => x + y);
    expect(await execute(app, 'proj.add', [2])).toMatchObject({
      kind: 'failed',
      error: {
        excType: 'TypeError',
        excModule: 'builtins',
        excMessage: ["add() missing 1 required positional argument: 'y'"],
      },
    });
  });
});

describe('what can not be run', () => {
  test('a task that is not registered has failed, and what follows it is known', async () => {
    const outcome = await execute(app, 'nobody.knows', [], { linkError: { task: 'e' } });
    expect(outcome).toMatchObject({
      kind: 'failed',
      error: { excType: 'NotRegistered', excMessage: ['nobody.knows'], traceback: null },
    });
    expect(embedIn(outcome)).toMatchObject({ errbacks: [{ task: 'e' }] });
  });

  test.each([
    ['a body that is no JSON', { body: Buffer.from('{') }, 'DecodeError'],
    ['a body of another shape', { body: Buffer.from('[1, 2]') }, 'DecodeError'],
    ['content that is not accepted', { contentType: 'application/x-yaml' }, 'ContentDisallowed'],
    ['a damaged compression', { compression: 'gzip' }, 'DecodeError'],
  ])('%s is rejected, with the failure to store', async (_what, input, excType) => {
    app.task('t', () => 1);
    expect(await execute(app, 't', [], { input })).toMatchObject({
      kind: 'rejected',
      requeue: false,
      reason: expect.any(String),
      error: { excType },
    });
  });

  test('bodies of old senders run, with or without their headers', async () => {
    app.task('add', (x: number, y: number) => x + y);
    for (const body of [
      { task: 'add', id: 'i', args: [1, 2], kwargs: {} },
      { args: [1, 2], kwargs: {} },
    ]) {
      const input = { body: Buffer.from(JSON.stringify(body)) };
      expect(await execute(app, 'add', [], { input })).toMatchObject({ kind: 'succeeded', result: '3' });
    }
  });

  test('a compressed body is read', async () => {
    app.task('length', (text: string) => text.length);
    expect(await execute(app, 'length', ['x'.repeat(5000)], { compression: 'gzip' })).toMatchObject({
      result: '5000',
    });
  });
});

describe('a task that ends in another way', () => {
  test.each<[string, (self: TaskContext) => unknown, object]>([
    ['ignores', (self) => self.ignore(), { kind: 'ignored' }],
    [
      'is rejected',
      (self) => self.reject({ reason: 'not mine' }),
      { kind: 'rejected', requeue: false, reason: 'not mine' },
    ],
    [
      'is given back',
      (self) => self.reject({ requeue: true }),
      { kind: 'rejected', requeue: true, reason: 'rejected by the task' },
    ],
    ['ignores by hand', () => new Ignore(), { kind: 'ignored' }],
    [
      'is rejected by hand',
      () => new Reject('no', { requeue: true }),
      { kind: 'rejected', requeue: true, reason: 'no' },
    ],
  ])('%s, thrown or returned', async (_how, make, outcome) => {
    app.task('throws', { bind: true, autoretryFor: [Error] }, (self) => {
      throw make(self);
    });
    app.task('returns', { bind: true }, (self) => make(self));
    expect(await execute(app, 'throws')).toEqual(outcome);
    expect(await execute(app, 'returns')).toEqual(outcome);
  });
});

describe("the task's signal", () => {
  const waiting = (): void => {
    app.task('wait', { bind: true, autoretryFor: [Error], maxRetries: 0 }, async (self) => {
      await delay(60_000, undefined, { signal: self.signal });
    });
  };
  async function abortedWith(reason: Error): Promise<unknown> {
    waiting();
    const stop = new AbortController();
    const running = execute(app, 'wait', [], { signal: stop.signal });
    setImmediate(() => stop.abort(reason));
    return running;
  }

  test('a soft time limit fails the task by its name, also behind an AbortError', async () => {
    expect(await abortedWith(new SoftTimeLimitExceeded(5))).toMatchObject({
      kind: 'failed',
      error: { excType: 'SoftTimeLimitExceeded', excModule: 'billiard.exceptions' },
    });
  });

  test('a shutdown gives the task back', async () => {
    expect(await abortedWith(new WorkerShutdown())).toEqual({
      kind: 'rejected',
      requeue: true,
      reason: 'the worker is shutting down',
    });
  });

  test('a revoked task is terminated', async () => {
    expect(await abortedWith(new TaskRevokedError())).toEqual({
      kind: 'lost',
      reason: 'terminated',
      detail: 'revoked',
    });
  });

  test('an error of its own stays an error of its own', async () => {
    app.task('own', () => {
      throw new TaskRevokedError('thrown by hand');
    });
    expect(await execute(app, 'own', [], { signal: AbortSignal.abort(new WorkerShutdown()) })).toMatchObject({
      kind: 'failed',
      error: { excType: 'TaskRevokedError' },
    });
  });

  test('a task that finishes all the same has succeeded', async () => {
    app.task('fine', () => 'done');
    expect(
      await execute(app, 'fine', [], { signal: AbortSignal.abort(new SoftTimeLimitExceeded()) }),
    ).toMatchObject({ kind: 'succeeded' });
  });
});

describe('the context', () => {
  test('shows the request as it came', async () => {
    const seen: RunningRequest[] = [];
    app.task('look', { bind: true }, (self) => void seen.push(self.request));
    await execute(app, 'look', [1], {
      kwargs: { a: 2 },
      taskId: 'id-1',
      retries: 2,
      headers: { 'x-tenant': 'acme' },
      timeLimit: 9,
      priority: 4,
    });
    expect(seen[0]).toMatchObject({
      id: 'id-1',
      task: 'look',
      args: [1],
      kwargs: { a: 2 },
      retries: 2,
      headers: { 'x-tenant': 'acme' },
      timeLimit: 9,
      hostname: 'w1@test',
      calledDirectly: false,
      isEager: false,
      deliveryInfo: { routingKey: 'q', priority: 4 },
      properties: { correlationId: 'id-1' },
    });
  });

  test('is current() in whatever the task awaits, and nowhere else', async () => {
    const seen: (string | undefined)[] = [];
    const look = (): void => void seen.push(current()?.request.id);
    app.task('look', async () => {
      look();
      await delay(1);
      look();
      await Promise.all([
        delay(1).then(look),
        new Promise<void>((resolve) => setImmediate(() => resolve(look()))),
      ]);
      queueMicrotask(look);
      await delay(1);
    });
    await Promise.all([execute(app, 'look', [], { taskId: 'a' }), execute(app, 'look', [], { taskId: 'b' })]);
    expect(seen.filter((id) => id === 'a')).toHaveLength(5);
    expect(seen.filter((id) => id === 'b')).toHaveLength(5);
    expect(current()).toBeUndefined();
  });

  test('is self of a bound task, with its name and its logger', async () => {
    const logger = memoryLogger();
    app.task('proj.look', { bind: true }, (self, x: number) => {
      self.log.info('here', { x });
      return [self === current(), self.name, self.app === app, x];
    });
    expect(await execute(app, 'proj.look', [5], { host: { logger } })).toMatchObject({
      result: '[true,"proj.look",true,5]',
    });
    expect(logger.find('info', 'here')[0]?.fields).toEqual({ x: 5 });
  });

  test('keeps states of its own by asking the worker', async () => {
    const { asked, host } = questions();
    app.task('slow', { bind: true }, async (self) => {
      await self.updateState('UPLOADING', { part: 1 });
      await self.progress({ done: 50 });
      await self.updateState('EMPTY');
    });
    await execute(app, 'slow', [], { host });
    expect(asked).toEqual([
      { kind: 'state', state: 'UPLOADING', meta: '{"part":1}' },
      { kind: 'state', state: 'PROGRESS', meta: '{"done":50}' },
      { kind: 'state', state: 'EMPTY', meta: 'null' },
    ]);
  });

  test('refuses a description that can not travel', async () => {
    app.task('slow', { bind: true }, (self) => self.progress({ done: () => 1 }));
    expect(await execute(app, 'slow')).toMatchObject({
      kind: 'failed',
      error: { excMessage: [expect.stringContaining('meta.done')] },
    });
  });
});

describe('schemas', () => {
  const schema = (validate: (value: unknown) => unknown): never =>
    ({ '~standard': { version: 1, vendor: 'test', validate } }) as never;

  test('what the schema of the arguments gives is what the task gets', async () => {
    const argsSchema = schema((value) => ({ value: (value as unknown[]).map(Number) }));
    app.task('add', { argsSchema }, (x: number, y: number) => x + y);
    expect(await execute(app, 'add', ['2', '3'])).toMatchObject({ result: '5' });
  });

  test('keyword arguments are in their places before the schema sees them', async () => {
    const seen: unknown[] = [];
    const argsSchema = schema((value) => {
      seen.push(value);
      return { value };
    });
    app.task('add', { params: ['x', 'y'], argsSchema }, (x: number, y: number) => x + y);
    await execute(app, 'add', [1], { kwargs: { y: 2 } });
    expect(seen).toEqual([[1, 2]]);
  });

  test('every issue is told with its path; nothing runs, nothing is tried again', async () => {
    const run = jest.fn(() => 1);
    const issues = [{ message: 'too small', path: [0, { key: 'age' }] }, { message: 'no list' }];
    app.task('t', { argsSchema: schema(async () => ({ issues })), autoretryFor: [Error] }, run);
    expect(await execute(app, 't')).toMatchObject({
      kind: 'failed',
      error: { excType: 'TypeError', excMessage: ['args[0].age: too small; args: no list'] },
    });
    expect(run).not.toHaveBeenCalled();
  });

  test('the schema of the result may transform it, and may refuse it', async () => {
    app.task('double', { resultSchema: schema((value) => ({ value: Number(value) * 2 })) }, () => 4);
    expect(await execute(app, 'double')).toMatchObject({ result: '8' });
    app.task(
      'refused',
      { resultSchema: schema(() => ({ issues: [{ message: 'odd', path: ['n'] }] })) },
      () => 4,
    );
    expect(await execute(app, 'refused')).toMatchObject({
      kind: 'failed',
      error: { excMessage: ['result.n: odd'] },
    });
  });
});

test('nothing makes runTask() reject, not even a logger that throws', async () => {
  const logger = {
    ...silentLogger,
    error: () => {
      throw new Error('disk full');
    },
  };
  app.task('t', { hooks: { onSuccess: () => Promise.reject(new Error('handler')) } }, () => 1);
  expect(await execute(app, 't', [], { host: { logger } })).toMatchObject({
    kind: 'failed',
    error: { excMessage: ['disk full'] },
  });
});

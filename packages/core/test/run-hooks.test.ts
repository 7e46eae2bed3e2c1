import { createApp, current, silentLogger } from '@tq/core';
import type { App, HookEvents, TaskHooks } from '@tq/core';
import { eventually, memoryLogger } from '@tq/testkit';
import { execute } from './support/execute.ts';

let app: App;
let seen: string[];
beforeEach(() => {
  app = createApp('t', { logger: silentLogger });
  seen = [];
});

const note = (text: string): void => void seen.push(text);

/** Notes every hook and every handler, with what it is given. */
function watch(): TaskHooks {
  app.hooks.on('taskPrerun', () => note('taskPrerun'));
  app.hooks.on('taskPostrun', ({ state }) => note(`taskPostrun ${state}`));
  app.hooks.on('taskSuccess', ({ result }) => note(`taskSuccess ${String(result)}`));
  app.hooks.on('taskFailure', ({ error }) => note(`taskFailure ${String(error)}`));
  app.hooks.on('taskRetry', ({ error }) => note(`taskRetry ${String(error)}`));
  return {
    beforeStart: () => note('beforeStart'),
    onSuccess: (_self, result) => note(`onSuccess ${String(result)}`),
    onFailure: (_self, error) => note(`onFailure ${String(error)}`),
    onRetry: (_self, error) => note(`onRetry ${String(error)}`),
    afterReturn: (_self, state, value) => note(`afterReturn ${state} ${String(value)}`),
  };
}

describe('the order of handlers and hooks is that of Celery', () => {
  test('of a success', async () => {
    app.task('t', { hooks: watch() }, () => {
      note('run');
      return 4;
    });
    await execute(app, 't');
    expect(seen).toEqual([
      'taskPrerun',
      'beforeStart',
      'run',
      'onSuccess 4',
      'taskSuccess 4',
      'afterReturn SUCCESS 4',
      'taskPostrun SUCCESS',
    ]);
  });

  test('of a failure', async () => {
    app.task('t', { hooks: watch() }, () => {
      throw new Error('boom');
    });
    await execute(app, 't');
    expect(seen).toEqual([
      'taskPrerun',
      'beforeStart',
      'onFailure Error: boom',
      'taskFailure Error: boom',
      'afterReturn FAILURE Error: boom',
      'taskPostrun FAILURE',
    ]);
  });

  test('of a retry, which is no return', async () => {
    app.task('t', { bind: true, hooks: watch() }, (self): unknown => {
      throw self.retry({ cause: new Error('again') });
    });
    await execute(app, 't');
    expect(seen).toEqual([
      'taskPrerun',
      'beforeStart',
      'onRetry Error: again',
      'taskRetry Error: again',
      'taskPostrun RETRY',
    ]);
  });

  test('of a call with wrong arguments', async () => {
    app.task('t', { hooks: watch() }, (x: number) => x);
    await execute(app, 't');
    expect(seen.map((line) => line.split(' ')[0])).toEqual([
      'taskPrerun',
      'beforeStart',
      'onFailure',
      'taskFailure',
      'afterReturn',
      'taskPostrun',
    ]);
  });

  test('of one that is ignored or rejected', async () => {
    const hooks = watch();
    app.task('ignored', { bind: true, hooks }, (self): unknown => {
      throw self.ignore();
    });
    app.task('rejected', { bind: true, hooks }, (self): unknown => {
      throw self.reject();
    });
    await execute(app, 'ignored');
    await execute(app, 'rejected');
    expect(seen).toEqual([
      'taskPrerun',
      'beforeStart',
      'taskPostrun IGNORED',
      'taskPrerun',
      'beforeStart',
      'taskPostrun REJECTED',
    ]);
  });
});

test('handlers are awaited, one after the other, in the context of the task', async () => {
  const slow = (name: string) => async (): Promise<void> => {
    await new Promise((resolve) => setImmediate(resolve));
    note(`${name} ${current()?.request.id}`);
  };
  const hooks = {
    beforeStart: slow('beforeStart'),
    onSuccess: slow('onSuccess'),
    afterReturn: slow('afterReturn'),
  };
  app.task('t', { hooks }, () => note('run'));
  await execute(app, 't', [], { taskId: 'i' });
  expect(seen).toEqual(['beforeStart i', 'run', 'onSuccess i', 'afterReturn i']);
});

test('what beforeStart throws fails the task, which does not run', async () => {
  const beforeStart = (): never => {
    throw new Error('no database');
  };
  app.task(
    't',
    { hooks: { beforeStart, afterReturn: (_self, state) => note(state) }, autoretryFor: [Error] },
    () => note('run'),
  );
  expect(await execute(app, 't')).toMatchObject({ kind: 'failed', error: { excMessage: ['no database'] } });
  expect(seen).toEqual(['FAILURE']);
});

test('what the other handlers throw is logged; the outcome stays, and nothing runs twice', async () => {
  const logger = memoryLogger();
  const broken = (name: string) => (): never => {
    throw new Error(`${name} is broken`);
  };
  const hooks = {
    onSuccess: broken('onSuccess'),
    onFailure: broken('onFailure'),
    onRetry: broken('onRetry'),
    afterReturn: broken('afterReturn'),
  };
  app.task('fine', { hooks, autoretryFor: [Error] }, () => 4);
  app.task('bad', { hooks }, () => {
    throw new Error('boom');
  });
  app.task('again', { bind: true, hooks }, (self): unknown => {
    throw self.retry();
  });
  expect(await execute(app, 'fine', [], { host: { logger } })).toMatchObject({
    kind: 'succeeded',
    result: '4',
  });
  expect(await execute(app, 'bad', [], { host: { logger } })).toMatchObject({
    kind: 'failed',
    error: { excMessage: ['boom'] },
  });
  expect(await execute(app, 'again', [], { host: { logger } })).toMatchObject({ kind: 'retry' });
  expect(logger.lines.map(({ message }) => message)).toEqual([
    'onSuccess of the task fine threw; the outcome stays',
    'afterReturn of the task fine threw; the outcome stays',
    'onFailure of the task bad threw; the outcome stays',
    'afterReturn of the task bad threw; the outcome stays',
    'onRetry of the task again threw; the outcome stays',
  ]);
  expect(logger.lines[0]?.fields['error']).toContain('onSuccess is broken');
});

describe('hooks of the app', () => {
  test('a listener that throws, at once or later, is logged and changes nothing', async () => {
    const logger = memoryLogger();
    app.logger = logger;
    app.hooks.on('taskPrerun', () => {
      throw new Error('sync');
    });
    app.hooks.on('taskSuccess', () => Promise.reject(new Error('later')));
    app.hooks.on('taskSuccess', () => note('told'));
    app.task('t', () => 1);
    expect(await execute(app, 't')).toMatchObject({ kind: 'succeeded' });
    await eventually(() => logger.lines.length === 2);
    expect(logger.lines.map(({ message }) => message)).toEqual([
      'A listener of the hook taskPrerun threw',
      'A listener of the hook taskSuccess threw',
    ]);
    expect(seen).toEqual(['told']);
  });

  test('a listener can be taken off', () => {
    const event: HookEvents['workerReady'] = { hostname: 'w1@x' };
    const off = app.hooks.on('workerReady', ({ hostname }) => note(hostname));
    expect(app.hooks.has('workerReady')).toBe(true);
    app.hooks.emit('workerReady', event);
    off();
    app.hooks.emit('workerReady', event);
    expect(app.hooks.has('workerReady')).toBe(false);
    expect(seen).toEqual(['w1@x']);
  });
});

describe('interceptors', () => {
  test('wrap the run, the first one added outermost, and may change its result', async () => {
    const layer = (name: string): object => ({
      execute: async (request: { readonly id: string }, next: (request: unknown) => Promise<unknown>) => {
        note(`${name} before ${request.id}`);
        const result = await next(request);
        note(`${name} after`);
        return `${name}(${String(result)})`;
      },
    });
    app.use(layer('a')).use({}).use(layer('b'));
    app.task('t', () => {
      note('run');
      return 4;
    });
    expect(await execute(app, 't', [], { taskId: 'i' })).toMatchObject({ result: '"a(b(4))"' });
    expect(seen).toEqual(['a before i', 'b before i', 'run', 'b after', 'a after']);
  });

  test('see the errors of the task, and may swallow them', async () => {
    app.use({
      execute: async (request, next) => {
        try {
          return await next(request);
        } catch (error) {
          return `saved from ${(error as Error).message}`;
        }
      },
    });
    app.task('t', () => {
      throw new Error('boom');
    });
    expect(await execute(app, 't')).toMatchObject({ kind: 'succeeded', result: '"saved from boom"' });
  });

  test('keep their this, and run in the context of the task', async () => {
    class Tenancy {
      readonly tenants: unknown[] = [];
      async execute(
        request: { readonly headers: Readonly<Record<string, unknown>> },
        next: (request: never) => Promise<unknown>,
      ): Promise<unknown> {
        this.tenants.push(request.headers['x-tenant'], current()?.request.headers['x-tenant']);
        return next(request as never);
      }
    }
    const tenancy = new Tenancy();
    app.use(tenancy);
    app.task('t', () => 1);
    await execute(app, 't', [], { headers: { 'x-tenant': 'acme' } });
    expect(tenancy.tenants).toEqual(['acme', 'acme']);
  });
});

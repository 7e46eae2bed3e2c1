import { setTimeout as delay } from 'node:timers/promises';
import {
  AlreadyRegistered,
  ClosedError,
  createApp,
  current,
  defineTask,
  ImproperlyConfigured,
  isApp,
  silentLogger,
} from '@tq/core';
import type { App, BackendDriver, RunningRequest } from '@tq/core';
import { deferred } from '@tq/core/internal';
import { FakeBackend } from './support/fake-backend.ts';
import { FakeBroker } from './support/fake-broker.ts';
import { execute } from './support/execute.ts';

let broker: FakeBroker;
const apps: App[] = [];
beforeEach(() => {
  broker = new FakeBroker();
});
afterEach(async () => {
  for (const app of apps.splice(0)) await app.close();
});

function connected(options: Parameters<typeof createApp>[1] = {}): App {
  const app = createApp('t', {
    broker: { transport: broker.transport },
    backend: null,
    logger: silentLogger,
    ...options,
  });
  apps.push(app);
  return app;
}

describe('createApp()', () => {
  test('needs a name, and refuses options that it does not know', () => {
    expect(() => createApp('')).toThrow(ImproperlyConfigured);
    expect(() => createApp('t', { brocker: 'memory://' } as object)).toThrow(
      'createApp() has no option "brocker". Did you mean broker?',
    );
    expect(() => createApp('t', { resultExpires: 1 } as object)).toThrow('Settings go into conf: { … }.');
  });

  test('takes no driver as none', () => {
    expect(createApp('t', { broker: null as never }).brokerSetting).toBe('sqlite://');
  });

  test('makes what isApp() recognises, also from another copy of the package', () => {
    expect(isApp(createApp('t'))).toBe(true);
    expect(isApp({ [Symbol.for('tq.app')]: true })).toBe(true);
    expect([null, {}, 'app', createApp].map(isApp)).toEqual([false, false, false, false]);
  });
});

describe('where messages and results live', () => {
  const KEYS = ['TQ_BROKER_URL', 'CELERY_BROKER_URL', 'TQ_RESULT_BACKEND', 'CELERY_RESULT_BACKEND'];
  const before = KEYS.map((key) => process.env[key]);
  const put = (key: string, value: string | undefined): void => {
    if (value === undefined) delete process.env[key];
    else process.env[key] = value;
  };
  beforeEach(() => KEYS.forEach((key) => put(key, undefined)));
  afterAll(() => KEYS.forEach((key, index) => put(key, before[index])));

  test('without a word both are in the embedded file', () => {
    expect(createApp('t')).toMatchObject({ brokerSetting: 'sqlite://', backendSetting: 'sqlite://' });
  });

  test('with a broker alone, results are off', () => {
    expect(createApp('t', { broker: 'memory://' }).backendSetting).toBeNull();
    expect(createApp('t', { broker: { transport: broker.transport } }).backendSetting).toBeNull();
    expect(createApp('t', { conf: { brokerUrl: 'memory://' } }).backendSetting).toBeNull();
  });

  test('results can be turned off by name', () => {
    expect(createApp('t', { backend: null }).backendSetting).toBeNull();
    expect(createApp('t', { backend: 'disabled://' }).backendSetting).toBeNull();
  });

  test("the environment wins, tq's variables over Celery's, empty ones don't count", () => {
    const app = createApp('t', { broker: 'memory://a', backend: 'memory://a' });
    put('CELERY_BROKER_URL', 'memory://celery');
    put('CELERY_RESULT_BACKEND', 'disabled://');
    expect(app).toMatchObject({ brokerSetting: 'memory://celery', backendSetting: null });
    put('TQ_BROKER_URL', 'memory://tq');
    put('TQ_RESULT_BACKEND', 'memory://tq');
    expect(app).toMatchObject({ brokerSetting: 'memory://tq', backendSetting: 'memory://tq' });
    KEYS.forEach((key) => put(key, ''));
    expect(app).toMatchObject({ brokerSetting: 'memory://a', backendSetting: 'memory://a' });
  });

  test('a broker from the environment alone means no embedded results', () => {
    put('TQ_BROKER_URL', 'memory://tq');
    expect(createApp('t').backendSetting).toBeNull();
  });

  test('what is given to the constructor wins over a configuration object, and a later change over both', async () => {
    const app = createApp('t', { broker: { transport: broker.transport }, backend: 'memory://a' });
    await app.configFromObject({ brokerUrl: 'memory://b', resultBackend: 'memory://b' });
    expect(app).toMatchObject({
      brokerSetting: { transport: broker.transport },
      backendSetting: 'memory://a',
    });
    app.conf.brokerUrl = 'memory://c';
    expect(app.brokerSetting).toBe('memory://c');
  });

  test('a setting that is given as it is leaves the driver in place', () => {
    const app = createApp('t', { broker: { transport: broker.transport } });
    app.conf.update({ brokerUrl: 'sqlite://', resultBackend: null });
    expect(app.brokerSetting).toEqual({ transport: broker.transport });
    expect(app.givenSettings).toEqual({ brokerUrl: 'sqlite://', resultBackend: null });
  });
});

describe('registering tasks', () => {
  test('by name, with options, by function, or made without an app', () => {
    const app = createApp('proj');
    const plain = app.task('proj.plain', (x: number) => x + 1);
    const bound = app.task('proj.bound', { bind: true, maxRetries: 1 }, (self, x: number) => [self.name, x]);
    const named = app.task(function double(x: number) {
      return x * 2;
    });
    const shared = app.register(defineTask('lib.shared', (x: number) => -x));
    expect([...app.tasks.keys()]).toEqual(['proj.plain', 'proj.bound', 'proj.double', 'lib.shared']);
    expect([plain(1), bound(1), named(2), shared(1)]).toEqual([2, ['proj.bound', 1], 4, -1]);
    expect([plain.taskName, bound.definition.options.maxRetries]).toEqual(['proj.plain', 1]);
  });

  test('names are unique, unless one says that it replaces', () => {
    const app = createApp('t');
    app.task('t.a', () => 1);
    expect(() => app.task('t.a', () => 2)).toThrow(AlreadyRegistered);
    expect(app.task('t.a', { override: true }, () => 3)()).toBe(3);
  });

  test('a shared task may be registered again, and in several apps', () => {
    const task = defineTask('lib.t', { bind: true, queue: 'lib' }, (self, x: number) => [self.app.name, x]);
    const [a, b] = [createApp('a'), createApp('b')];
    expect(a.register(task)).toBe(a.register(task));
    expect([a.register(task)(1), b.register(task)(2)]).toEqual([
      ['a', 1],
      ['b', 2],
    ]);
  });

  test.each([
    ['no name', () => createApp('t').task('', () => 1), 'A task needs a name'],
    [
      'no function',
      () => createApp('t').task('t.a', {}, undefined as never),
      'The task t.a needs a function.',
    ],
    [
      'a function without a name',
      () =>
        createApp('t').task(
          (
            () => () =>
              1
          )(),
        ),
      'needs one',
    ],
    [
      'an unknown option',
      () => createApp('t').task('t.a', { maxRetry: 1 } as object, () => 1),
      'Unknown option "maxRetry" of the task t.a. Did you mean maxRetries?',
    ],
    [
      'a limit that is no time',
      () => createApp('t').task('t.a', { timeLimit: 'soon' }, () => 1),
      'timeLimit of the task t.a must be seconds',
    ],
    [
      'a number of retries that is none',
      () => createApp('t').task('t.a', { maxRetries: -1 }, () => 1),
      'maxRetries of the task t.a must be 0 or more',
    ],
  ])('%s is refused', (_what, register, message) => {
    expect(register).toThrow(message);
  });

  test('autodiscoverTasks() adds to include, whatever that is or becomes', async () => {
    const app = createApp('t', { include: ['proj/tasks'] });
    app.autodiscoverTasks(['src/**/tasks.ts', 'proj/tasks']).autodiscoverTasks('lib/*');
    expect(app.config.include).toEqual(['proj/tasks', 'src/**/tasks.ts', 'lib/*']);
    app.conf.update({ include: ['other'] });
    expect(app.config.include).toEqual(['other', 'src/**/tasks.ts', 'proj/tasks', 'lib/*']);
    expect(createApp('u').config.include).toEqual([]);
  });
});

describe('calling a task as a function', () => {
  test('runs it here and now, synchronous if it is', async () => {
    const app = createApp('t');
    const add = app.task('t.add', (x: number, y: number) => x + y);
    const later = app.task('t.later', async (x: number) => x + 1);
    expect([add(2, 2), await later(1)]).toEqual([4, 2]);
  });

  test('a bound one gets a context that says so', async () => {
    const app = createApp('t');
    const seen: RunningRequest[] = [];
    const look = app.task('t.look', { bind: true }, async (self, x: number) => {
      await delay(1);
      seen.push(self.request);
      return [current() === self, x];
    });
    expect(await look(5)).toEqual([true, 5]);
    expect(seen[0]).toMatchObject({ calledDirectly: true, id: '', task: 't.look', args: [5], retries: 0 });
  });

  test('states and reports of it go nowhere', async () => {
    const task = createApp('t').task('t.slow', { bind: true }, (self) => self.progress(1));
    await expect(task()).resolves.toBeUndefined();
  });

  test('has the signal of the task that called it', async () => {
    const app = createApp('t', { logger: silentLogger });
    const stop = new AbortController();
    const inner = app.task('t.inner', { bind: true }, (self) => self.signal === stop.signal);
    app.task('t.outer', () => inner());
    expect(await execute(app, 't.outer', [], { signal: stop.signal })).toMatchObject({ result: 'true' });
  });
});

describe('sending', () => {
  test('delay() publishes to the queue, declared once with its exchange', async () => {
    const app = connected();
    const add = app.task('t.add', (x: number, y: number) => x + y);
    const res = await add.delay(2, 2);
    await add.applyAsync([3, 3], { taskId: 'mine' });
    expect(broker.calls).toMatchObject([
      [[2, 2], {}],
      [[3, 3], {}],
    ]);
    expect(broker.published[0]).toMatchObject({
      message: {
        headers: { task: 't.add', id: res.id },
        properties: { correlationId: res.id, replyTo: app.oid },
      },
      to: { exchange: '', routingKey: 'celery' },
    });
    expect([broker.queues.map(({ name }) => name), broker.exchanges, broker.connections.length]).toEqual([
      ['celery'],
      ['celery'],
      1,
    ]);
  });

  test('sendTask() sends what is not known here', async () => {
    const res = await connected().sendTask('other.task', [1], { kwargs: { a: 2 }, queue: 'py' });
    expect(broker.calls).toMatchObject([[[1], { a: 2 }]]);
    expect(broker.published[0]?.to.routingKey).toBe('py');
    expect(res.ignored).toBe(false);
  });

  test('the id is known before the call is sent', async () => {
    const sending = connected().sendTask('t.a');
    expect(sending.id).toMatch(/^[0-9a-f-]{36}$/);
    expect((await sending).id).toBe(sending.id);
  });

  test('arguments that are left out at the end are not sent', async () => {
    await connected().sendTask('t.a', [1, undefined, undefined]);
    expect(broker.calls).toEqual([[[1], {}]]);
    await expect(connected().sendTask('t.a', [undefined, 1])).rejects.toThrow('args[0]');
  });

  test('signatures may be arguments, with typed values within', async () => {
    const app = connected();
    await app.sendTask('t.map', [app.signature('t.a', [new Date(0)])]);
    expect(broker.calls).toMatchObject([[[{ task: 't.a', args: [{ __type__: 'datetime' }] }], {}]]);
  });

  test('calls inside of a task belong to it', async () => {
    const app = connected();
    const inner = app.task('t.inner', () => 1);
    app.task('t.outer', async (how: object) => (await inner.applyAsync([], how)).id);
    const outcome = await execute(app, 't.outer', [{}], { taskId: 'outer', rootId: 'root' });
    const id = JSON.parse(outcome.kind === 'succeeded' ? outcome.result : '') as string;
    expect(broker.published[0]?.message.headers).toMatchObject({ id, parent_id: 'outer', root_id: 'root' });
    expect(outcome).toMatchObject({ children: [[[id, null], null]] });
    expect(await execute(app, 't.outer', [{ addToParent: false }])).not.toHaveProperty('children');
  });

  test('calls inside of a task that was called as a function belong to whom it was called by', async () => {
    const app = connected();
    const send = app.task('t.send', { bind: true }, () => app.sendTask('t.other'));
    await send();
    expect(broker.published[0]?.message.headers).toMatchObject({
      parent_id: null,
      root_id: expect.stringMatching(/./),
    });
    app.task('t.outer', () => send().then(({ id }) => id));
    await execute(app, 't.outer', [], { taskId: 'outer' });
    expect(broker.published[1]?.message.headers).toMatchObject({ parent_id: 'outer', root_id: 'outer' });
  });

  test('a call that ignores its result tells no backend, and get() does not wait', async () => {
    const backend = new FakeBackend();
    const app = connected({ backend: { driver: backend.driver } });
    const quiet = app.task('t.quiet', { ignoreResult: true }, () => 1);
    const res = await quiet.delay();
    expect([res.ignored, await res.get(), backend.expected]).toEqual([true, undefined, []]);
    const loud = await quiet.applyAsync([], { ignoreResult: false });
    expect([loud.ignored, backend.expected]).toEqual([false, [loud.id]]);
  });

  test('get() on a call gives a result that is here before the broker has confirmed the message', async () => {
    const backend = new FakeBackend();
    const app = connected({ backend: { driver: backend.driver } });
    const rest = { traceback: null, children: null, dateDone: null };
    backend.metas = [{ taskId: 'early', status: 'SUCCESS', result: 4, ...rest }];
    const confirmed = deferred();
    broker.onPublish = () => confirmed.promise;
    const call = app.sendTask('t.a', [], { taskId: 'early' });
    expect(await call.get()).toBe(4);
    confirmed.resolve();
    await call;
  });

  test('arguments are checked where the task has a schema, before anything is sent', async () => {
    const app = connected();
    const issues = [{ message: 'no number', path: [1] }];
    const validate = (value: unknown): object =>
      (value as unknown[])[1] === 'two' ? { issues } : { value: ['changed'] };
    const argsSchema = { '~standard': { version: 1, vendor: 'test', validate } } as never;
    const add = app.task('t.add', { params: ['x', 'y'], argsSchema }, (x: number, y: unknown) => [x, y]);
    await expect(add.delay(1, 'two')).rejects.toThrow('args[1]: no number');
    await expect(add.applyAsync([1], { kwargs: { y: 'two' } })).rejects.toThrow('args[1]: no number');
    await expect(add.s('two').delay(1)).rejects.toThrow('args[1]: no number');
    expect(broker.published).toHaveLength(0);
    await add.delay(1, 2);
    expect(broker.calls).toEqual([[[1, 2], {}]]);
  });
});

describe('hooks and interceptors of publishing', () => {
  test('hooks frame it', async () => {
    const app = connected();
    const seen: unknown[] = [];
    app.hooks.on(
      'beforeTaskPublish',
      ({ task, id, message }) =>
        void seen.push(['before', task, id, message.headers['id'], broker.published.length]),
    );
    app.hooks.on(
      'afterTaskPublish',
      ({ task, id }) => void seen.push(['after', task, id, broker.published.length]),
    );
    const { id } = await app.sendTask('t.a');
    expect(seen).toEqual([
      ['before', 't.a', id, id, 0],
      ['after', 't.a', id, 1],
    ]);
  });

  test('interceptors may change the message and the way', async () => {
    const app = connected();
    app.use({
      publish: (call, next) =>
        next({
          ...call,
          message: { ...call.message, headers: { ...call.message.headers, 'x-tenant': 'acme' } },
        }),
    });
    app.use({});
    app.use({
      publish: (call, next) =>
        next({ ...call, routingKey: `${String(call.message.headers['x-tenant'])}.tasks` }),
    });
    await app.sendTask('t.a');
    expect(broker.published[0]).toMatchObject({
      message: { headers: { 'x-tenant': 'acme' } },
      to: { exchange: '', routingKey: 'acme.tasks' },
    });
    expect(broker.queues.map(({ name }) => name)).toEqual(['acme.tasks']);
  });

  test('an interceptor may refuse', async () => {
    const app = connected();
    app.use({ publish: () => Promise.reject(new Error('over quota')) });
    await expect(app.sendTask('t.a')).rejects.toThrow('over quota');
    expect(broker.published).toHaveLength(0);
  });

  test('the first one is outermost', async () => {
    const app = connected();
    const seen: string[] = [];
    for (const name of ['a', 'b'])
      app.use({
        publish: async (call, next) => {
          seen.push(`${name} in`);
          await next(call);
          seen.push(`${name} out`);
        },
      });
    await app.sendTask('t.a');
    expect(seen).toEqual(['a in', 'b in', 'b out', 'a out']);
  });
});

describe('changing settings after first use', () => {
  test('another broker is used from the next call on', async () => {
    const { transport } = new FakeBroker();
    const other = new FakeBroker();
    const app = connected({
      broker: {
        transport: {
          ...transport,
          connect: (url, options) => (url.host === 'b' ? other : broker).transport.connect(url, options),
        },
        url: 'fake://a',
      },
    });
    await app.sendTask('t.a');
    expect(broker.published).toHaveLength(1);
    app.conf.brokerUrl = 'memory://elsewhere';
    await app.sendTask('t.a');
    expect([broker.published.length, broker.open]).toEqual([1, 1]);
    await app.close();
    expect(broker.open).toBe(0);
  });

  test('another result backend too; the old one is closed with the app', async () => {
    const backend = new FakeBackend();
    const app = connected({ backend: { driver: backend.driver } });
    expect(await app.resultBackend()).toBe(backend);
    app.conf.resultBackend = 'memory://elsewhere';
    expect(await app.resultBackend()).not.toBe(backend);
    expect(backend.disposals).toBe(0);
    await app.close();
    expect(backend.disposals).toBe(1);
  });

  test('the queue of the next call follows the settings', async () => {
    const app = connected();
    await app.sendTask('t.a');
    app.conf.taskRoutes = { 't.*': 'elsewhere' };
    await app.sendTask('t.a');
    expect(broker.published.map(({ to }) => to.routingKey)).toEqual(['celery', 'elsewhere']);
  });
});

describe('close()', () => {
  test('closes what was opened, once, and refuses calls made after it', async () => {
    const backend = new FakeBackend();
    const app = connected({ backend: { driver: backend.driver } });
    await app.sendTask('t.a');
    await Promise.all([app.close(), app.close()]);
    expect([broker.open, backend.disposals]).toEqual([0, 1]);
    await expect(app.sendTask('t.a')).rejects.toThrow(ClosedError);
    await expect(app.sendTask('t.a')).rejects.toThrow('The app t is closed.');
    await expect(app.resultBackend()).rejects.toThrow(ClosedError);
    expect(broker.connections).toHaveLength(1);
  });

  test('settles for an app that was never used, by await using too', async () => {
    {
      await using app = createApp('t');
      expect(app.name).toBe('t');
    }
    expect(broker.tried).toEqual([]);
  });

  test('closes the rest when one part fails to close, and says so', async () => {
    const driver: BackendDriver = {
      connect: async () =>
        Object.assign(new FakeBackend(), { [Symbol.asyncDispose]: () => Promise.reject(new Error('stuck')) }),
    };
    const app = createApp('t', {
      broker: { transport: broker.transport },
      backend: { driver },
      logger: silentLogger,
    });
    await app.sendTask('t.a');
    await expect(app.close()).rejects.toThrow('stuck');
    expect(broker.open).toBe(0);
  });
});

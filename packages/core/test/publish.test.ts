import { jest } from '@jest/globals';
import {
  BrokerUnavailableError,
  ClosedError,
  createApp,
  ImproperlyConfigured,
  PublishError,
  silentLogger,
} from '@tq/core';
import type { App, Settings } from '@tq/core';
import { deferred } from '@tq/core/internal';
import { eventually, memoryLogger, within } from '@tq/testkit';
import { connectAny, resolveBroker } from '../src/connect.ts';
import { systemClock } from '../src/clock.ts';
import { memory } from '@tq/memory';
import { FakeBackend } from './support/fake-backend.ts';
import { FakeBroker } from './support/fake-broker.ts';

let broker: FakeBroker;
let app: App;
function open(conf: Partial<Settings> = {}, options: Parameters<typeof createApp>[1] = {}): App {
  app = createApp('t', {
    broker: { transport: broker.transport },
    backend: null,
    logger: silentLogger,
    conf,
    ...options,
  });
  return app;
}
beforeEach(() => {
  broker = new FakeBroker();
});
afterEach(() => {
  jest.restoreAllMocks();
  return app.close();
});

const down = (): never => {
  throw new BrokerUnavailableError('Connection refused.');
};
const forEver = (): Promise<never> => new Promise(() => undefined);
const FAST = { taskPublishRetryPolicy: { maxRetries: 3, intervalStart: 0, intervalStep: 0.01 } };

/** Timers that would keep the process alive. */
const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;

describe('with the broker down', () => {
  test('delay() rejects with a typed error after its retries', async () => {
    broker.onConnect = down;
    const sending = open(FAST).sendTask('t.a');
    await expect(sending).rejects.toThrow(BrokerUnavailableError);
    await expect(sending).rejects.toMatchObject({
      code: 'TQ_BROKER_UNAVAILABLE',
      message: 'Connection refused.',
    });
    expect(broker.tried).toHaveLength(4);
  });

  test('at once, where nobody wants retries', async () => {
    broker.onConnect = down;
    await expect(open({ taskPublishRetry: false }).sendTask('t.a')).rejects.toThrow('Connection refused.');
    await expect(app.sendTask('t.a', [], { retry: true, retryPolicy: { maxRetries: 0 } })).rejects.toThrow(
      'Connection refused.',
    );
    expect(broker.tried).toHaveLength(2);
  });

  test('within publishTimeout, however often it may retry, and no timer is left', async () => {
    const before = timers();
    broker.onConnect = down;
    open({ publishTimeout: '100ms', taskPublishRetryPolicy: { maxRetries: null, intervalStep: 0.02 } });
    const startedMs = performance.now();
    await expect(app.sendTask('t.a')).rejects.toThrow(BrokerUnavailableError);
    expect(performance.now() - startedMs).toBeLessThan(1000);
    expect(timers()).toBeLessThanOrEqual(before);
  });

  test('within publishTimeout when it does not even answer; what comes later is not sent', async () => {
    const answered = deferred();
    broker.onConnect = () => answered.promise;
    const sending = open({ publishTimeout: '30ms' }).sendTask('t.a');
    await expect(sending).rejects.toThrow(BrokerUnavailableError);
    await expect(sending).rejects.toThrow("Can't reach the broker within 0.03 s (setting publishTimeout).");
    answered.resolve();
    await app.sendTask('t.b');
    expect(broker.published.map(({ message }) => message.headers['task'])).toEqual(['t.b']);
  });

  test('get() on the call rejects the same way, and nothing is unhandled', async () => {
    broker.onConnect = down;
    const call = open({ taskPublishRetry: false }).sendTask('t.a');
    await expect(call.get()).rejects.toThrow(BrokerUnavailableError);
    await expect(call.catch((error: unknown) => (error as Error).message)).resolves.toBe(
      'Connection refused.',
    );
  });

  test('a driver that was made with another copy of the package is understood', async () => {
    let calls = 0;
    broker.onConnect = () => {
      calls += 1;
      if (calls === 1) throw Object.assign(new Error('elsewhere'), { code: 'TQ_BROKER_UNAVAILABLE' });
    };
    await open(FAST).sendTask('t.a');
    expect(broker.published).toHaveLength(1);
  });

  test('it is tried again when it is back', async () => {
    broker.onConnect = () => {
      if (broker.tried.length < 3) down();
    };
    await open(FAST).sendTask('t.a');
    expect([broker.tried.length, broker.published.length]).toEqual([3, 1]);
  });
});

describe('a message that the broker does not take', () => {
  test('is not repeated, and the reason comes through', async () => {
    broker.onPublish = () => {
      throw new PublishError('The queue is full.');
    };
    await expect(open(FAST).sendTask('t.a')).rejects.toThrow('The queue is full.');
    broker.onPublish = () => undefined;
    await app.sendTask('t.b');
    expect([broker.published.length, broker.connections.length]).toEqual([1, 1]);
  });

  test('because its queue has been deleted is sent again when the queue is declared again', async () => {
    const sending = open();
    await sending.sendTask('t.a');
    let refusals = 1;
    broker.onPublish = () => {
      if (refusals-- > 0) throw new PublishError('No queue.', { reason: 'unroutable' });
    };
    await sending.sendTask('t.a');
    expect(broker.queues.map(({ name }) => name)).toEqual(['celery', 'celery']);
    expect(broker.published.at(-1)!.to).toMatchObject({ mandatory: true });

    refusals = 2;
    await expect(sending.sendTask('t.a')).rejects.toMatchObject({ reason: 'unroutable' });
  });

  test('is given up after publishTimeout, with the word that it may be there', async () => {
    broker.onPublish = forEver;
    const sending = open({ publishTimeout: '30ms' }).sendTask('t.a', [], { queue: 'slow' });
    await expect(sending).rejects.toThrow(PublishError);
    await expect(sending).rejects.toThrow(
      'The broker has not confirmed a message to "slow" within 0.03 s (setting publishTimeout). It may have been stored or not.',
    );
  });

  test('a queue that can not be declared fails its calls, and is tried again with the next', async () => {
    let refusals = 1;
    broker.onDeclare = () => {
      if (refusals-- > 0) throw new ImproperlyConfigured('The queue has other arguments.');
    };
    await expect(open().sendTask('t.a')).rejects.toThrow('The queue has other arguments.');
    await app.sendTask('t.a');
    expect(broker.published).toHaveLength(1);
  });
});

describe('a link that is lost', () => {
  test('between two calls is opened anew, and queues are declared again', async () => {
    await open({ taskPublishRetry: false }).sendTask('t.a');
    broker.connections[0]?.lose();
    await broker.connections[0]?.closed;
    await app.sendTask('t.b');
    expect([broker.connections.length, broker.queues.length, broker.published.length]).toEqual([2, 2, 2]);
  });

  test('in the middle of a call is opened anew, once for all of them', async () => {
    let losses = 1;
    broker.onPublish = async () => {
      if (losses-- > 0) broker.connections[0]?.lose();
      await Promise.resolve();
    };
    open(FAST);
    await Promise.all([app.sendTask('t.a'), app.sendTask('t.b'), app.sendTask('t.c')]);
    expect([broker.connections.length, broker.published.length]).toEqual([2, 3]);
  });

  test('by its channel alone leads to a new connection, the old one is closed', async () => {
    let broken = 1;
    broker.onPublish = () => {
      if (broken-- > 0) throw new BrokerUnavailableError('The channel was closed.');
    };
    await open(FAST).sendTask('t.a');
    expect([broker.connections.length, broker.open, broker.published.length]).toEqual([2, 1, 1]);
  });

  test('that breaks as soon as it is open does not stay', async () => {
    broker.onDeclare = () => {
      if (broker.connections.length === 1) broker.connections[0]?.lose();
    };
    await open(FAST).sendTask('t.a');
    expect(broker.published).toHaveLength(1);
  });
});

describe('closing', () => {
  test('a link that goes with the app is not opened again', async () => {
    await open().sendTask('t.a');
    await app.close();
    await new Promise((resolve) => setImmediate(resolve));
    expect([broker.tried.length, broker.open]).toEqual([1, 0]);
  });

  test('ends what is under way with ClosedError', async () => {
    broker.onPublish = async () => {
      await broker.connections[0]?.closed;
    };
    const sending = open().sendTask('t.a');
    await eventually(() => broker.connections.length === 1);
    await Promise.all([expect(sending).rejects.toThrow(ClosedError), app.close()]);
    expect(broker.open).toBe(0);
  });

  test('gives up connecting', async () => {
    broker.onConnect = (_url, signal) =>
      new Promise((_resolve, reject) =>
        signal?.addEventListener('abort', () => reject(signal.reason as Error)),
      );
    const sending = open().sendTask('t.a');
    await eventually(() => broker.tried.length === 1);
    const closing = within(app.close(), 1000, 'close()');
    await expect(sending).rejects.toThrow('The app t is closed.');
    await closing;
  });

  test('does not wait out the pause between two attempts', async () => {
    broker.onConnect = down;
    const sending = open({
      publishTimeout: 60,
      taskPublishRetryPolicy: { intervalStart: 30, intervalMax: 30 },
    }).sendTask('t.a');
    await eventually(() => broker.tried.length === 1);
    await within(app.close(), 1000, 'close()');
    await expect(sending).rejects.toThrow(ClosedError);
  });
});

describe('several addresses', () => {
  const options = { logger: silentLogger, clock: systemClock, options: {}, timeoutMs: 1000 };
  const urls = (...hosts: string[]): { transport: typeof broker.transport; url: URL }[] =>
    hosts.map((host) => ({ transport: broker.transport, url: new URL(`fake://me:s3cret@${host}`) }));

  beforeEach(() => open());

  test('are tried in turn from the given one; the first that answers wins', async () => {
    broker.onConnect = ({ hostname }) => {
      if (hostname !== 'a') down();
    };
    const { index, connection } = await connectAny(urls('a', 'b', 'c'), 1, options);
    expect([index, broker.tried.map((url) => new URL(url).hostname)]).toEqual([0, ['b', 'c', 'a']]);
    await connection.close();
  });

  test('are all named when none answers, without passwords', async () => {
    broker.onConnect = ({ href }) => {
      throw new Error(`${href} says no`);
    };
    await expect(connectAny(urls('a', 'b'), 0, options)).rejects.toThrow(
      "Can't reach the broker. fake://me:**@a: fake://me:**@a says no; fake://me:**@b: fake://me:**@b says no",
    );
  });

  test('are given up with the signal', async () => {
    const stop = new AbortController();
    broker.onConnect = () => {
      stop.abort(new Error('enough'));
      down();
    };
    await expect(connectAny(urls('a', 'b'), 0, { ...options, signal: stop.signal })).rejects.toThrow(
      'enough',
    );
    expect(broker.tried).toHaveLength(1);
  });

  test('what a lone address threw comes through', async () => {
    broker.onConnect = () => {
      throw new ImproperlyConfigured('No such option.');
    };
    await expect(connectAny(urls('a'), 0, options)).rejects.toThrow(ImproperlyConfigured);
  });

  test('come as a list or as a text with semicolons', async () => {
    const list = await resolveBroker(['memory://a', ' memory://b '], process.cwd());
    const text = await resolveBroker('memory://a; memory://b;', process.cwd());
    expect(list.map(({ url }) => url.href)).toEqual(['memory://a', 'memory://b']);
    expect(text).toEqual(list);
    await expect(resolveBroker([], process.cwd())).rejects.toThrow('No broker is named');
    await expect(resolveBroker(' ; ', process.cwd())).rejects.toThrow(ImproperlyConfigured);
  });

  test('the app begins with the one that answered last, after a loss with the next', async () => {
    const answering = new Set(['b']);
    const tried: string[] = [];
    jest.spyOn(memory, 'connect').mockImplementation((url, given) => {
      tried.push(url.hostname);
      return answering.has(url.hostname) ? broker.transport.connect(url, given) : down();
    });
    const failingOver = createApp('t', { broker: 'memory://a;memory://b', logger: silentLogger });
    await failingOver.connect();
    await failingOver.connect();
    expect(tried).toEqual(['a', 'b', 'b']);
    answering.add('a');
    broker.connections[1]?.lose();
    await Promise.resolve();
    await failingOver.connect();
    expect(tried).toEqual(['a', 'b', 'b', 'a']);
  });
});

describe('the result backend', () => {
  test('is told before the message goes out', async () => {
    const backend = new FakeBackend();
    backend.onExpect = () => expect(broker.published).toHaveLength(0);
    const res = await open({}, { backend: { driver: backend.driver } }).sendTask('t.a');
    expect(backend.expected).toEqual([res.id]);
  });

  test('that does not answer fails the call within publishTimeout, unsent', async () => {
    const backend = new FakeBackend();
    backend.onExpect = forEver;
    const sending = open({ publishTimeout: '30ms' }, { backend: { driver: backend.driver } }).sendTask('t.a');
    await expect(sending).rejects.toMatchObject({
      code: 'TQ_BACKEND_UNAVAILABLE',
      message: expect.stringContaining('within 0.03 s (setting publishTimeout)'),
    });
    expect(broker.tried).toEqual([]);
  });

  test('and the broker share publishTimeout', async () => {
    const backend = new FakeBackend();
    backend.onExpect = () => new Promise((resolve) => setTimeout(resolve, 60));
    broker.onPublish = forEver;
    const startedMs = performance.now();
    const sending = open({ publishTimeout: '120ms' }, { backend: { driver: backend.driver } }).sendTask(
      't.a',
    );
    await expect(sending).rejects.toThrow(/within 0\.0\d+ s/);
    expect(performance.now() - startedMs).toBeLessThan(1000);
  });
});

test('a loss is nothing to log about in the app', async () => {
  const logger = memoryLogger();
  await open({}, { logger }).sendTask('t.a');
  broker.connections[0]?.lose();
  await app.sendTask('t.a');
  expect(logger.lines).toEqual([]);
});

// A Python fleet and a tq fleet on one broker: either side sends, either side works, either side reads the result.
import { randomUUID } from 'node:crypto';
import { Decimal, PlainDate, Uuid } from '@tq/core';
import { serviceUrl } from '@tq/testkit';
import { py } from './support/peer.ts';
import { Place, python } from './support/place.ts';

const soon = { timeout: 20 };

const amqp = (): string => serviceUrl('amqp').href;
const redis = (db: number): string => new URL(`/${db}`, serviceUrl('redis')).href;

/** [broker, results] */
const PAIRS = [
  ['RabbitMQ', 'rpc', () => ({ broker: amqp(), backend: 'rpc://' })],
  ['RabbitMQ', 'Redis', () => ({ broker: amqp(), backend: redis(1) })],
  ['Redis', 'Redis', () => ({ broker: redis(2), backend: redis(2) })],
  ['Redis', 'rpc', () => ({ broker: redis(3), backend: 'rpc://' })],
] as const;

const suite = python ? describe : describe.skip;

/** Before 5.3 Celery's JSON had no types: dates and their like travel as texts, and what tq gives a type arrives as a dict. */
const hasTypes = Number(/^5\.(\d+)/.exec(process.env['TQ_TEST_CELERY_VERSION'] ?? '')?.[1] ?? 9) >= 3;
/** Those that JSON itself can carry need no types. */
const typed = <T>(rows: readonly T[], plain: (row: T) => boolean): T[] =>
  rows.filter((row) => hasTypes || plain(row));

suite.each(PAIRS)('on %s with results by %s', (_, __, urls) => {
  let place: Place;
  beforeAll(async () => {
    place = new Place(urls());
    await place.ready();
  }, 60_000);
  afterAll(() => place[Symbol.asyncDispose]());

  describe('Python calls, tq works', () => {
    test('arguments, keyword arguments and results', async () => {
      expect((await place.python.result('tq.add', [2, 2])).result).toBe(4);
      const told = await place.python.result('tq.keywords', [1], {}, { b: [2, { c: null }] });
      expect(told.result).toEqual({ a: 1, b: [2, { c: null }] });
      expect((await place.python.result('tq.echo', [['é', '日本', '🙂', 0.1, true, null]])).result).toEqual([
        'é',
        '日本',
        '🙂',
        0.1,
        true,
        null,
      ]);
    });

    const expressions = [
      [
        'datetime.datetime(2026, 2, 3, 4, 5, 6, 789000, tzinfo=datetime.timezone.utc)',
        'Date 2026-02-03T04:05:06.789Z',
      ],
      ['datetime.date(2026, 2, 3)', 'PlainDate 2026-02-03'],
      ['datetime.time(4, 5, 6)', 'PlainTime 04:05:06'],
      ["uuid.UUID('12345678-1234-5678-1234-567812345678')", 'Uuid 12345678-1234-5678-1234-567812345678'],
      ["decimal.Decimal('12.340')", 'Decimal 12.340'],
      ["b'\\xff\\x00'", 'Buffer ff00'],
      ['2**70', 'BigInt 1180591620717411303424'],
    ] as const;

    test.each(typed(expressions, ([expression]) => expression === '2**70'))(
      '%s arrives, and comes back as it was',
      async (expression, described) => {
        expect((await place.python.result('tq.describe', [py(expression)])).result).toBe(described);
        const { repr } = await place.python.result('tq.echo', [py(expression)]);
        expect(repr).toBe(await reprOf(expression));
      },
    );

    test('a failure comes with its type, message and stack', async () => {
      const told = await place.python.result('tq.fail', ['no luck']);
      expect(told.state).toBe('FAILURE');
      expect(told.error).toEqual({ type: 'NoLuck', args: ['no luck'] });
      expect(told.traceback).toContain('tq.mjs');
      // Types that both languages have go by the other's name.
      const native = await place.python.result('tq.fail', ['out of range', true]);
      expect(native.error).toEqual({ type: 'ValueError', args: ['out of range'] });
    });

    test('retries, states of its own, STARTED', async () => {
      expect((await place.python.result('tq.retryTwice')).result).toBe(2);
      expect(await place.python.states(await place.python.call('tq.progress'))).toContainEqual([
        'PROGRESS',
        { done: 1, of: 2 },
      ]);
      const seen = await place.python.states(await place.python.call('tq.tracked'));
      expect(seen.map(([state]) => state)).toContain('STARTED');
    });

    test('headers, limits and priority reach the task', async () => {
      const id = await place.python.call('tq.request', [1], {
        time_limit: 30,
        soft_time_limit: 20,
        priority: 3,
        headers: { tenant: 'acme' },
      });
      const { result } = await place.python.get(id);
      expect(result).toMatchObject({
        id,
        rootId: id,
        parentId: null,
        args: [1],
        headers: { tenant: 'acme' },
        timeLimit: 30,
        softTimeLimit: 20,
        priority: 3,
        retries: 0,
        lang: 'py',
        correlationId: id,
      });
    });

    test('a countdown is waited for, and what has expired does not run', async () => {
      const before = Date.now();
      expect((await place.python.result('tq.echo', ['later'], { countdown: 1 })).result).toBe('later');
      expect(Date.now() - before).toBeGreaterThanOrEqual(950);
      const expired = await place.python.result('tq.echo', ['never'], {
        expires: py('datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=5)'),
      });
      expect([expired.state, expired.error?.type]).toEqual(['REVOKED', 'TaskRevokedError']);
    });

    test('links and error links, over to Python again', async () => {
      const [linked, failed] = [randomUUID(), randomUUID()];
      await place.python.call('tq.add', [2, 3], {
        link: py(`signature('py.add', args=(10,), queue='py', task_id='${linked}')`),
      });
      expect((await place.python.get(linked)).result).toBe(15);
      const id = await place.python.call('tq.fail', ['x'], {
        link_error: py(`signature('py.on_error', queue='py', task_id='${failed}')`),
      });
      expect((await place.python.get(failed)).result).toBe(`saw ${id}`);
    });

    test('children of a task are known', async () => {
      const told = await place.python.result('tq.parent', ['py.add', [1, 2], 'py']);
      expect(told.children).toEqual([told.result]);
    });

    test('an ignored result is kept nowhere', async () => {
      const id = await place.python.call('tq.quiet', [1], { ignore_result: true });
      await place.tqWorker.says(`tq.quiet[${id}] succeeded`);
    });
  });

  describe('tq calls, Python works', () => {
    const call = <R = unknown>(task: string, args: readonly unknown[] = [], options = {}) =>
      place.client.sendTask<R>(task, args, { queue: 'py', ...options });

    test('arguments, keyword arguments and results', async () => {
      expect(await call('py.add', [2, 2]).get(soon)).toBe(4);
      expect(await call('py.keywords', [1], { kwargs: { b: [2, { c: null }] } }).get(soon)).toEqual({
        args: [1],
        kwargs: { b: [2, { c: null }] },
      });
      const texts = ['é', '日本', '🙂', 0.1, true, null];
      expect(await call('py.echo', [texts]).get(soon)).toEqual(texts);
    });

    const values = [
      [
        new Date('2026-02-03T04:05:06.789Z'),
        /^datetime datetime\.datetime\(2026, 2, 3, 4, 5, 6, 789000, tzinfo=/,
      ],
      [PlainDate.from('2026-02-03'), /^date datetime\.date\(2026, 2, 3\)$/],
      [
        Uuid.from('12345678-1234-5678-1234-567812345678'),
        /^UUID UUID\('12345678-1234-5678-1234-567812345678'\)$/,
      ],
      [Decimal.from('12.340'), /^Decimal Decimal\('12\.340'\)$/],
      [Buffer.from([255, 0]), /^bytes b'\\xff\\x00'$/],
      [2n ** 70n, /^int 1180591620717411303424$/],
    ] as const;

    test.each(typed<readonly [unknown, RegExp]>(values, ([value]) => typeof value === 'bigint'))(
      '%s arrives, and comes back as it was',
      async (value, described) => {
        expect(await call('py.describe', [value]).get(soon)).toMatch(described);
        expect(await call('py.echo', [value]).get(soon)).toEqual(value);
      },
    );

    test('a failure comes with its type, message and traceback', async () => {
      const result = await call('py.fail', ['no luck']);
      await expect(result.get(soon)).rejects.toMatchObject({ name: 'ValueError', message: /no luck/ });
      expect(await result.state()).toBe('FAILURE');
      expect(await result.traceback()).toContain('Traceback (most recent call last)');
    });

    test('retries, states of its own, STARTED', async () => {
      expect(await call('py.retry_twice').get(soon)).toBe(2);
      await expect(call('py.give_up').get(soon)).rejects.toMatchObject({ name: 'KeyError' });
      const seen: unknown[] = [];
      const onMessage = (meta: { status: string; result: unknown }) => seen.push([meta.status, meta.result]);
      expect(await call('py.progress').get({ ...soon, onMessage })).toBe('done');
      expect(seen).toContainEqual(['PROGRESS', { done: 1, of: 2 }]);
      const states: string[] = [];
      await call('py.tracked').get({ ...soon, onMessage: (meta) => states.push(meta.status) });
      expect(states).toContain('STARTED');
    });

    test('headers, limits and priority reach the task', async () => {
      const result = await call('py.request', [1], {
        timeLimit: 30,
        softTimeLimit: 20,
        priority: 3,
        headers: { tenant: 'acme' },
      });
      expect(await result.get(soon)).toMatchObject({
        id: result.id,
        root_id: result.id,
        parent_id: null,
        args: [1],
        ...(hasTypes ? { headers: { tenant: 'acme' } } : {}), // older ones keep them elsewhere
        timelimit: [30, 20],
        priority: 3,
        routing_key: 'py',
        retries: 0,
        correlation_id: result.id,
        argsrepr: '(1,)',
      });
    });

    test('a countdown is waited for, and what has expired does not run', async () => {
      const before = Date.now();
      expect(await call('py.echo', ['later'], { countdown: 1 }).get(soon)).toBe('later');
      expect(Date.now() - before).toBeGreaterThanOrEqual(950);
      const expired = call('py.echo', ['never'], { expires: new Date(Date.now() - 5000) });
      await expect(expired.get(soon)).rejects.toMatchObject({ name: 'TaskRevokedError' });
    });

    test('links and error links, over to tq again', async () => {
      const [linked, failed] = [randomUUID(), randomUUID()];
      // By rpc a Python worker has the results of links sent to itself, unless they say where to.
      const { oid: replyTo } = place.client;
      const signatureOf = (task: string, args: readonly unknown[], taskId: string) =>
        place.client.signature(task, args, { taskId, queue: 'tq', replyTo });
      await call('py.add', [2, 3], { link: signatureOf('tq.add', [10], linked) });
      expect(await place.client.asyncResult(linked).get(soon)).toBe(15);
      const failing = await call('py.fail', ['x'], { linkError: signatureOf('tq.onError', [], failed) });
      expect(await place.client.asyncResult(failed).get(soon)).toBe(`saw ${failing.id}`);
    });

    test('children of a task are known', async () => {
      const result = await call<string>('py.parent', ['tq.add', [1, 2], 'tq']);
      const child = await result.get(soon);
      expect((await result.children()).map((each) => each.id)).toEqual([child]);
    });
  });

  async function reprOf(expression: string): Promise<string> {
    const { repr } = await place.python.result('py.echo', [py(expression)], { queue: 'py' });
    return repr;
  }
});

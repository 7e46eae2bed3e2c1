import { createApp, Decimal, EncodeError, PlainDate, PlainTime, Uuid } from '@tq/core';
import type { App, CallOptions, Settings, TaskOptions } from '@tq/core';
import { decompress } from '@tq/core/internal';
import { prepareCall } from '../src/call.ts';
import type { PreparedCall } from '../src/call.ts';
import type { TaskContext } from '../src/context.ts';
import type { MessageVector } from './support/vectors.ts';
import { vectorsOf } from './support/vectors.ts';

const recorded = vectorsOf<MessageVector>('tasks-amqp');
const NOW = Date.UTC(2026, 10, 22, 15, 56, 42, 500);

interface Circumstances {
  readonly app?: App;
  readonly conf?: Partial<Settings>;
  readonly parent?: TaskContext;
}

function prepare(
  task: string,
  args: readonly unknown[],
  options: CallOptions = {},
  { conf = {}, app = createApp('t', { conf }), parent }: Circumstances = {},
): PreparedCall {
  return prepareCall(task, app.tasks.get(task)?.definition, args, options, {
    config: app.config,
    serializers: app.serializers,
    nowMs: NOW,
    origin: 'gen1@client.example',
    replyTo: 'oid-1',
    parent,
  });
}

/** A task with options, called. */
const prepareTask = (
  own: Omit<TaskOptions, 'bind'>,
  options: CallOptions = {},
  conf: Partial<Settings> = {},
): PreparedCall => {
  const app = createApp('t', { conf });
  app.task('t.add', own, (x: number, y: number) => x + y);
  return prepare('t.add', [1, 2], options, { app });
};

const bodyOf = ({ message }: PreparedCall): unknown => JSON.parse(Buffer.from(message.body).toString());

const CAMEL = {
  contentType: 'content_type',
  contentEncoding: 'content_encoding',
  deliveryMode: 'delivery_mode',
  priority: 'priority',
  correlationId: 'correlation_id',
  replyTo: 'reply_to',
  expiration: 'expiration',
};
const wireProperties = ({ message }: PreparedCall): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(message.properties).map(([name, value]) => [CAMEL[name as keyof typeof CAMEL], value]),
  );

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?\+00:00$/;
const seconds = (value: unknown): number => Date.parse(String(value)) / 1000;

describe('messages are those of Celery', () => {
  const link = {
    task: 'proj.mul',
    args: [10],
    kwargs: {},
    options: {},
    subtask_type: null,
    immutable: false,
  };
  const errback = {
    task: 'proj.errback',
    args: [],
    kwargs: {},
    options: {},
    subtask_type: null,
    immutable: false,
  };
  const other = {
    task: 'proj.add',
    args: [5],
    kwargs: {},
    options: { queue: 'other', countdown: 3 },
    subtask_type: null,
    immutable: true,
  } as const;
  const cases: readonly (readonly [id: string, args: readonly unknown[], options: CallOptions])[] = [
    ['delay', [2, 3], {}],
    ['kwargs', ['héllo ✓', 1.5, null, true], { kwargs: { key: 'välue', nested: { a: [1, { b: 2 }] } } }],
    ['noargs', [], {}],
    ['priority', [1, 2], { priority: 5 }],
    ['timelimits', [1, 2], { timeLimit: 60, softTimeLimit: '30s' }],
    ['custom-headers', [1, 2], { headers: { 'x-tenant': 'acme', trace: { id: 'abc', n: 7 } } }],
    ['shadow', [1, 2], { shadow: 'proj.add#shadow' }],
    ['ignore-result', [1, 2], { ignoreResult: true }],
    [
      'ids',
      [1, 2],
      {
        taskId: 'my-task-id',
        rootId: 'the-root',
        parentId: 'the-parent',
        groupId: 'the-group',
        groupIndex: 3,
      },
    ],
    ['reply-to', [1, 2], { replyTo: 'my.reply.queue' }],
    ['link', [1, 2], { link, linkError: errback }],
    ['link-many', [1, 2], { link: [link, other] }],
    ['transient', [1, 2], { deliveryMode: 1 }],
    ['delivery-mode-string', [1, 2], { deliveryMode: 'transient' }],
    ['nested-args', [{ a: { b: { c: { d: 1 } } } }, [[[[1]]]]], {}],
    ['custom-argsrepr', [1, 2], { argsrepr: '(<secret>)', kwargsrepr: '{}' }],
    ['send-task', [1], { kwargs: { a: 2 } }],
    ['stamped', [1, 2], { stamps: { tenant: 'acme', batch: ['b1', 'b2'] } }],
  ];

  test.each(cases)('%s', (id, args, options) => {
    const { exchange, routing_key: routingKey, properties, headers, body } = recorded(id);
    const { id: theirId, ...expected } = headers;
    const ownId = expected['root_id'] === theirId ? { rootId: String(theirId) } : {};
    const call = prepare(String(headers['task']), args, {
      taskId: String(theirId),
      replyTo: String(properties['reply_to']),
      ...ownId,
      ...options,
    });
    expect(call.message.headers).toMatchObject({
      ...expected,
      lang: 'js',
      id: theirId,
      origin: 'gen1@client.example',
    });
    expect(wireProperties(call)).toEqual({ priority: 0, ...properties });
    expect(bodyOf(call)).toEqual(body);
    expect(call.route).toMatchObject({ exchange, routingKey });
  });

  test('with the same headers in the same order', () => {
    expect(Object.keys(prepare('t', []).message.headers)).toEqual(Object.keys(recorded('delay').headers));
  });

  test('with the typed values of JSON', () => {
    const date = PlainDate.from('2024-02-29');
    const [theirs] = recorded('json-types').body as [unknown[]];
    const args = [
      date,
      PlainTime.from('12:30:15.5'),
      Decimal.from('10.50'),
      Uuid.from('12345678123456781234567812345678'),
      Buffer.from('bytes'),
      Buffer.from([0xff, 0xfe]),
    ];
    expect((bodyOf(prepare('t', args)) as unknown[])[0]).toEqual(theirs.slice(2, 8));
  });

  test('with a body that Celery decompresses', () => {
    const call = prepare('proj.echo', ['a'.repeat(60)], { compression: 'zlib' });
    const { headers, body } = recorded('compression-zlib');
    expect(call.message.headers['compression']).toBe(headers['compression']);
    const bytes = decompress(String(headers['compression']), call.message.body);
    expect(JSON.parse(Buffer.from(bytes).toString())).toEqual(body);
    expect(Object.keys(call.message.headers)).toEqual(Object.keys(headers));
  });
});

describe('times', () => {
  test('a countdown is an ETA with offset and six digits, an expiry also a property', () => {
    const call = prepare('t', [], { countdown: 1.5, expires: 10.25 });
    const { headers, properties } = call.message;
    expect(headers).toMatchObject({
      eta: '2026-11-22T15:56:44+00:00',
      expires: '2026-11-22T15:56:52.750000+00:00',
    });
    expect(properties.expiration).toBe(recorded('countdown-expires').properties['expiration']);
    expect(seconds(headers['expires']) - seconds(headers['eta'])).toBeCloseTo(8.75);
    expect(call.plan.notBeforeMs).toBe(NOW + 1500);
  });

  test('without them there is none', () => {
    const { message, plan } = prepare('t', []);
    expect(message.headers).toMatchObject({ eta: null, expires: null });
    expect(message.properties).not.toHaveProperty('expiration');
    expect(plan.notBeforeMs).toBeUndefined();
  });

  test('dates and texts of any ISO form become the one that old peers read', () => {
    const eta = new Date('2030-01-02T03:04:05.678Z');
    for (const given of [
      eta,
      '2030-01-02T03:04:05.678Z',
      '2030-01-02T04:04:05.678+01:00',
      '2030-01-02T03:04:05.678000',
    ])
      expect(prepare('t', [], { eta: given }).message.headers['eta']).toBe(
        '2030-01-02T03:04:05.678000+00:00',
      );
    const { headers, properties } = prepare('t', [], { expires: '2030-01-02T03:04:05Z' }).message;
    expect(headers['expires']).toBe('2030-01-02T03:04:05+00:00');
    expect(headers['expires']).toMatch(ISO);
    expect(properties.expiration).toBe(String(Date.UTC(2030, 0, 2, 3, 4, 5) - NOW));
  });

  test('seconds as a text of digits are no year', () => {
    expect(prepare('t', [], { expires: '1000000' }).message.headers['expires']).toBe(
      '2026-12-04T05:43:22.500000+00:00',
    );
  });

  test.each([{ groupId: 'g' }, { chain: [] }, { chord: { task: 'body' } }])(
    'no broker drops a part of a work-flow that expires: %j',
    (part) => {
      const { headers, properties } = prepare('t', [], { expires: 10, ...part }).message;
      expect(headers['expires']).toMatch(ISO);
      expect(properties).not.toHaveProperty('expiration');
    },
  );

  test('what has expired already has no time left, rather than less', () => {
    expect(prepare('t', [], { expires: new Date(NOW - 1) }).message.properties.expiration).toBe('0');
  });

  test('without a wait there is no ETA', () => {
    expect(prepare('t', [], { countdown: 0 }).message.headers['eta']).toBeNull();
    expect(prepare('t', [], { countdown: -5 }).message.headers['eta']).toBeNull();
  });

  test('an ETA that is no time is refused', () => {
    expect(() => prepare('t', [], { eta: '10s' })).toThrow('eta must be a Date or an ISO 8601 text');
    expect(() => prepare('t', [], { eta: '2026' })).toThrow('eta must be');
    expect(() => prepare('t', [], { countdown: Infinity })).toThrow('countdown must be');
    expect(() => prepare('t', [], { countdown: 1e12 })).toThrow('countdown is out of range');
  });
});

describe('options', () => {
  test('of the call win over those of the task, those over settings', () => {
    const own = {
      priority: 3,
      queue: 'own',
      expires: 60,
      timeLimit: 10,
      softTimeLimit: 5,
      deliveryMode: 'transient',
      ignoreResult: true,
      shadow: 'alias',
    } as const;
    const settings = { taskDefaultPriority: 1, taskDefaultQueue: 'default' };
    const byTask = prepareTask(own, {}, settings);
    expect(byTask.route).toMatchObject({ routingKey: 'own', priority: 3 });
    expect(byTask.message.properties).toMatchObject({ priority: 3, deliveryMode: 1, expiration: '60000' });
    expect(byTask.message.headers).toMatchObject({
      timelimit: [10, 5],
      ignore_result: true,
      shadow: 'alias',
    });
    const byCall = prepareTask(
      own,
      {
        priority: 9,
        queue: 'call',
        expires: 1,
        timeLimit: 20,
        deliveryMode: 2,
        ignoreResult: false,
        shadow: 's',
      },
      settings,
    );
    expect(byCall.route).toMatchObject({ routingKey: 'call', priority: 9 });
    expect(byCall.message.properties).toMatchObject({ priority: 9, deliveryMode: 2, expiration: '1000' });
    expect(byCall.message.headers).toMatchObject({ timelimit: [20, 5], ignore_result: false, shadow: 's' });
    const bySettings = prepareTask({}, {}, settings);
    expect(bySettings.route).toMatchObject({ routingKey: 'default', priority: 1 });
  });

  test('a task that ignores results says so; of one that is not known here nothing is assumed', () => {
    expect(prepareTask({}, {}, { taskIgnoreResult: true })).toMatchObject({ ignoreResult: true });
    const unknown = prepare('other.task', [], {}, { conf: { taskIgnoreResult: true } });
    expect(unknown.message.headers['ignore_result']).toBe(false);
  });

  test('the display name may depend on the arguments', () => {
    const shadow = (args: readonly unknown[], kwargs: object): string =>
      `add ${String(args[0])} ${Object.keys(kwargs).join()}`;
    expect(prepareTask({ shadow }, { kwargs: { k: 1 } }).message.headers['shadow']).toBe('add 1 k');
    expect(prepareTask({ shadow: () => undefined }).message.headers['shadow']).toBeNull();
  });

  test('headers of the user never replace those of the protocol', () => {
    const { headers } = prepare('t', [], {
      taskId: 'mine',
      headers: { id: 'other', task: 'evil', 'x-a': 1 },
    }).message;
    expect(headers).toMatchObject({ id: 'mine', task: 't', 'x-a': 1 });
  });

  test('the plan of publishing follows settings and call', () => {
    expect(prepare('t', []).plan).toMatchObject({ timeoutMs: 5000, retry: { maxRetries: 3 } });
    const conf = { publishTimeout: '2s', taskPublishRetryPolicy: { maxRetries: 1 } };
    expect(prepare('t', [], { retryPolicy: { intervalMax: 9 } }, { conf }).plan).toMatchObject({
      timeoutMs: 2000,
      retry: { maxRetries: 1, intervalMax: 9 },
    });
    expect(prepare('t', [], { retry: false, publishTimeout: 1 }).plan).toMatchObject({
      timeoutMs: 1000,
      retry: undefined,
    });
  });

  test('each call has an id of its own, its own root outside of tasks', () => {
    const [a, b] = [prepare('t', []), prepare('t', [])];
    expect(a.id).toMatch(/^[0-9a-f-]{36}$/);
    expect(a.id).not.toBe(b.id);
    expect(a.message.headers).toMatchObject({ id: a.id, root_id: a.id, parent_id: null });
  });

  test('inside of a task, root, parent and, if it is set so, priority come from there', () => {
    const parent = { request: { id: 'p', rootId: 'r', priority: 7 } } as unknown as TaskContext;
    const inside = prepare('t', [], {}, { parent });
    expect(inside.message.headers).toMatchObject({ root_id: 'r', parent_id: 'p' });
    expect(inside.message.properties.priority).toBe(0);
    const inheriting = prepare('t', [], {}, { parent, conf: { taskInheritParentPriority: true } });
    expect(inheriting.message.properties.priority).toBe(7);
    const explicit = prepare(
      't',
      [],
      { priority: 2, rootId: 'x', parentId: 'y' },
      { parent, conf: { taskInheritParentPriority: true } },
    );
    expect(explicit.message.properties.priority).toBe(2);
    expect(explicit.message.headers).toMatchObject({ root_id: 'x', parent_id: 'y' });
  });
});

describe('bodies', () => {
  test('what can not travel is refused by the path that the caller knows', () => {
    const path = (args: unknown[], options: CallOptions = {}): string => {
      try {
        prepare('t', args, options);
      } catch (error) {
        expect(error).toBeInstanceOf(EncodeError);
        return (error as EncodeError).path;
      }
      return 'nothing refused';
    };
    expect(path([{ when: new Date(Number.NaN) }])).toBe('args[0].when');
    expect(path([], { kwargs: { callback: () => 1 } })).toBe('kwargs.callback');
    expect(path([], { link: { task: 't', args: [Symbol('s')] } })).toBe('embed.callbacks[0].args[0]');
  });

  test('too large a message is refused with its largest part', () => {
    const conf = { maxMessageBytes: 100 };
    expect(() =>
      prepare('t.add', [1, 'x'.repeat(50)], { kwargs: { blob: 'y'.repeat(200) } }, { conf }),
    ).toThrow(
      /^The message for t\.add has \d+ bytes, over maxMessageBytes \(100\); its largest part is kwargs\.blob with 202\./,
    );
    expect(() => prepare('t.add', ['x'.repeat(2000)], { compression: 'gzip' }, { conf })).not.toThrow();
  });

  test('another serializer writes the whole body', () => {
    const app = createApp('t', { conf: { taskSerializer: 'upper' } });
    app.serializers.register({
      name: 'upper',
      contentType: 'application/x-upper',
      contentEncoding: 'binary',
      encode: (value) => Buffer.from(JSON.stringify(value).toUpperCase()),
      decode: (bytes) => JSON.parse(Buffer.from(bytes).toString()) as unknown,
    });
    const { body, properties } = prepare('t', ['a'], {}, { app }).message;
    expect(Buffer.from(body).toString()).toBe(
      '[["A"],{},{"CALLBACKS":NULL,"ERRBACKS":NULL,"CHAIN":NULL,"CHORD":NULL}]',
    );
    expect(properties).toMatchObject({ contentType: 'application/x-upper', contentEncoding: 'binary' });
    expect(() => prepare('t', [], { serializer: 'xml' })).toThrow('No serializer is called "xml"');
  });

  test('a replaced JSON serializer is used', () => {
    const app = createApp('t');
    const decode = (): unknown => null;
    app.serializers.register({
      name: 'json',
      contentType: 'application/json',
      contentEncoding: 'utf-8',
      encode: () => Buffer.from('own'),
      decode,
    });
    expect(Buffer.from(prepare('t', [], {}, { app }).message.body).toString()).toBe('own');
  });
});

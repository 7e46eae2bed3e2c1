import { createApp, Decimal, ImproperlyConfigured, Signature } from '@tq/core';
import type { CallOptions, SignatureData } from '@tq/core';
import { applySignature } from '@tq/core/internal';
import type { SignatureVector } from './support/vectors.ts';
import { vectorsOf } from './support/vectors.ts';

const recorded = vectorsOf<SignatureVector>('signatures');
const app = createApp('proj');
const add = app.task('proj.add', (x: number, y: number) => x + y);
const mul = app.task('proj.mul', (x: number, y: number) => x * y);
const echo = app.task('proj.echo', (...all: unknown[]) => all);
const errback = app.task('proj.errback', (id: string) => id);

/** What is sent when a signature meets arguments. */
const sent = (signature: { readonly data: SignatureData }, args: unknown[] = [], options: CallOptions = {}) =>
  applySignature(signature.data, args, options);

describe("JSON.stringify() gives Celery's JSON", () => {
  test.each([
    ['plain', echo.s(2, 'x').withKwargs({ k: 1 })],
    ['immutable', add.si(2, 3)],
    ['options', add.s(2).set({ queue: 'q2', countdown: 10, expires: 30, priority: 3, taskId: 'tid' })],
    ['links', add.s(2, 2).link(mul.s(3)).linkError(errback.s())],
  ])('%s', (id, signature) => {
    const text = JSON.stringify(signature);
    expect(JSON.parse(text)).toEqual(recorded(id).signature);
    expect(Object.keys(JSON.parse(text) as object)).toEqual(Object.keys(recorded(id).signature));
  });

  test('of options as a Python peer understands them', () => {
    const options = {
      countdown: '10s',
      expires: '1h',
      timeLimit: '5m',
      softTimeLimit: 30,
      linkError: errback.s('a'),
      retryPolicy: { maxRetries: 1, intervalStep: '200ms' },
      exchangeType: 'topic',
      ignoreResult: true,
      shadow: undefined,
    } as unknown as CallOptions;
    expect(add.signature([1, 2], options).toJSON().options).toEqual({
      countdown: 10,
      expires: 3600,
      time_limit: 300,
      soft_time_limit: 30,
      link_error: [
        { task: 'proj.errback', args: ['a'], kwargs: {}, options: {}, subtask_type: null, immutable: false },
      ],
      retry_policy: { max_retries: 1, interval_step: 0.2 },
      exchange_type: 'topic',
      ignore_result: true,
    });
  });

  test('of stamps under their own names', () => {
    const stamped = recorded('sig-stamp-chain').signature['kwargs'] as { readonly tasks: readonly unknown[] };
    expect(add.signature([1, 1], { stamps: { tenant: 'acme' } }).toJSON()).toEqual(stamped.tasks[0]);
  });

  test("of values that JSON lacks as Celery's typed values", () => {
    const at = new Date('2024-02-29T12:30:15Z');
    expect(echo.s(at, Decimal.from('10.50')).toJSON().args).toEqual([
      { __type__: 'datetime', __value__: '2024-02-29T12:30:15+00:00' },
      { __type__: 'decimal', __value__: '10.50' },
    ]);
  });

  test('of signatures among the arguments', () => {
    expect(echo.s([add.s(1, 2)]).toJSON().args).toEqual([[add.s(1, 2).toJSON()]]);
  });

  test('and refuses what can not travel by its path', () => {
    expect(() => JSON.stringify(echo.s({ at: () => 1 }))).toThrow('signature.args[0].at');
  });
});

describe('signatureFrom()', () => {
  test.each([
    'plain',
    'immutable',
    'options',
    'links',
    'sig-chain',
    'sig-chord-options',
    'sig-group-nested',
    'sig-map',
    'sig-stamp-visitor',
  ])('takes what Celery writes and gives the same back: %s', (id) => {
    const { signature } = recorded(id);
    expect(app.signatureFrom(signature).toJSON()).toEqual(signature);
  });

  test('makes the way there and back with typed values', () => {
    const at = new Date('2024-02-29T12:30:15Z');
    const signature = echo.s(at, { price: Decimal.from('10.50') }).set({ eta: at, expires: at });
    const back = app.signatureFrom(JSON.parse(JSON.stringify(signature)));
    expect(back.data).toEqual(signature.data);
    expect(back.data.args?.[0]).toBeInstanceOf(Date);
  });

  test('keeps keys and options that tq does not know', () => {
    const data = { task: 't', args: [], kwargs: {}, options: { future: 1, queue: 'q' }, chord_size: 2 };
    const back = app.signatureFrom(data).clone([1], {}, { priority: 1 }).toJSON();
    expect(back).toMatchObject({ chord_size: 2, options: { future: 1, queue: 'q', priority: 1 } });
    expect(sent(app.signatureFrom(data)).options).toEqual({ queue: 'q' });
  });

  test('fills in what may be missing, null included', () => {
    expect(app.signatureFrom({ task: 't', kwargs: null }).toJSON()).toEqual({
      task: 't',
      args: [],
      kwargs: {},
      options: {},
      subtask_type: null,
      immutable: false,
    });
  });

  test.each([
    [null],
    [undefined],
    ['t'],
    [{}],
    [{ task: '' }],
    [{ task: 1 }],
    [{ task: 't', args: {} }],
    [{ task: 't', kwargs: [] }],
    [{ task: 't', options: 'x' }],
  ])('refuses %j', (data) => {
    expect(() => app.signatureFrom(data)).toThrow(ImproperlyConfigured);
  });
});

describe('what is sent', () => {
  test('new arguments come in front', () => {
    expect(sent(add.s(2), [8]).args).toEqual([8, 2]);
  });

  test('keyword arguments merge, the newer win', () => {
    const signature = add.s(2, 2).withKwargs({ debug: true, level: 1 });
    expect(sent(signature, [], { kwargs: { debug: false } }).kwargs).toEqual({ debug: false, level: 1 });
  });

  test('an immutable signature keeps its arguments and takes options', () => {
    expect(sent(add.si(2, 2), [8], { kwargs: { debug: true }, queue: 'q' })).toEqual({
      args: [2, 2],
      kwargs: {},
      options: { queue: 'q' },
    });
    expect(sent(add.s(1, 2).immutable(), [9]).args).toEqual([1, 2]);
  });

  test('options of the call win over those of the signature; what is not given does not count', () => {
    const signature = add.signature([2, 2], { queue: 'a', countdown: 5, priority: 1 });
    const options = { queue: 'b', countdown: undefined, priority: null } as unknown as CallOptions;
    expect(sent(signature, [], options).options).toEqual({ queue: 'b', countdown: 5, priority: 1 });
  });

  test('the group and the stamps of a signature stay', () => {
    const signature = add.signature([2, 2], { groupId: 'g', stamps: { tenant: 'acme' } });
    expect(sent(signature, [], { groupId: 'other', stamps: { tenant: 'x', batch: 'b' } }).options).toEqual({
      groupId: 'g',
      stampedHeaders: ['tenant'],
      stamps: { tenant: 'acme' },
    });
    expect(sent(add.s(), [], { stamps: { a: 1 } }).options).toEqual({
      stampedHeaders: ['a'],
      stamps: { a: 1 },
    });
  });

  test("options that Python wrote are understood in tq's names", () => {
    const data = {
      task: 't',
      options: { time_limit: 60, retry_policy: { max_retries: 2 }, link_error: [], root_id: null },
    };
    expect(sent({ data }).options).toEqual({ timeLimit: 60, retryPolicy: { maxRetries: 2 }, linkError: [] });
  });
});

describe('a signature never changes', () => {
  test('every verb gives a new one', () => {
    const given = { queue: 'q' };
    const first = add.signature([1], given);
    const before = JSON.stringify(first);
    const others = [
      first.set({ queue: 'x' }),
      first.withKwargs({ a: 1 }),
      first.link(mul.s()),
      first.linkError(errback.s()),
      first.immutable(),
      first.clone([9], { k: 1 }, { priority: 4 }),
    ];
    given.queue = 'changed';
    expect(JSON.stringify(first)).toBe(before);
    expect(new Set(others.map((other) => JSON.stringify(other))).size).toBe(others.length);
  });

  test('the arguments of s() are copied', () => {
    const args = [1, 2];
    const signature = add.signature(args as [number, number]);
    args.push(3);
    expect(signature.data.args).toEqual([1, 2]);
  });
});

test('clone() merges as a call does', () => {
  const merged = add
    .signature([2], { queue: 'a', kwargs: { x: 1 } })
    .clone([8], { y: 2 }, { queue: 'b', countdown: '1m' });
  expect(merged.data).toMatchObject({
    args: [8, 2],
    kwargs: { x: 1, y: 2 },
    options: { queue: 'b', countdown: 60 },
  });
});

test('link() adds to the links that are there', () => {
  const linked = add.s(1, 2).link(mul.s(3)).link(mul.s(4));
  expect(linked.data.options).toMatchObject({ link: [{ args: [3] }, { args: [4] }] });
});

test('toString() prints a call as Celery does', () => {
  expect(String(add.s(2, 2))).toBe('proj.add(2, 2)');
  expect(`${echo.s('x', [1, null]).withKwargs({ debug: true }).toString()}`).toBe(
    "proj.echo('x', [1, None], debug=True)",
  );
});

test('a signature of any task can be made by its name', () => {
  const signature = app.signature('other.lang.task', [1], { queue: 'py', kwargs: { a: 2 } });
  expect(signature).toBeInstanceOf(Signature);
  expect(signature.toJSON()).toMatchObject({
    task: 'other.lang.task',
    args: [1],
    kwargs: { a: 2 },
    options: { queue: 'py' },
  });
});

import { afterAll, describe, expect, test } from '@jest/globals';
import { createApp } from '@tq/core';
import type { AnySignature, CallOptions, NextCall, Plan } from '@tq/core';
import { optionsToWire } from '@tq/core/internal';
import { chain, chord, chunks, group, map, plan, starmap } from '../src/index.ts';
import { meaning, vectorsOf, workflowOf } from './support/recorded.ts';

// What a Python client makes of work-flows, and what is made of them here: equal in meaning.

const app = createApp('proj', { broker: 'memory://vectors', backend: null });
const add = app.task('proj.add', (x: number, y: number) => x + y);
const mul = app.task('proj.mul', (x: number, y: number) => x * y);
const tsum = app.task('proj.tsum', (numbers: number[]) => numbers.length);
const noop = app.task('proj.noop', (..._: readonly unknown[]) => undefined);
const errback = app.task('proj.errback', (id: string) => id);
afterAll(() => app.close());

const workflows: Readonly<Record<string, () => AnySignature>> = {
  chain: () => chain(add.s(1, 2), mul.s(3), mul.s(4)),
  'chain-single': () => chain(add.s(1, 2)),
  'chain-immutable': () => chain(add.s(1, 2), add.si(5, 5)),
  group: () => group(add.s(1, 1), add.s(2, 2)),
  'group-args': () => group(add.s(1), mul.s(2)),
  'group-nested': () => group([add.s(1, 1), group(add.s(2, 2), add.s(3, 3))] as AnySignature[]),
  'group-with-chain': () => group(add.s(1, 1), chain(add.s(2, 2), mul.s(3))),
  chord: () => chord([add.s(1, 1), add.s(2, 2)], tsum.s()),
  'chord-options': () =>
    chord([add.s(1, 1)], tsum.s().set({ queue: 'body_q', priority: 3 }).onError(errback.s())),
  'group-pipe-task': () => group(add.s(1, 1), add.s(2, 2)).pipe(tsum.s()),
  'task-group-task': () =>
    add
      .s(1, 1)
      .pipe(group(add.s(10), mul.s(10)))
      .pipe(tsum.s()),
  'task-group': () => add.s(1, 1).pipe(group(add.s(10), mul.s(10))),
  'chord-pipe-task': () => chord([add.s(1, 1), add.s(2, 2)], tsum.s()).pipe(mul.s(10)),
  'group-group': () => group(add.s(1, 1), add.s(2, 2)).pipe(group(tsum.s(), noop.s())),
  'chord-chain-header': () => chord([chain(add.s(1, 1), mul.s(2)), add.s(3, 3)], tsum.s()),
  'chord-nested': () => chord([chord([add.s(1, 1), add.s(2, 2)], tsum.s()), add.s(3, 3)], tsum.s()),
  'chord-empty': () => chord([], tsum.s()),
  map: () =>
    map(tsum, [
      [1, 2],
      [3, 4],
    ]),
  starmap: () =>
    starmap(add, [
      [1, 2],
      [3, 4],
    ]),
  chunks: () =>
    chunks(
      add,
      [
        [0, 0],
        [1, 1],
        [2, 2],
        [3, 3],
      ],
      2,
    ),
  'stamp-chain': () => chain(add.s(1, 1), mul.s(2)).stamp({ tenant: 'acme' }),
  'stamp-visitor': () =>
    group(add.s(1, 1), add.s(2, 2))
      .pipe(tsum.s())
      .stamp({
        onGroupStart: () => ({ grp: 'g1' }),
        onSignature: (signature) => ({ mtask: `stamp-${signature.task}` }),
      }),
  'chord-link-error-header': () => {
    app.conf.taskAllowErrorCbOnChordHeader = true;
    const made = chord([add.s(1, 1), add.s(2, 2)], tsum.s()).linkError(errback.s());
    app.conf.taskAllowErrorCbOnChordHeader = false;
    return made;
  },
};

/** Calls with options, of work-flows that have none. */
const calls: Readonly<
  Record<string, { readonly of: string; readonly args?: unknown[]; readonly options?: CallOptions }>
> = {
  'chain-link-error': { of: 'chain-two', options: { linkError: errback.s() } },
  'chain-link': { of: 'chain-two', options: { link: noop.s() } },
  'chain-options': { of: 'chain-two', options: { taskId: 'last-id', priority: 4, headers: { h: 1 } } },
  'chain-countdown': { of: 'chain-two', options: { countdown: 5 } },
  'group-args': { of: 'group-args', args: [10] },
};
const chainOfTwo = (): AnySignature => chain(add.s(1, 2), mul.s(3));

describe('signatures are what Python makes of the same', () => {
  const recorded = vectorsOf('signatures').filter(({ id }) =>
    Object.hasOwn(workflows, id.replace(/^sig-/, '')),
  );
  test('most of the recorded ones are built here', () => expect(recorded.length).toBeGreaterThan(18));
  test.each(recorded.map(({ id, signature }) => [id, signature] as const))('%s', (id, signature) => {
    const made = workflows[id.replace(/^sig-/, '')]!();
    expect(meaning(made.toJSON())).toEqual(meaning(signature));
    expect(app.signatureFrom(signature).toString()).toBe(made.toString());
  });
});

/**
 * Sent in another way. `group-nested`: positions run through, where Celery begins anew in each group. `group-group`: a body that is a
 * group has an id of its own, where Celery gives it its header's.
 */
const ON_PURPOSE: ReadonlySet<string> = new Set(['group-nested', 'group-group']);

/** Of a chord whose body is a chain, Celery's handle leaves out the steps between the header and the last one. */
const SHORTER: ReadonlySet<string> = new Set(['chord-pipe-task']);

describe('messages are what a Python client sends', () => {
  const names = [...new Set([...Object.keys(workflows), ...Object.keys(calls)])];
  test.each(names.filter((name) => !ON_PURPOSE.has(name)))('%s', (name) => {
    const recorded = workflowOf('canvas-amqp', name);
    const call = calls[name];
    const made = call?.of === 'chain-two' ? chainOfTwo() : workflows[call?.of ?? name]!();
    const replyTo = String(recorded[0]!.properties['reply_to']);
    const planned = plan(made.data, call?.args ?? [], call?.options ?? {}, { replyTo });
    expect(meaning(planned.calls.map(shownCall))).toEqual(meaning(recorded.map(shownVector)));
    if (recorded[0]!.result_as_tuple && !SHORTER.has(name))
      expectResult(planned, recorded[0]!.result_as_tuple);
  });
});

test('positions run through groups in a group', () => {
  const { calls: sent } = plan(workflows['group-nested']!().data, [], {}, {});
  expect(sent.map(({ options }) => options.groupIndex)).toEqual([0, 1, 2]);
});

test('a body that is a group has an id of its own', () => {
  const { calls: sent, results } = plan(workflows['group-group']!().data, [], {}, {});
  const [[id, header]] = results[0]!;
  expect(sent.map(({ options }) => options.groupId)).toEqual([header![0][0], header![0][0]]);
  expect(id).not.toBe(header![0][0]);
});

/** The shape of the client's handles; the ids differ. */
function expectResult({ results }: Plan, recorded: unknown): void {
  expect(JSON.stringify(results[0]).replaceAll(/"[^"]+"/g, 'id')).toBe(
    JSON.stringify(recorded).replaceAll(/"[^"]+"/g, 'id'),
  );
}

function shownCall(call: NextCall): unknown {
  const { message } = app.prepare(call.task, call.args, call.options);
  const body = JSON.parse(Buffer.from(message.body).toString()) as unknown;
  return shown({ headers: message.headers, body, priority: message.properties.priority });
}

function shownVector({ headers, body, properties }: ReturnType<typeof vectorsOf>[number]): unknown {
  return shown({ headers, body, priority: properties['priority'] });
}

function shown({
  headers,
  body,
  priority,
}: {
  headers: Readonly<Record<string, unknown>>;
  body: unknown;
  priority: unknown;
}): unknown {
  const { task, id, group: of, group_index, root_id, parent_id, stamps, ignore_result, argsrepr } = headers;
  const names = (headers['stamped_headers'] as string[] | null)?.toSorted() ?? null;
  return {
    task,
    id,
    of,
    group_index,
    root_id,
    parent_id,
    stamps,
    ignore_result,
    argsrepr,
    names,
    body,
    priority,
  };
}

test('options of a call have the names that Python knows', () => {
  expect(optionsToWire({ linkError: [], taskId: 'x' })).toEqual({ link_error: [], task_id: 'x' });
});

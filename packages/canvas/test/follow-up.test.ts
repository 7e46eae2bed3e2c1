import { readFileSync } from 'node:fs';
import { createApp, silentLogger } from '@tq/core';
import type { Delivery, Embed, Outcome, SignatureData, WireError } from '@tq/core';
import { encodeJson } from '@tq/core/internal';
import { eventually, uniqueName } from '@tq/testkit';
import { followUp, skippedSteps } from '../src/follow-up.ts';
import type { NextCall } from '../src/follow-up.ts';

interface Vector {
  readonly id: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: readonly [readonly unknown[], object, { readonly chain: readonly SignatureData[] | null }];
  readonly properties: Readonly<Record<string, unknown>>;
}

/** What a Python worker published when a task of its own had ended. */
function recorded(id: string): Vector {
  const file = new URL('../../../test/wire/vectors/followups-amqp.json', import.meta.url);
  const { vectors } = JSON.parse(readFileSync(file, 'utf8')) as { readonly vectors: readonly Vector[] };
  return vectors.find((vector) => vector.id === id) as Vector;
}

const succeeded = (result: unknown, embed?: Embed): Outcome => ({
  kind: 'succeeded',
  result: encodeJson(result),
  runtimeMs: 1,
  ...(embed ? { embed } : {}),
});
const error: WireError = { excType: 'Error', excModule: 'tq.errors', excMessage: ['boom'], traceback: null };
const failed = (embed?: Embed): Outcome => ({
  kind: 'failed',
  error,
  runtimeMs: 1,
  ...(embed ? { embed } : {}),
});

const task = { id: 'own-id', rootId: 'root-id', priority: 5 };
const step = (
  name: string,
  args: readonly unknown[] = [],
  options: object = {},
  immutable = false,
): SignatureData => ({
  task: name,
  args,
  kwargs: {},
  options: { ...options },
  subtask_type: null,
  immutable,
});

describe('what a Python worker would send', () => {
  /** The task that ended in the recording. */
  const endedIn = ({ headers }: Vector): { id: string; rootId: string; priority: undefined } => ({
    id: String(headers['parent_id']),
    rootId: String(headers['root_id']),
    priority: undefined,
  });
  const sentAs = ({ task: name, args, options }: NextCall): object => ({
    task: name,
    args,
    id: options.taskId,
    parentId: options.parentId,
    rootId: options.rootId,
    group: options.groupId ?? null,
    groupIndex: options.groupIndex ?? null,
    chain: options.chain ?? null,
  });
  const expected = ({ headers, body }: Vector): object => ({
    task: headers['task'],
    args: body[0],
    id: headers['id'],
    parentId: headers['parent_id'],
    rootId: headers['root_id'],
    group: headers['group'],
    groupIndex: headers['group_index'],
    chain: body[2].chain,
  });

  test.each([
    ['chain-step2', 3, step('proj.mul', [3])],
    ['chain-step2-immutable', 3, step('proj.add', [5, 5], {}, true)],
  ])('%s', (id, result, next) => {
    const vector = recorded(id);
    const own = {
      ...next,
      options: { task_id: vector.headers['id'], reply_to: vector.properties['reply_to'] },
    };
    const [call, ...others] = followUp(
      succeeded(result, { chain: [...(vector.body[2].chain ?? []), own] }),
      endedIn(vector),
    );
    expect(others).toEqual([]);
    expect(sentAs(call as NextCall)).toEqual(expected(vector));
    expect(call?.options.replyTo).toBe(vector.properties['reply_to']);
  });

  test('callback', () => {
    const vector = recorded('callback');
    const [call] = followUp(
      succeeded(3, { callbacks: [step('proj.mul', [10], { task_id: vector.headers['id'] })] }),
      endedIn(vector),
    );
    expect(sentAs(call as NextCall)).toEqual(expected(vector));
  });

  test('callback-two: a group of its own', () => {
    const vectors = [recorded('callback-two-1of2'), recorded('callback-two-2of2')];
    const callbacks = vectors.map(({ headers }, index) =>
      step('proj.mul', [10 * (index + 1)], { task_id: headers['id'] }),
    );
    const calls = followUp(succeeded(3, { callbacks }), endedIn(vectors[0] as Vector));
    const group = calls[0]?.options.groupId;
    expect(group).toMatch(/^[0-9a-f-]{36}$/);
    expect(calls.map(sentAs)).toEqual(vectors.map((vector) => ({ ...expected(vector), group })));
  });

  test.each(['errback-old', 'errback-unregistered'])('%s: a group even of one', (id) => {
    const vector = recorded(id);
    const errbacks = [step(String(vector.headers['task']), [], { task_id: vector.headers['id'] })];
    const [call] = followUp(failed({ errbacks }), endedIn(vector));
    expect(call?.options.groupId).toMatch(/^[0-9a-f-]{36}$/);
    expect(sentAs(call as NextCall)).toEqual({ ...expected(vector), group: call?.options.groupId });
  });
});

test('most outcomes set nothing off', () => {
  const chain = [step('next')];
  const outcomes: readonly Outcome[] = [
    succeeded(1),
    failed(),
    succeeded(1, {}),
    succeeded(1, { callbacks: [], chain: [] }),
    failed({ errbacks: [] }),
    succeeded(1, { errbacks: [step('e')] }),
    failed({ callbacks: [step('c')], chain }),
    { kind: 'retry', error: null, countdownMs: 0 },
    { kind: 'rejected', requeue: false, reason: 'x' },
    { kind: 'ignored' },
    { kind: 'returned' },
    { kind: 'lost', reason: 'exit', detail: 'x' },
  ];
  for (const outcome of outcomes) expect([outcome.kind, followUp(outcome, task)]).toEqual([outcome.kind, []]);
});

test('links come before the next step of a chain', () => {
  const calls = followUp(
    succeeded(1, { callbacks: [step('link')], chain: [step('last'), step('next')] }),
    task,
  );
  expect(calls.map((call) => [call.task, call.args, call.options.chain])).toEqual([
    ['link', [1], undefined],
    ['next', [1], [step('last')]],
  ]);
});

test('a result with typed values is in front as the value it is', () => {
  const [call] = followUp(succeeded({ at: new Date(0) }, { callbacks: [step('link', ['own'])] }), task);
  expect(call?.args).toEqual([{ at: new Date(0) }, 'own']);
});

test('the id of a step is the one somebody waits for; without one it gets its own', () => {
  const [known] = followUp(succeeded(1, { chain: [step('next', [], { task_id: 'promised' })] }), task);
  const [made] = followUp(succeeded(1, { chain: [step('next')] }), task);
  expect(known?.options.taskId).toBe('promised');
  expect(made?.options.taskId).toMatch(/^[0-9a-f-]{36}$/);
});

test('options of the signature are kept, also the ones of a group that it is in', () => {
  const own = {
    queue: 'py',
    countdown: 3,
    priority: null,
    group_id: 'g',
    group_index: 2,
    link: [step('after')],
    unknown: 1,
  };
  const [call] = followUp(succeeded(1, { chain: [step('next', [], own)] }), task);
  expect(call?.options).toEqual({
    queue: 'py',
    countdown: 3,
    groupId: 'g',
    groupIndex: 2,
    link: [step('after')],
    chain: [],
    kwargs: {},
    parentId: 'own-id',
    rootId: 'root-id',
    taskId: expect.any(String),
    addToParent: false,
  });
});

test('an immutable error link does not get the id', () => {
  const [plain, fixed] = followUp(failed({ errbacks: [step('e', ['x']), step('e', ['x'], {}, true)] }), task);
  expect([plain?.args, fixed?.args]).toEqual([['own-id', 'x'], ['x']]);
});

test('a signature of its task alone is enough', () => {
  const [call] = followUp(succeeded(1, { callbacks: [{ task: 'bare' }] }), task);
  expect(call).toMatchObject({ task: 'bare', args: [1], options: { kwargs: {} } });
});

test('the priority passes on where that is set, unless the signature has its own', () => {
  const embed = { callbacks: [step('plain'), step('urgent', [], { priority: 9 })] };
  const priorities = (inheritPriority?: boolean): unknown[] =>
    followUp(succeeded(1, embed), {
      ...task,
      ...(inheritPriority === undefined ? {} : { inheritPriority }),
    }).map(({ options }) => options.priority);
  expect(priorities()).toEqual([undefined, 9]);
  expect(priorities(true)).toEqual([5, 9]);
});

test('skippedSteps() names the ids that nobody will run', () => {
  const chain = [step('last', [], { task_id: 'b' }), step('unnamed'), step('next', [], { task_id: 'a' })];
  expect(skippedSteps({ chain })).toEqual(['b', 'a']);
  expect([skippedSteps(undefined), skippedSteps({}), skippedSteps({ chain: null })]).toEqual([[], [], []]);
});

test('what is sent is the message that Python would send', async () => {
  const vector = recorded('chain-step2');
  const { id, rootId } = {
    id: String(vector.headers['parent_id']),
    rootId: String(vector.headers['root_id']),
  };
  await using app = createApp('t', {
    broker: `memory://${uniqueName('canvas')}`,
    backend: null,
    logger: silentLogger,
  });
  await using connection = await app.connect();
  const channel = await connection.openChannel();
  const came: Delivery[] = [];
  await channel.declareQueue({ name: 'cap' });
  await channel.consume('cap', (delivery) => void came.push(delivery), { noAck: true });

  const options = { queue: 'cap', task_id: vector.headers['id'], reply_to: vector.properties['reply_to'] };
  const embed = { chain: [...(vector.body[2].chain ?? []), step('proj.mul', [3], options)] };
  for (const next of followUp(succeeded(3, embed), { id, rootId, priority: undefined }))
    await app.send(next.task, next.args, next.options);

  const delivery = await eventually(() => came[0]);
  expect(delivery.message.headers).toMatchObject({
    ...vector.headers,
    lang: 'js',
    origin: expect.stringMatching(/^gen\d+@/),
  });
  expect(JSON.parse(Buffer.from(delivery.message.body).toString())).toEqual(vector.body);
  expect(delivery.message.properties).toMatchObject({
    correlationId: vector.properties['correlation_id'],
    replyTo: vector.properties['reply_to'],
  });
});

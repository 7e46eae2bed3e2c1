import { allowJoinResult, GroupResult, NotRegistered } from '@tq/core';
import type { App, ResultTuple, SignatureData, Task, TaskContext } from '@tq/core';
import { encodeJson, errorToWire, toError, wireErrorToResult } from '@tq/core/internal';
import { abandoned } from './abandon.ts';
import { chordError } from './chord-end.ts';
import { CHUNKS, groupOfChunks, MAP, STARMAP } from './spread.ts';

type Kwargs = Readonly<Record<string, unknown>>;

/** Celery's own tasks, as every Python app has them. Spec: canvas.md 10. */
export function registerBuiltins(app: App): void {
  define(app, 'celery.accumulate', (self) => {
    const { args, kwargs } = self.request;
    const { index } = kwargs as { readonly index?: number | null };
    return typeof index === 'number' ? args[index] : args;
  });
  define(app, MAP, (self) => mapped(self, (item) => [item]));
  define(app, STARMAP, (self) => mapped(self, (item) => item as readonly unknown[]));
  define(app, CHUNKS, async (self) => {
    const { task, it, n } = named(self, ['task', 'it', 'n']);
    const data = groupOfChunks({ task: CHUNKS, kwargs: { task, it, n } });
    return (await app.signatureFrom(data).delay()).asTuple();
  });
  define(app, 'celery.group', (self) => legacyGroup(app, self));
  define(app, 'celery.chord', (self) => legacyChord(app, self));
  define(app, 'celery.chain', () => {
    throw new Error('chain is not a real task');
  });
  define(app, 'celery.chord_unlock', (self) => unlockChord(app, self));
  // Results of tq's backends expire by themselves.
  define(app, 'celery.backend_cleanup', () => null);
}

function define(app: App, name: string, run: (self: TaskContext) => unknown): void {
  if (app.tasks.has(name)) return;
  const ignoreResult = name === 'celery.chord_unlock';
  const options = { bind: true as const, ignoreResult, ...(ignoreResult ? { maxRetries: null } : {}) };
  app.task(name, options, (self: TaskContext, ..._args: readonly unknown[]) => run(self));
}

/** Arguments of a Python function: by name, else by position. */
function named(self: TaskContext, names: readonly string[]): Kwargs {
  const { args, kwargs } = self.request;
  return Object.fromEntries(names.map((name, index) => [name, kwargs[name] ?? args[index]]));
}

/** One call after another, as in Celery. */
async function mapped(
  self: TaskContext,
  argumentsOf: (item: unknown) => readonly unknown[],
): Promise<readonly unknown[]> {
  const { task, it } = named(self, ['task', 'it']) as { task: SignatureData; it: readonly unknown[] };
  const run = self.app.tasks.get(task.task) as Task<unknown[], unknown> | undefined;
  if (!run) throw new NotRegistered(task.task);
  const results: unknown[] = [];
  for (const item of it) results.push((await run(...argumentsOf(item))) ?? null);
  return results;
}

/** What senders of protocol 1 send for a group. */
async function legacyGroup(app: App, self: TaskContext): Promise<ResultTuple> {
  const { tasks, result, group_id, partial_args } = named(self, [
    'tasks',
    'result',
    'group_id',
    'partial_args',
  ]);
  const groupId = group_id as string;
  for (const [groupIndex, task] of (tasks as readonly SignatureData[]).entries())
    await app
      .signatureFrom(task)
      .applyAsync((partial_args ?? []) as unknown[], { groupId, groupIndex, addToParent: false });
  return result as ResultTuple;
}

/** What senders of protocol 1 send for a chord. */
async function legacyChord(app: App, self: TaskContext): Promise<ResultTuple> {
  const { header, body, partial_args } = named(self, ['header', 'body', 'partial_args']);
  const data = { task: 'celery.chord', kwargs: { kwargs: {}, header, body }, subtask_type: 'chord' };
  const sent = await app.signatureFrom(data).applyAsync((partial_args ?? []) as unknown[]);
  return sent.asTuple();
}

/** Looks at a chord's header until all of it has ended; sent by Celery for result backends that can't count. Spec: canvas.md 5.1. */
async function unlockChord(app: App, self: TaskContext): Promise<null> {
  const { group_id, callback, interval, max_retries, result } = named(self, [
    'group_id',
    'callback',
    'interval',
    'max_retries',
    'result',
  ]);
  const members = (result as readonly ResultTuple[]).map((tuple) => app.resultFromTuple(tuple));
  const header = new GroupResult(app, group_id as string, members);
  if (!(await header.ready())) {
    const countdown = (interval as number | null) ?? app.config.resultChordRetryInterval;
    throw self.retry({ countdown, maxRetries: (max_retries as number | null) ?? null });
  }
  const body = app.signatureFrom(callback);
  try {
    const results = await allowJoinResult(() => header.get());
    await body.delay(results);
  } catch (error) {
    await failBody(app, body.data, toError(error));
  }
  return null;
}

async function failBody(app: App, body: SignatureData, cause: Error): Promise<void> {
  const backend = await app.resultBackend();
  const { excType, excMessage } = errorToWire(cause);
  const error = wireErrorToResult(chordError(`Dependency raised ${excType}(${encodeJson(excMessage)})`));
  const base = { status: 'FAILURE', result: error, traceback: null, children: [], dateDone: null };
  await Promise.all(
    abandoned([body]).map(({ id }) =>
      backend.store({ ...base, taskId: id }, { replyTo: undefined, correlationId: id }),
    ),
  );
}

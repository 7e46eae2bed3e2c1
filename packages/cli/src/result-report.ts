import { TimeoutError } from '@tq/core';
import type { AsyncResult, Duration, TaskMeta } from '@tq/core';
import { isFinal } from '@tq/core/internal';
import { EXIT } from './exit-codes.ts';
import type { Output } from './output.ts';
import { plain, shown } from './printable.ts';

export interface ResultWish {
  readonly task?: string | undefined;
  readonly json?: boolean | undefined;
  readonly traceback?: boolean | undefined;
  readonly timeout?: Duration | undefined;
  readonly wait: boolean;
}

/** When to tell whoever sits there that the task isn't known to run. */
const HINT_AFTER_MS = 2000;

/** Prints what became of a task; resolves with the exit code. */
export async function printResult(result: AsyncResult, out: Output, wish: ResultWish): Promise<number> {
  const meta = await metaOf(result, out, wish);
  const value = isFinal(meta.status) ? await result.result() : meta.result;
  if (wish.json) out.json(asJson(meta, value));
  else if (wish.traceback) printTraceback(meta, out, wish);
  else if (meta.status === 'SUCCESS') out.print(shown(value));
  else out.complain(`${label(meta, wish)} ${fate(meta, value)}`);
  return meta.status === 'SUCCESS' ? EXIT.ok : EXIT.failure;
}

/** The last thing known: the end of the task, unless time is up before. */
async function metaOf(result: AsyncResult, out: Output, wish: ResultWish): Promise<TaskMeta> {
  if (!wish.wait) return result.meta();
  const hint = setTimeout(
    () => out.note(`Waiting for ${result.id}; Ctrl-C stops the waiting, not the task.`),
    HINT_AFTER_MS,
  );
  try {
    await result.get({ propagate: false, ...(wish.timeout === undefined ? {} : { timeout: wish.timeout }) });
  } catch (error) {
    if (!(error instanceof TimeoutError)) throw error;
  } finally {
    clearTimeout(hint);
  }
  return result.meta();
}

function printTraceback(meta: TaskMeta, out: Output, wish: ResultWish): void {
  if (meta.traceback) out.print(meta.traceback);
  else out.note(`${label(meta, wish)} has no traceback: it is ${meta.status}.`);
}

function label({ taskId, name }: TaskMeta, { task }: ResultWish): string {
  const known = name ?? task;
  return known === undefined ? taskId : `${known}[${taskId}]`;
}

function fate({ status }: TaskMeta, value: unknown): string {
  if (status === 'PENDING') return 'is PENDING: it waits for a worker, or nobody knows this id.';
  const what = value instanceof Error ? `${value.name}: ${value.message}` : shown(value);
  if (status === 'FAILURE') return `failed: ${what}\n--traceback tells where.`;
  if (status === 'REVOKED') return `was revoked: ${what}`;
  return `is ${status}${value === null ? '' : `: ${what}`}`;
}

function asJson(meta: TaskMeta, value: unknown): unknown {
  const { taskId, status, traceback, children, dateDone } = meta;
  const result = value instanceof Error ? { error: value.name, message: value.message } : plain(value);
  return { id: taskId, status, result, traceback, children: children?.map(([[id]]) => id) ?? [], dateDone };
}

import type { Encoded, ResultBackend, TaskMeta, TaskState } from '@tq/core';

export const DONE_AT = '2026-11-22T16:03:41.461970+00:00';

/** A meta as a worker makes it. */
export function meta(
  taskId: string,
  status: TaskState,
  result: unknown = null,
  more: Partial<TaskMeta> = {},
): TaskMeta {
  const final = status === 'SUCCESS' || status === 'FAILURE' || status === 'REVOKED';
  return {
    taskId,
    status,
    result,
    traceback: null,
    children: [],
    dateDone: final ? DONE_AT : null,
    ...more,
  };
}

export interface Watching {
  readonly seen: TaskMeta[];
  /** Resolves when the watch ends, rejects when it fails. */
  readonly ended: Promise<void>;
  stop(): void;
}

/** Watches in the background and keeps what comes. */
export function watching(backend: ResultBackend, taskId: string): Watching {
  const stop = new AbortController();
  const seen: TaskMeta[] = [];
  const run = async (): Promise<void> => {
    for await (const each of backend.watch(taskId, { signal: stop.signal })) seen.push(each);
  };
  const ended = run();
  ended.catch(() => undefined); // the test looks at it when it gets there
  return { seen, ended, stop: () => stop.abort() };
}

export function statesOf(metas: readonly TaskMeta[]): TaskState[] {
  return metas.map((each) => each.status);
}

/** As a task's host hands over a value that is plain JSON. */
export function encoded(value: unknown): Encoded {
  return JSON.stringify(value ?? null) as Encoded;
}

import { current } from './context.ts';
import { durationMs } from './duration.ts';
import type { Duration } from './duration.ts';
import { JoinInsideTask, TimeoutError } from './errors.ts';
import { wireToError } from './message/errors.ts';
import { isFinal, PROPAGATE_STATES, EXCEPTION_STATES } from './states.ts';
import type { ResultBackend, ResultTuple, TaskMeta, TaskState, WireError } from './types/backend.ts';

export interface GetOptions {
  /** Longest wait. @default no limit */
  readonly timeout?: Duration;
  /** Throw what the task threw; otherwise return it. @default true */
  readonly propagate?: boolean;
  /** Stop waiting. */
  readonly signal?: AbortSignal;
  /** Every state on the way. */
  readonly onMessage?: (meta: TaskMeta) => void;
  /** Refuse to wait inside of a task. @default true */
  readonly disableSyncSubtasks?: boolean;
}

/** Where results come from; the app. */
export interface ResultSource {
  resultBackend(): Promise<ResultBackend>;
}

/** A handle on one call: its state, its result, by id. */
export class AsyncResult<R = unknown> {
  readonly id: string;
  readonly parent: AsyncResult | undefined;
  readonly #source: ResultSource;
  /** The final meta, once seen. */
  #final: TaskMeta | undefined;

  constructor(
    source: ResultSource,
    id: string,
    options: { readonly parent?: AsyncResult; readonly final?: TaskMeta } = {},
  ) {
    this.#source = source;
    this.id = id;
    this.parent = options.parent;
    this.#final = options.final;
  }

  /**
   * Waits for the result and returns it.
   * @throws TimeoutError when `timeout` passes; what the task threw, unless `propagate` is false; ResultsDisabled
   *   without a result backend; JoinInsideTask inside of a task
   */
  get(options: GetOptions & { readonly propagate: false }): Promise<R | Error>;
  get(options?: GetOptions): Promise<R>;
  async get(options: GetOptions = {}): Promise<R | Error> {
    if ((options.disableSyncSubtasks ?? true) && current() !== undefined && !this.#final)
      throw new JoinInsideTask();
    const meta = this.#final ?? (await this.#wait(options));
    if (EXCEPTION_STATES.has(meta.status)) {
      const error = wireToError(meta.result as WireError);
      if ((options.propagate ?? true) && PROPAGATE_STATES.has(meta.status)) throw error;
      return error;
    }
    return meta.result as R;
  }

  /** What is known now: PENDING for an id that nobody has heard of. */
  async meta(): Promise<TaskMeta> {
    if (this.#final) return this.#final;
    const backend = await this.#source.resultBackend();
    const meta = (await backend.load(this.id)) ?? pending(this.id);
    if (isFinal(meta.status)) this.#final = meta;
    return meta;
  }

  async state(): Promise<TaskState> {
    return (await this.meta()).status;
  }

  /** The return value, the error, or what describes a state of the task's own; null while there is none. */
  async result(): Promise<unknown> {
    const meta = await this.meta();
    return EXCEPTION_STATES.has(meta.status) && meta.result !== null
      ? wireToError(meta.result as WireError)
      : meta.result;
  }

  /** Celery's other name for `result()`. */
  info(): Promise<unknown> {
    return this.result();
  }

  /** Finished, one way or another. */
  async ready(): Promise<boolean> {
    return isFinal((await this.meta()).status);
  }

  async successful(): Promise<boolean> {
    return (await this.meta()).status === 'SUCCESS';
  }

  async failed(): Promise<boolean> {
    return (await this.meta()).status === 'FAILURE';
  }

  /** Stack text of the process that ran the task; null unless it failed. */
  async traceback(): Promise<string | null> {
    return (await this.meta()).traceback;
  }

  /** The tasks that this one started. */
  async children(): Promise<readonly AsyncResult[]> {
    const children = (await this.meta()).children ?? [];
    return children.map((tuple) => new AsyncResult(this.#source, tuple[0][0], { parent: this }));
  }

  /** Every state as it arrives; ends after the final one. */
  async *updates(options: { readonly signal?: AbortSignal } = {}): AsyncGenerator<TaskMeta> {
    const backend = await this.#source.resultBackend();
    const stop = new AbortController();
    try {
      yield* backend.watch(this.id, {
        signal: options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal,
      });
    } finally {
      stop.abort();
    }
  }

  /** Removes what is kept about the task. */
  async forget(): Promise<void> {
    this.#final = undefined;
    await (await this.#source.resultBackend()).forget(this.id);
  }

  /** `[[id, parent], null]`: the way to keep a handle; `resultFromTuple()` is the way back. */
  asTuple(): ResultTuple {
    return [[this.id, this.parent ? this.parent.asTuple() : null], null];
  }

  toJSON(): ResultTuple {
    return this.asTuple();
  }

  toString(): string {
    return this.id;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return `<AsyncResult: ${this.id}>`;
  }

  async #wait(options: GetOptions): Promise<TaskMeta> {
    const backend = await this.#source.resultBackend();
    const stop = new AbortController();
    const timeoutMs = options.timeout === undefined ? undefined : durationMs(options.timeout, 'timeout');
    const timer = timeoutMs === undefined ? undefined : setTimeout(() => stop.abort(), timeoutMs);
    const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal;
    try {
      for await (const meta of backend.watch(this.id, { signal })) {
        options.onMessage?.(meta);
        if (isFinal(meta.status)) return (this.#final = meta);
      }
    } finally {
      clearTimeout(timer);
    }
    options.signal?.throwIfAborted();
    throw new TimeoutError(
      `No result of ${this.id} within ${(timeoutMs ?? 0) / 1000} s. Does a worker run that consumes its queue?`,
    );
  }
}

function pending(taskId: string): TaskMeta {
  return { taskId, status: 'PENDING', result: null, traceback: null, children: null, dateDone: null };
}

import { collect } from './collect.ts';
import { executing, isJoinAllowed } from './context.ts';
import { didYouMean } from './did-you-mean.ts';
import { durationMs } from './duration.ts';
import type { Duration } from './duration.ts';
import { ClosedError, ImproperlyConfigured, JoinInsideTask, TimeoutError } from './errors.ts';
import type { ErrorRegistry } from './message/error-registry.ts';
import { wireToError } from './message/errors.ts';
import type { ResultCache } from './result-cache.ts';
import { isFinal, PROPAGATE_STATES, EXCEPTION_STATES } from './states.ts';
import type { Control, Done, Replies, RevokeOptions } from './types/control.ts';
import type { ResultBackend, ResultTuple, TaskMeta, TaskState, WireError } from './types/backend.ts';

/** How to wait for a result. */
export interface GetOptions {
  /** Longest wait. @default no limit */
  readonly timeout?: Duration;
  /** Throw what the task threw; otherwise return it. @default true */
  readonly propagate?: boolean;
  /** Stop waiting. */
  readonly signal?: AbortSignal;
  /** Every state on the way. */
  readonly onMessage?: (meta: TaskMeta) => void;
  /** Celery's pause between two looks at the backend. Taken and checked, but tq is told of results and never polls. */
  readonly interval?: Duration;
  /** Refuse to wait inside of a task. @default true */
  readonly disableSyncSubtasks?: boolean;
}

/** Where results come from; the app. */
export interface ResultSource {
  resultBackend(): Promise<ResultBackend>;
  /** A handle from its tuple. */
  resultFromTuple(tuple: ResultTuple, parent?: ResultHandle): ResultHandle;
  /** Classes that errors of tasks arrive as. */
  readonly errors?: ErrorRegistry;
  /** What is kept of results beyond their handles. */
  readonly finals?: ResultCache;
  /** Reaches those who would run a call. */
  readonly control?: Control;
}

/** What sending a signature gives: a handle on one result, or on those of a group. */
export interface ResultHandle<R = unknown> {
  readonly id: string;
  /** What had to end before this began, or the call that made this one; where that is known. */
  readonly parent: ResultHandle | undefined;
  /** Waits for the result and returns it. @throws as `AsyncResult.get()` */
  get(options?: GetOptions): Promise<R>;
  ready(): Promise<boolean>;
  successful(): Promise<boolean>;
  failed(): Promise<boolean>;
  /** What it started; members of a group. */
  children(): Promise<readonly ResultHandle[]>;
  forget(): Promise<void>;
  /** No worker runs it any more, or what of it hasn't run yet. */
  revoke(options?: RevokeOptions): Promise<unknown>;
  asTuple(): ResultTuple;
}

/** What is known of a call beforehand. */
export interface ResultOptions {
  readonly parent?: ResultHandle;
  /** How it ended. */
  readonly final?: TaskMeta;
  /** Nobody keeps its result. */
  readonly ignored?: boolean;
}

/** A handle on one call: its state, its result, by id. */
export class AsyncResult<R = unknown> implements ResultHandle<R> {
  readonly id: string;
  /** The call that made this one, or the step before it in a chain; of a chord's body its header. Where that is known. */
  readonly parent: ResultHandle | undefined;
  /** Whether the call was made without keeping its result: then `get()` doesn't wait for one. */
  readonly ignored: boolean;
  readonly #source: ResultSource;
  /** The final meta, once seen. */
  #seen: TaskMeta | undefined;

  constructor(source: ResultSource, id: string, options: ResultOptions = {}) {
    this.#source = source;
    this.id = id;
    this.parent = options.parent;
    this.ignored = options.ignored ?? false;
    this.#seen = options.final;
  }

  /**
   * Waits for the result and returns it; of a call that ignores its result it is undefined, at once.
   * @throws TimeoutError when `timeout` passes; what the task threw, unless `propagate` is false; ResultsDisabled
   *   without a result backend; JoinInsideTask inside of a task
   */
  get(options: GetOptions & { readonly propagate: false }): Promise<R | Error>;
  get(options?: GetOptions): Promise<R>;
  get(options: GetOptions = {}): Promise<R | Error> {
    return this.#get(options, undefined);
  }

  /** @internal The same for a call that is being sent; fails with it. */
  whileSending(sending: Promise<unknown>, options: GetOptions = {}): Promise<R | Error> {
    return this.#get(options, sending);
  }

  async #get(options: GetOptions, sending: Promise<unknown> | undefined): Promise<R | Error> {
    checkGetOptions(options);
    const final = this.#final;
    if (!final && this.ignored) return undefined as R;
    if (!final) checkJoin(options);
    const meta = final ?? (await this.#wait(options, sending));
    if (!EXCEPTION_STATES.has(meta.status)) return meta.result as R;
    const error = this.#errorOf(meta);
    if ((options.propagate ?? true) && PROPAGATE_STATES.has(meta.status)) throw error;
    return error;
  }

  /** What is known now: PENDING for an id that nobody has heard of. */
  async meta(): Promise<TaskMeta> {
    const final = this.#final;
    if (final) return final;
    const backend = await this.#source.resultBackend();
    const meta = (await backend.load(this.id)) ?? pending(this.id);
    if (isFinal(meta.status)) this.#keep(meta);
    return meta;
  }

  /** PENDING, STARTED, RETRY, SUCCESS, FAILURE, REVOKED, or one of the task's own. */
  async state(): Promise<TaskState> {
    return (await this.meta()).status;
  }

  /** The return value, the error, or what describes a state of the task's own; null while there is none. */
  async result(): Promise<unknown> {
    const meta = await this.meta();
    return EXCEPTION_STATES.has(meta.status) && meta.result !== null ? this.#errorOf(meta) : meta.result;
  }

  /** Celery's other name for `result()`. */
  info(): Promise<unknown> {
    return this.result();
  }

  /** Finished, one way or another. */
  async ready(): Promise<boolean> {
    return isFinal((await this.meta()).status);
  }

  /** Whether the state is SUCCESS. */
  async successful(): Promise<boolean> {
    return (await this.meta()).status === 'SUCCESS';
  }

  /** Whether the state is FAILURE. */
  async failed(): Promise<boolean> {
    return (await this.meta()).status === 'FAILURE';
  }

  /** Stack text of the process that ran the task; null unless it failed. */
  async traceback(): Promise<string | null> {
    return (await this.meta()).traceback;
  }

  /** The tasks that this one started. */
  async children(): Promise<readonly ResultHandle[]> {
    const children = (await this.meta()).children ?? [];
    // A retry counts itself among its children.
    return children
      .filter(([[id]]) => id !== this.id)
      .map((tuple) => this.#source.resultFromTuple(tuple, this));
  }

  /** Everything that it set off, with its value, from here on down: `for await (const [result, value] of result.collect())`. */
  collect(options: GetOptions = {}): AsyncGenerator<readonly [ResultHandle, unknown]> {
    return collect(this, options);
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

  /**
   * No worker runs the call any more; where it runs already it goes on, unless `terminate` says otherwise. Resolves when the
   * workers have been told; with `reply: true` with what they have answered.
   */
  async revoke(options?: RevokeOptions): Promise<Replies<Done>> {
    const { control } = this.#source;
    if (!control) throw new ImproperlyConfigured('Only a result that belongs to an app can be revoked.');
    return control.revoke(this.id, options);
  }

  /** Revokes every call with one of these stamps. */
  async revokeByStampedHeaders(
    headers: Readonly<Record<string, unknown>>,
    options?: RevokeOptions,
  ): Promise<Replies<Done>> {
    const { control } = this.#source;
    if (!control) throw new ImproperlyConfigured('Only a result that belongs to an app can be revoked.');
    return control.revokeByStampedHeaders(headers, options);
  }

  /** Removes what is kept about the task. */
  async forget(): Promise<void> {
    this.#seen = undefined;
    this.#source.finals?.delete(this.id);
    await (await this.#source.resultBackend()).forget(this.id);
  }

  /** `[[id, parent], null]`: the way to keep a handle; `app.resultFromTuple()` is the way back. */
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

  get #final(): TaskMeta | undefined {
    return (this.#seen ??= this.#source.finals?.get(this.id));
  }

  #keep(final: TaskMeta): TaskMeta {
    this.#source.finals?.keep(final);
    return (this.#seen = final);
  }

  #errorOf(meta: TaskMeta): Error {
    return wireToError(meta.result as WireError, this.#source.errors);
  }

  async #wait(options: GetOptions, sending: Promise<unknown> | undefined): Promise<TaskMeta> {
    const wait = new Wait(options, (timeoutMs) => this.#timedOut(timeoutMs));
    sending?.catch((error: unknown) => wait.abort(error));
    const { signal } = wait;
    try {
      const backend = await untilAborted(this.#source.resultBackend(), signal);
      for await (const meta of backend.watch(this.id, { signal })) {
        options.onMessage?.(meta);
        if (isFinal(meta.status)) return this.#keep(meta);
      }
    } catch (error) {
      signal.throwIfAborted(); // some backends end a watch with an error, some without
      throw error;
    } finally {
      wait.end();
    }
    signal.throwIfAborted();
    throw new ClosedError('The result backend');
  }

  #timedOut(timeoutMs: number): TimeoutError {
    return new TimeoutError(
      `No result of ${this.id} within ${timeoutMs / 1000} s. Does a worker run that consumes its queue?`,
    );
  }
}

const GET_OPTIONS: ReadonlySet<string> = new Set([
  'timeout',
  'propagate',
  'signal',
  'onMessage',
  'interval',
  'disableSyncSubtasks',
] satisfies (keyof GetOptions)[]);

/** Refuses to wait inside of a task. @throws JoinInsideTask */
export function checkJoin(options: GetOptions): void {
  if ((options.disableSyncSubtasks ?? true) && executing() && !isJoinAllowed()) throw new JoinInsideTask();
}

/** The bounds of a wait: its time-out and the caller's signal. */
export class Wait {
  readonly signal: AbortSignal;
  readonly #late = new AbortController();
  readonly #timer: NodeJS.Timeout | undefined;

  /** `late` makes the error of the time-out. */
  constructor({ timeout, signal }: GetOptions, late: (timeoutMs: number) => Error) {
    const timeoutMs = timeout === undefined ? Infinity : durationMs(timeout, 'timeout');
    // A longer one would overflow and ring at once.
    if (timeoutMs <= MAX_TIMER_MS)
      this.#timer = setTimeout(() => this.#late.abort(late(timeoutMs)), timeoutMs);
    this.signal = signal ? AbortSignal.any([signal, this.#late.signal]) : this.#late.signal;
  }

  /** Nothing waits any more. */
  end(): void {
    clearTimeout(this.#timer);
  }

  /** What still waits stops. */
  abort(reason?: unknown): void {
    this.end();
    this.#late.abort(reason);
  }
}

/** A mistyped option would wait for ever. @throws ImproperlyConfigured */
export function checkGetOptions(options: unknown): void {
  if (typeof options !== 'object' || options === null)
    throw new ImproperlyConfigured(
      `get() takes options, such as get({ timeout: 1 }), not ${String(options)}.`,
    );
  for (const name of Object.keys(options)) {
    if (GET_OPTIONS.has(name)) continue;
    const near = didYouMean(name, GET_OPTIONS);
    throw new ImproperlyConfigured(
      `get() has no option ${JSON.stringify(name)}. ${near ? `Did you mean ${near}?` : `It has ${[...GET_OPTIONS].join(', ')}.`}`,
    );
  }
  const { interval } = options as GetOptions;
  if (interval !== undefined) durationMs(interval, 'interval');
}

const MAX_TIMER_MS = 2 ** 31 - 1;

/** The same promise, rejected with the signal's reason if that comes first. */
function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(signal.reason as Error);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    void work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}

function pending(taskId: string): TaskMeta {
  return { taskId, status: 'PENDING', result: null, traceback: null, children: null, dateDone: null };
}

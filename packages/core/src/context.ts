import { AsyncLocalStorage } from 'node:async_hooks';
import type { App } from './app.ts';
import { durationMs, instantMs } from './duration.ts';
import type { Duration, Instant } from './duration.ts';
import { signatureData } from './call-options.ts';
import { kindOf, partsOf } from './compose.ts';
import { ImproperlyConfigured, MaxRetriesExceededError, toError } from './errors.ts';
import { Ignore, Reject, Replaced, Retry } from './flow.ts';
import type { RetryWish } from './flow.ts';
import { formatIso } from './message/dates.ts';
import type { ResultHandle } from './result.ts';
import { encodeJson } from './serialize/json.ts';
import type { AnySignature, Signature } from './signature.ts';
import type { TaskDefinition } from './task-definition.ts';
import type { ResultTuple } from './types/backend.ts';
import type { Logger } from './types/logger.ts';
import type { RunningRequest } from './types/request.ts';
import type { SignatureData } from './types/signature.ts';

const storage = new AsyncLocalStorage<TaskContext>();

/** The context of the task that runs now, in whatever it awaits; undefined outside of tasks. */
export function current(): TaskContext | undefined {
  return storage.getStore();
}

/** The task that is executed here; one that was called as a function belongs to the one that called it. */
export function executing(): TaskContext | undefined {
  let context = storage.getStore();
  while (context?.request.calledDirectly) context = context.outer;
  return context;
}

const joins = new AsyncLocalStorage<boolean>();

/** Lets `get()` wait inside of a task, in whatever the function awaits. Every waiting task holds a slot: mind that enough are left. */
export function allowJoinResult<T>(run: () => T): T {
  return joins.run(true, run);
}

/** Whether waiting inside of a task is allowed here. */
export function isJoinAllowed(): boolean {
  return joins.getStore() ?? false;
}

/** Runs a function as part of a task. */
export function runInContext<T>(context: TaskContext, run: () => T): T {
  return storage.run(context, run);
}

/** How `self.retry()` differs from what the task's options say. */
export interface RetryOptions {
  /** Why; stored with the state RETRY, and the task's error once there are no retries left. */
  readonly cause?: unknown;
  /** @default the task's `defaultRetryDelay` */
  readonly countdown?: Duration;
  /** The moment of the next attempt, instead of `countdown`. */
  readonly eta?: Date;
  /** @default the task's `maxRetries`; null = no limit */
  readonly maxRetries?: number | null;
  /** Don't start the next attempt after this. */
  readonly expires?: Instant;
  /** Other arguments for the next attempt. */
  readonly args?: readonly unknown[];
  readonly kwargs?: Readonly<Record<string, unknown>>;
  /** @default where this attempt came from */
  readonly queue?: string;
  /** @default that of this attempt */
  readonly priority?: number;
}

/** Where a context's questions go: the worker that settles the task. */
export interface ContextHost {
  ask(question: ContextQuestion): Promise<unknown>;
  readonly logger: Logger;
}

/** What a running task may ask of its worker. */
export type ContextQuestion =
  | { readonly kind: 'state'; readonly state: string; readonly meta: string }
  | { readonly kind: 'event'; readonly type: string; readonly fields: Readonly<Record<string, unknown>> }
  /** One more member for the chord that the task is in; the answer is its result's tuple. */
  | { readonly kind: 'add-to-chord'; readonly signature: string; readonly body: string };

/** What a context is made of. `request` and `signal` may be getters: most tasks never look at them. */
export interface TaskContextParts {
  readonly app: App;
  readonly definition: TaskDefinition;
  readonly request: RunningRequest;
  readonly signal: AbortSignal;
  readonly host: ContextHost;
  /** The body of the chord of whose header the task is a member. */
  readonly chord?: SignatureData | undefined;
  /** Tasks started from this one; the request shows the same list. */
  readonly children: ResultTuple[];
  readonly outer?: TaskContext | undefined;
}

/**
 * `self`: what a running task knows about its call, and how it says that it ends in another way than by returning.
 */
export class TaskContext {
  readonly app: App;
  readonly #parts: TaskContextParts;
  /** What `retry()`, `reject()` and `ignore()` have made. */
  #verdicts: WeakSet<Error> | undefined;
  /** @internal The task inside of which this one was called as a function. */
  readonly outer: TaskContext | undefined;

  constructor(parts: TaskContextParts) {
    this.app = parts.app;
    this.#parts = parts;
    this.outer = parts.outer;
  }

  /** The call: its id, arguments, headers, retries and more. */
  get request(): RunningRequest {
    return this.#parts.request;
  }

  /** Fires for soft time limits, revokes and shutdown; its `reason` is a typed error. */
  get signal(): AbortSignal {
    return this.#parts.signal;
  }

  /** The task's registered name. */
  get name(): string {
    return this.#parts.definition.name;
  }

  /** A logger whose lines carry the task's name and id. */
  get log(): Logger {
    return this.#parts.host.logger;
  }

  /**
   * What to throw, or to return, for another attempt: `throw self.retry({ cause: error, countdown: 10 })`. Keeps id,
   * arguments, queue and headers, and adds one to `request.retries`. With no retries left it is the cause itself, or
   * `MaxRetriesExceededError`; in a task that was called as a function it is the cause.
   */
  retry(options: RetryOptions = {}): Error {
    return this.#verdict(this.#retry(options));
  }

  /** What to throw, or to return, to give the message back, or away to the dead letters. */
  reject(options: { readonly reason?: string; readonly requeue?: boolean } = {}): Error {
    return this.#verdict(new Reject(options.reason, { requeue: options.requeue ?? false }));
  }

  /** What to throw, or to return, to end without a result. */
  ignore(): Error {
    return this.#verdict(new Ignore());
  }

  /**
   * Gives way to another signature: `return await self.replace(add.s(2, 2))`. It runs under this task's id, with its links, in its
   * group and chord, and before the steps that follow it; of a group the result is the list. Called in a task that was called as a
   * function, it runs here and now.
   */
  replace<R>(signature: Signature<unknown[], R, ResultHandle<R>> | AnySignature): Promise<R> {
    const replacing = this.#replace<R>(signature);
    // Forgotten by the task, it changes nothing; it must not end the process.
    replacing.catch(() => undefined);
    return replacing;
  }

  async #replace<R>(signature: AnySignature): Promise<R> {
    const data = signatureData(signature);
    if (data.options?.['chord'])
      throw new ImproperlyConfigured('What replaces a task must not be a member of a chord already.');
    if (kindOf(data) === 'chain' && partsOf(data).length === 0)
      throw new ImproperlyConfigured("A task can't be replaced by an empty chain.");
    const { calledDirectly, isEager } = this.request;
    if (calledDirectly || isEager) return allowJoinResult(() => signature.apply().get()) as Promise<R>;
    throw this.#verdict(new Replaced(data));
  }

  /** Adds a member to the chord in whose header this task is, and sends it; the body waits for it too. */
  async addToChord<R>(
    signature: Signature<unknown[], R, ResultHandle<R>> | AnySignature,
  ): Promise<ResultHandle<R>> {
    const { chord } = this.#parts;
    const { group } = this.request;
    if (!chord || group === null)
      throw new ImproperlyConfigured(
        'This task is not in the header of a chord, so there is none to add to.',
      );
    const answer = await this.#parts.host.ask({
      kind: 'add-to-chord',
      signature: encodeJson(signatureData(signature), 'signature'),
      body: encodeJson(chord, 'chord'),
    });
    const tuple = answer as ResultTuple;
    this.addChild(tuple);
    return this.app.resultFromTuple(tuple) as ResultHandle<R>;
  }

  /** @internal Whether this context has made the error: then it means the same thrown and returned. */
  isVerdict(error: Error): boolean {
    return this.#verdicts?.has(error) ?? false;
  }

  /** Keeps a state of the task's own, with whatever describes it. Resolves when it is stored. */
  async updateState(state: string, meta: unknown = null): Promise<void> {
    await this.#parts.host.ask({ kind: 'state', state, meta: encodeJson(meta, 'meta') });
  }

  /** The state PROGRESS. */
  progress(meta: unknown): Promise<void> {
    return this.updateState('PROGRESS', meta);
  }

  /**
   * Sends an event of the task's own to whoever listens, such as `task-progress`, where task events are on. Resolves when the
   * worker has it. @throws EncodeError when a field can't travel
   */
  async sendEvent(type: `task-${string}`, fields: Readonly<Record<string, unknown>> = {}): Promise<void> {
    const plain = JSON.parse(encodeJson(fields, 'fields')) as Readonly<Record<string, unknown>>;
    await this.#parts.host.ask({ kind: 'event', type, fields: plain });
  }

  /** @internal */
  addChild(child: ResultTuple): void {
    if (this.#parts.definition.options.trail) this.#parts.children.push(child);
  }

  #verdict(error: Error): Error {
    this.#verdicts ??= new WeakSet();
    this.#verdicts.add(error);
    return error;
  }

  #retry(options: RetryOptions): Error {
    const { request } = this;
    const maxRetries =
      options.maxRetries === undefined ? this.#parts.definition.options.maxRetries : options.maxRetries;
    if (request.calledDirectly) return toError(options.cause ?? new Retry());
    if (maxRetries === null || request.retries < maxRetries) {
      const countdown = this.#countdownMs(options) / 1000;
      return new Retry({ cause: options.cause, countdown, wish: this.#wish(options) });
    }
    if (options.cause !== undefined) return toError(options.cause);
    return new MaxRetriesExceededError(
      `Can't retry ${this.name}[${request.id}] args:${request.argsrepr} kwargs:${request.kwargsrepr}`,
    );
  }

  #countdownMs(options: RetryOptions): number {
    if (options.eta) return Math.max(0, options.eta.getTime() - this.app.clock.now());
    return options.countdown === undefined
      ? durationMs(this.#parts.definition.options.defaultRetryDelay, 'defaultRetryDelay')
      : durationMs(options.countdown, 'countdown');
  }

  #wish(options: RetryOptions): RetryWish | undefined {
    const { args, kwargs, expires, queue, priority } = options;
    const expiresMs = expires === undefined ? undefined : instantMs(expires, this.app.clock.now(), 'expires');
    const wish: RetryWish = {
      ...(args === undefined ? {} : { args }),
      ...(kwargs === undefined ? {} : { kwargs }),
      ...(expiresMs === undefined ? {} : { expires: formatIso(expiresMs) }),
      ...(queue === undefined ? {} : { queue }),
      ...(priority === undefined ? {} : { priority }),
    };
    return Object.keys(wish).length > 0 ? wish : undefined;
  }
}

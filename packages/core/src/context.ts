import { AsyncLocalStorage } from 'node:async_hooks';
import type { App } from './app.ts';
import { durationMs, instantMs } from './duration.ts';
import type { Duration, Instant } from './duration.ts';
import { MaxRetriesExceededError, toError } from './errors.ts';
import { Ignore, Reject, Retry } from './flow.ts';
import type { RetryWish } from './flow.ts';
import { formatIso } from './message/dates.ts';
import { encodeJson } from './serialize/json.ts';
import type { TaskDefinition } from './task-definition.ts';
import type { ResultTuple } from './types/backend.ts';
import type { Logger } from './types/logger.ts';
import type { RunningRequest } from './types/request.ts';

const storage = new AsyncLocalStorage<TaskContext>();

/** The context of the task that runs now, in whatever it awaits; undefined outside of tasks. */
export function current(): TaskContext | undefined {
  return storage.getStore();
}

/** Runs a function as part of a task. */
export function runInContext<T>(context: TaskContext, run: () => T): T {
  return storage.run(context, run);
}

export interface RetryOptions {
  /** Why; stored with the state RETRY, and the task's error once there are no retries left. */
  readonly cause?: unknown;
  /** @default the task's `defaultRetryDelay` */
  readonly countdown?: Duration;
  readonly eta?: Date;
  /** @default the task's `maxRetries`; null = no limit */
  readonly maxRetries?: number | null;
  readonly expires?: Instant;
  /** Other arguments for the next attempt. */
  readonly args?: readonly unknown[];
  readonly kwargs?: Readonly<Record<string, unknown>>;
  readonly queue?: string;
  readonly priority?: number;
}

/** Where a context's questions go: the worker that settles the task. */
export interface ContextHost {
  ask(question: ContextQuestion): Promise<unknown>;
  readonly logger: Logger;
}

export type ContextQuestion = { readonly kind: 'state'; readonly state: string; readonly meta: string };

/**
 * `self`: what a running task knows about its call, and how it says that it ends in another way than by returning.
 */
export class TaskContext {
  readonly app: App;
  readonly request: RunningRequest;
  /** Fires for soft time limits, revokes and shutdown; its `reason` is a typed error. */
  readonly signal: AbortSignal;
  readonly #definition: TaskDefinition;
  readonly #host: ContextHost;
  /** Tasks started from this one; the request shows the same list. */
  readonly #children: ResultTuple[];

  constructor(options: {
    readonly app: App;
    readonly definition: TaskDefinition;
    readonly request: RunningRequest;
    readonly signal: AbortSignal;
    readonly host: ContextHost;
    readonly children: ResultTuple[];
  }) {
    this.app = options.app;
    this.request = options.request;
    this.signal = options.signal;
    this.#definition = options.definition;
    this.#host = options.host;
    this.#children = options.children;
  }

  /** The task's registered name. */
  get name(): string {
    return this.#definition.name;
  }

  /** A logger whose lines carry the task's name and id. */
  get log(): Logger {
    return this.#host.logger;
  }

  /**
   * What to throw for another attempt: `throw self.retry({ cause: error, countdown: 10 })`. Keeps id, arguments, queue
   * and headers, and adds one to `request.retries`. With no retries left it is the cause itself, or
   * `MaxRetriesExceededError`; in a task that was called as a function it is the cause.
   */
  retry(options: RetryOptions = {}): Error {
    const { request } = this;
    const maxRetries =
      options.maxRetries === undefined ? this.#definition.options.maxRetries : options.maxRetries;
    if (request.calledDirectly) return toError(options.cause ?? new Retry());
    if (maxRetries !== null && request.retries >= maxRetries) {
      if (options.cause !== undefined) return toError(options.cause);
      return new MaxRetriesExceededError(
        `Can't retry ${this.name}[${request.id}] args:${request.argsrepr} kwargs:${request.kwargsrepr}`,
      );
    }
    return new Retry({
      cause: options.cause,
      countdownMs: this.#countdownMs(options),
      wish: this.#wish(options),
    });
  }

  /** What to throw to give the message back, or away to the dead letters. */
  reject(options: { readonly reason?: string; readonly requeue?: boolean } = {}): Error {
    return new Reject(options.reason, { requeue: options.requeue ?? false });
  }

  /** What to throw to end without a result. */
  ignore(): Error {
    return new Ignore();
  }

  /** Keeps a state of the task's own, with whatever describes it. Resolves when it is stored. */
  async updateState(state: string, meta: unknown = null): Promise<void> {
    await this.#host.ask({ kind: 'state', state, meta: encodeJson(meta, 'meta') });
  }

  /** The state PROGRESS. */
  progress(meta: unknown): Promise<void> {
    return this.updateState('PROGRESS', meta);
  }

  /** @internal */
  addChild(child: ResultTuple): void {
    if (this.#definition.options.trail) this.#children.push(child);
  }

  #countdownMs(options: RetryOptions): number {
    if (options.eta) return Math.max(0, options.eta.getTime() - this.app.clock.now());
    return options.countdown === undefined
      ? durationMs(this.#definition.options.defaultRetryDelay, 'defaultRetryDelay')
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

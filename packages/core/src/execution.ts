import type { App } from './app.ts';
import { backoffMs } from './backoff.ts';
import { runInContext, TaskContext } from './context.ts';
import type { ContextHost, TaskContextParts } from './context.ts';
import { durationMs } from './duration.ts';
import { TaskRevokedError, toError, WorkerShutdown } from './errors.ts';
import { Ignore, Reject, Replaced, Retry } from './flow.ts';
import type { RetryWish } from './flow.ts';
import { errorToWire, wireToError } from './message/errors.ts';
import { isInstance } from './message/peek.ts';
import { FAILURE_HEADER } from './message/request.ts';
import { taskBody } from './message/protocol2.ts';
import type { DecodedBody } from './message/protocol2.ts';
import { repr } from './message/repr.ts';
import { bindArguments } from './parameters.ts';
import type { RunInput } from './run.ts';
import { encodeResult } from './message/result-codec.ts';
import { encodeJson } from './serialize/json.ts';
import { applySchema } from './schema.ts';
import type { ErrorClass, TaskDefinition, TaskHooks } from './task-definition.ts';
import type { ResultTuple, WireError } from './types/backend.ts';
import type { Outcome, RetryChanges } from './types/pool.ts';
import type { RunningRequest, TaskRequest } from './types/request.ts';
import type { SignatureData } from './types/signature.ts';
import type { Encoded } from './types/serializer.ts';

/** What an execution works with. */
export interface ExecutionParts {
  readonly app: App;
  readonly definition: TaskDefinition;
  readonly input: RunInput;
  readonly body: DecodedBody;
  /** Has the signal; a getter there makes it only when it's looked at. */
  readonly aborter: { readonly signal: AbortSignal };
  readonly host: ContextHost;
}

type Of<K extends Outcome['kind']> = Extract<Outcome, { readonly kind: K }>;
type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * One run of a task's function, with everything around it. In order, as in Celery: the hook `taskPrerun`; `beforeStart`, schemas
 * and the function; `onSuccess`, `onFailure` or `onRetry`, then the hook of the same name; `afterReturn` unless it is a
 * retry; the hook `taskPostrun`. Only what happens up to the function's end decides the outcome.
 */
export class Execution implements TaskContextParts {
  readonly app: App;
  readonly definition: TaskDefinition;
  readonly host: ContextHost;
  readonly children: ResultTuple[] = [];
  readonly #input: RunInput;
  readonly #body: DecodedBody;
  readonly #aborter: { readonly signal: AbortSignal };
  readonly #self: TaskContext;
  #request: RunningRequest | undefined;
  #startedMs = 0;

  constructor({ app, definition, input, body, aborter, host }: ExecutionParts) {
    this.app = app;
    this.definition = definition;
    this.host = host;
    this.#input = input;
    this.#body = body;
    this.#aborter = aborter;
    this.#self = new TaskContext(this);
  }

  get signal(): AbortSignal {
    return this.#aborter.signal;
  }

  /** The chord of whose header this call is a member: its body. */
  get chord(): SignatureData | undefined {
    return this.#body.embed?.chord ?? undefined;
  }

  /** Made when it is first looked at. */
  get request(): RunningRequest {
    // What it is spread into has its fields already: V8 copies 30 times faster that way round.
    this.#request ??= {
      args: this.#body.args,
      kwargs: this.#body.kwargs,
      properties: { ...this.#input.properties },
      hostname: this.#input.hostname,
      calledDirectly: false,
      isEager: this.#input.isEager ?? false,
      children: this.children,
      ...this.#input.request,
    };
    return this.#request;
  }

  /** Never rejects, nor throws. A promise only where there is something to wait for: each costs as much as a short task. */
  run(): Outcome | Promise<Outcome> {
    return runInContext(this.#self, () => this.#run());
  }

  #run(): Outcome | Promise<Outcome> {
    this.#startedMs = performance.now();
    try {
      const { hooks } = this.app;
      if (hooks.has('taskPrerun')) hooks.emit('taskPrerun', { request: this.request });
      const outcome = this.#attempt();
      return outcome instanceof Promise ? this.#doneLater(outcome) : this.#done(outcome);
    } catch (error) {
      return this.#broken(error);
    }
  }

  async #doneLater(outcome: Promise<Outcome>): Promise<Outcome> {
    try {
      return this.#done(await outcome);
    } catch (error) {
      return this.#broken(error);
    }
  }

  #done(outcome: Outcome): Outcome {
    const { hooks } = this.app;
    if (hooks.has('taskPostrun'))
      hooks.emit('taskPostrun', { request: this.request, state: stateOf(outcome) });
    return outcome;
  }

  /** What the task throws is handled further in; this is for a logger, say, that throws. */
  #broken(error: unknown): Outcome {
    return { kind: 'failed', error: errorToWire(error), ...this.#tail() };
  }

  #attempt(): Outcome | Promise<Outcome> {
    const { argsSchema, hooks, resultSchema } = this.definition.options;
    if (hooks?.beforeStart || argsSchema || resultSchema) return this.#attemptInSteps();
    let returned: unknown;
    try {
      returned = this.#call(bindArguments(this.definition, this.#args(), this.#body.kwargs));
    } catch (thrown) {
      return this.#ended(this.#reasonOf(thrown));
    }
    return isThenable(returned) ? this.#returnedLater(returned) : this.#returned(returned);
  }

  /** With `beforeStart` and schemas every step may take its time. */
  async #attemptInSteps(): Promise<Outcome> {
    const { argsSchema, hooks, resultSchema } = this.definition.options;
    let result: unknown;
    try {
      if (hooks?.beforeStart) await hooks.beforeStart(this.#self);
      const given = bindArguments(this.definition, this.#args(), this.#body.kwargs);
      const args = argsSchema ? await applySchema(argsSchema, given, 'args') : given;
      const returned = this.#call(args);
      result = isThenable(returned) ? await this.#settled(returned) : returned;
      if (resultSchema) {
        this.#check(result);
        result = await applySchema(resultSchema, result, 'result');
      }
    } catch (thrown) {
      return this.#ended(this.#reasonOf(thrown));
    }
    return this.#returned(result);
  }

  async #returnedLater(returned: PromiseLike<unknown>): Promise<Outcome> {
    let result: unknown;
    try {
      result = await this.#settled(returned);
    } catch (thrown) {
      return this.#ended(this.#reasonOf(thrown));
    }
    return this.#returned(result);
  }

  #returned(result: unknown): Outcome | Promise<Outcome> {
    let encoded: Encoded;
    try {
      this.#check(result);
      encoded = encodeResult(result === undefined ? null : result, this.app.config, this.app.serializers);
    } catch (thrown) {
      return this.#ended(this.#reasonOf(thrown));
    }
    return this.#succeeded(result, encoded);
  }

  /** The arguments; for an error link that takes a failure with the error as an error. */
  #args(): readonly unknown[] {
    const { args } = this.#body;
    if (this.#input.request.headers[FAILURE_HEADER] !== true) return args;
    const [request, error, traceback, ...rest] = args as readonly [
      unknown,
      WireError,
      string | null,
      ...unknown[],
    ];
    return [request, wireToError({ ...error, traceback }, this.app.errors), traceback, ...rest];
  }

  /** What the function itself throws, and nothing else, can lead to an automatic retry: all else would fail again. */
  #call(args: readonly unknown[]): unknown {
    const { options, run } = this.definition;
    const all = options.bind ? [this.#self, ...args] : args;
    const execute = (): unknown => (run as (...every: readonly unknown[]) => unknown)(...all);
    try {
      if (this.app.interceptors.length === 0) return execute();
      return this.#intercepted(async () => execute());
    } catch (thrown) {
      throw this.#automaticRetry(this.#reasonOf(thrown));
    }
  }

  async #settled(returned: PromiseLike<unknown>): Promise<unknown> {
    try {
      return await returned;
    } catch (thrown) {
      throw this.#automaticRetry(this.#reasonOf(thrown));
    }
  }

  /** A task may return its verdict instead of throwing it. */
  #check(result: unknown): void {
    if (result instanceof Error && (isFlow(result) || this.#self.isVerdict(result))) throw result;
  }

  #intercepted(execute: () => Promise<unknown>): Promise<unknown> {
    let next = (_request: TaskRequest): Promise<unknown> => execute();
    for (const interceptor of this.app.interceptors.toReversed()) {
      const wrapped = interceptor.execute?.bind(interceptor);
      if (!wrapped) continue;
      const inner = next;
      next = (request) => wrapped(request, inner);
    }
    return next(this.request);
  }

  #succeeded(result: unknown, encoded: Encoded): Outcome | Promise<Outcome> {
    if (this.definition.options.hooks) return this.#succeededAndTold(result, encoded);
    this.#announce(result);
    return this.#success(result, encoded);
  }

  async #succeededAndTold(result: unknown, encoded: Encoded): Promise<Outcome> {
    await this.#tell('onSuccess', (handlers, self) => handlers.onSuccess?.(self, result));
    this.#announce(result);
    await this.#tell('afterReturn', (handlers, self) => handlers.afterReturn?.(self, 'SUCCESS', result));
    return this.#success(result, encoded);
  }

  #announce(result: unknown): void {
    const { hooks } = this.app;
    if (hooks.has('taskSuccess')) hooks.emit('taskSuccess', { request: this.request, result });
  }

  #success(result: unknown, encoded: Encoded): Outcome {
    const { resultReprMaxSize: maxLength } = this.definition.options;
    // Spreading costs as much as the rest of it.
    const outcome: Mutable<Of<'succeeded'>> = {
      kind: 'succeeded',
      result: encoded,
      runtimeMs: performance.now() - this.#startedMs,
    };
    if (this.#input.wantRepr) outcome.repr = repr(result ?? null, { maxLength });
    if (this.#body.embed) outcome.embed = encodeJson(this.#body.embed, 'embed');
    if (this.children.length > 0) outcome.children = this.children;
    return outcome;
  }

  /** What a thrown value means. */
  #ended(error: unknown): Outcome | Promise<Outcome> {
    if (error instanceof Replaced)
      return {
        kind: 'replaced',
        by: encodeJson(error.by, 'signature'),
        ...this.#carried(),
        ...this.#started(),
      };
    if (error instanceof Ignore) return { kind: 'ignored', ...this.#carried() };
    if (error instanceof Reject)
      return { kind: 'rejected', requeue: error.requeue, reason: error.reason, ...this.#carried() };
    if (error === this.signal.reason) {
      if (error instanceof WorkerShutdown)
        return { kind: 'rejected', requeue: true, reason: 'the worker is shutting down' };
      if (error instanceof TaskRevokedError) return { kind: 'lost', reason: 'terminated', detail: 'revoked' };
    }
    const last = error instanceof Retry ? this.#allowed(error) : error;
    return last instanceof Retry ? this.#retried(last) : this.#failed(last);
  }

  /** A retry that was thrown by hand is bound to `maxRetries` too. */
  #allowed(retry: Retry): Error {
    if (this.#self.isVerdict(retry)) return retry;
    const { cause, countdownMs } = retry;
    return this.#self.retry({
      cause,
      ...(countdownMs === undefined ? {} : { countdown: countdownMs / 1000 }),
    });
  }

  async #retried(retry: Retry): Promise<Outcome> {
    const { cause, countdownMs } = retry;
    let changes: RetryChanges | undefined;
    try {
      changes = this.#changes(retry.wish);
    } catch (error) {
      return this.#failed(error);
    }
    await this.#tell('onRetry', (handlers, self) => handlers.onRetry?.(self, cause));
    this.app.hooks.emit('taskRetry', { request: this.request, error: cause });
    return {
      kind: 'retry',
      error: cause === undefined ? null : errorToWire(cause),
      countdownMs: countdownMs ?? durationMs(this.definition.options.defaultRetryDelay, 'defaultRetryDelay'),
      ...(changes ? { changes } : {}),
      ...this.#started(),
    };
  }

  async #failed(error: unknown): Promise<Of<'failed'>> {
    await this.#tell('onFailure', (handlers, self) => handlers.onFailure?.(self, error));
    this.app.hooks.emit('taskFailure', { request: this.request, error });
    await this.#tell('afterReturn', (handlers, self) => handlers.afterReturn?.(self, 'FAILURE', error));
    return {
      kind: 'failed',
      error: errorToWire(error),
      ...(isOneOf(error, this.definition.options.throws) ? { expected: true } : {}),
      ...this.#tail(),
    };
  }

  /** Tells one of the task's handlers how it ended. What a handler throws is logged and changes nothing. */
  async #tell(
    name: keyof TaskHooks,
    call: (handlers: TaskHooks, self: TaskContext) => void | Promise<void>,
  ): Promise<void> {
    const { hooks } = this.definition.options;
    if (!hooks) return;
    try {
      await call(hooks, this.#self);
    } catch (error) {
      this.#self.log.error(`${name} of the task ${this.definition.name} threw; the outcome stays`, {
        error: toError(error).stack,
      });
    }
  }

  /** The retry that `autoretryFor` asks for, or the error that is left when there is none. */
  #automaticRetry(error: unknown): unknown {
    const { autoretryFor, dontAutoretryFor, retryBackoff, retryBackoffMax, retryJitter } =
      this.definition.options;
    if (!autoretryFor || this.#isDecided(error) || isOneOf(error, dontAutoretryFor)) return error;
    const wanted = typeof autoretryFor === 'function' ? autoretryFor(error) : isOneOf(error, autoretryFor);
    if (!wanted) return error;
    if (!retryBackoff) return this.#self.retry({ cause: error });
    const waitMs = backoffMs(this.request.retries, {
      firstMs: 1000 * Math.max(1, retryBackoff === true ? 1 : retryBackoff),
      maxMs: durationMs(retryBackoffMax, 'retryBackoffMax'),
      jitter: retryJitter,
    });
    return this.#self.retry({ cause: error, countdown: waitMs / 1000 });
  }

  /** Whether the error already says how the task ends. */
  #isDecided(error: unknown): boolean {
    if (isFlow(error) || (error instanceof Error && this.#self.isVerdict(error))) return true;
    return (
      error === this.signal.reason && (error instanceof WorkerShutdown || error instanceof TaskRevokedError)
    );
  }

  #changes(wish: RetryWish | undefined): RetryChanges | undefined {
    if (!wish) return undefined;
    const { args = this.#body.args, kwargs = this.#body.kwargs, ...rest } = wish;
    if (wish.args === undefined && wish.kwargs === undefined) return rest;
    const [, , embed] = taskBody({ args, kwargs, embed: this.#body.embed ?? {} });
    const body = `[${encodeJson(args, 'args')}, ${encodeJson(kwargs, 'kwargs')}, ${encodeJson(embed, 'embed')}]`;
    return { ...rest, body: body as Encoded };
  }

  /** The typed reason of the signal, where a task let an AbortError through that wraps it. */
  #reasonOf(thrown: unknown): unknown {
    if (!this.signal.aborted || thrown === this.signal.reason) return thrown;
    const { name, cause } = (typeof thrown === 'object' && thrown !== null ? thrown : {}) as {
      name?: unknown;
      cause?: unknown;
    };
    return name === 'AbortError' || cause === this.signal.reason ? this.signal.reason : thrown;
  }

  #tail(): Pick<Of<'failed'>, 'runtimeMs' | 'embed' | 'children'> {
    return {
      runtimeMs: performance.now() - this.#startedMs,
      ...this.#carried(),
      ...this.#started(),
    };
  }

  /** What the message carries for after the task. */
  #carried(): { readonly embed?: Encoded } {
    return this.#body.embed ? { embed: encodeJson(this.#body.embed, 'embed') } : {};
  }

  /** What the task has started, if anything. */
  #started(): { readonly children?: readonly ResultTuple[] } {
    return this.children.length > 0 ? { children: this.children } : {};
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false;
  return typeof (value as { then?: unknown }).then === 'function';
}

function isFlow(error: unknown): boolean {
  return (
    error instanceof Retry || error instanceof Reject || error instanceof Ignore || error instanceof Replaced
  );
}

function isOneOf(error: unknown, types: readonly ErrorClass[] | undefined): boolean {
  return types?.some((type) => isInstance(error, type)) ?? false;
}

function stateOf(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'succeeded':
      return 'SUCCESS';
    case 'retry':
      return 'RETRY';
    case 'ignored':
      return 'IGNORED';
    case 'rejected':
    case 'returned':
      return 'REJECTED';
    case 'lost':
      return 'REVOKED';
    case 'failed':
      return 'FAILURE';
    case 'replaced':
      return 'IGNORED';
  }
}

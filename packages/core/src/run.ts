import type { App } from './app.ts';
import { backoffMs } from './backoff.ts';
import { runInContext, TaskContext } from './context.ts';
import type { ContextHost } from './context.ts';
import { durationMs } from './duration.ts';
import {
  DecodeError,
  EncodeError,
  NotRegistered,
  TaskRevokedError,
  toError,
  WorkerShutdown,
} from './errors.ts';
import { Ignore, Reject, Retry } from './flow.ts';
import type { RetryWish } from './flow.ts';
import { errorToWire } from './message/errors.ts';
import { isProtocol1, upgradeProtocol1 } from './message/protocol1.ts';
import { readBody, taskBody } from './message/protocol2.ts';
import type { DecodedBody } from './message/protocol2.ts';
import { repr } from './message/repr.ts';
import { bindArguments } from './parameters.ts';
import { decompress } from './serialize/compress.ts';
import { encodeJson } from './serialize/json.ts';
import { applySchema } from './schema.ts';
import type { TaskDefinition } from './task-definition.ts';
import type { ResultTuple } from './types/backend.ts';
import type { Outcome, RetryChanges } from './types/pool.ts';
import type { RunningRequest, TaskRequest } from './types/request.ts';
import type { Message } from './types/transport.ts';

/** One execution, as it comes to the process that runs it. */
export interface RunInput {
  readonly request: TaskRequest;
  readonly body: Uint8Array;
  readonly contentType: string;
  readonly contentEncoding: string;
  readonly compression?: string;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly hostname: string | null;
  /** Whether somebody will show the result: then the outcome carries its `repr`. */
  readonly wantRepr: boolean;
}

/**
 * Runs a task once and says how it ended. Never rejects; knows no broker and no backend.
 */
export async function runTask(
  app: App,
  input: RunInput,
  signal: AbortSignal,
  host: ContextHost,
): Promise<Outcome> {
  let body: DecodedBody;
  try {
    body = decodeBody(app, input);
  } catch (error) {
    const wire = errorToWire(error);
    return { kind: 'rejected', requeue: false, reason: toError(error).message, error: wire };
  }
  const definition = app.tasks.get(input.request.task)?.definition;
  if (!definition) {
    return {
      kind: 'failed',
      error: { ...errorToWire(new NotRegistered(input.request.task)), traceback: null },
      runtimeMs: 0,
      ...embedOf(body),
    };
  }
  return new Execution(app, definition, input, body, signal, host).run();
}

/** The body of a message, decoded. @throws DecodeError, ContentDisallowed */
export function decodeMessage(app: App, { body, headers, properties }: Message): DecodedBody {
  const { contentType = '', contentEncoding = '' } = properties;
  const compression = headers['compression'];
  return decodeBody(app, {
    body,
    contentType,
    contentEncoding,
    ...(typeof compression === 'string' ? { compression } : {}),
  });
}

function decodeBody(
  app: App,
  input: Pick<RunInput, 'body' | 'contentType' | 'contentEncoding' | 'compression'>,
): DecodedBody {
  const bytes = input.compression === undefined ? input.body : decompress(input.compression, input.body);
  const serializer = app.serializers.forReceiving(
    input.contentType,
    input.contentEncoding,
    app.config.acceptContent,
  );
  const decoded = serializer.decode(bytes);
  const body = isProtocol1(decoded) ? upgradeProtocol1(decoded, {}).body : readBody(decoded);
  if (typeof body === 'string') throw new DecodeError(body);
  return body;
}

function embedOf(body: DecodedBody): { embed?: NonNullable<DecodedBody['embed']> } {
  return body.embed ? { embed: body.embed } : {};
}

class Execution {
  readonly #app: App;
  readonly #definition: TaskDefinition;
  readonly #input: RunInput;
  readonly #body: DecodedBody;
  readonly #signal: AbortSignal;
  readonly #children: ResultTuple[] = [];
  readonly #self: TaskContext;
  #startedMs = 0;

  constructor(
    app: App,
    definition: TaskDefinition,
    input: RunInput,
    body: DecodedBody,
    signal: AbortSignal,
    host: ContextHost,
  ) {
    this.#app = app;
    this.#definition = definition;
    this.#input = input;
    this.#body = body;
    this.#signal = signal;
    const request: RunningRequest = {
      ...input.request,
      args: body.args,
      kwargs: body.kwargs,
      properties: input.properties,
      hostname: input.hostname,
      calledDirectly: false,
      isEager: false,
      children: this.#children,
    };
    this.#self = new TaskContext({ app, definition, request, signal, host, children: this.#children });
  }

  async run(): Promise<Outcome> {
    this.#startedMs = performance.now();
    const { hooks } = this.#app;
    if (hooks.has('taskPrerun')) hooks.emit('taskPrerun', { request: this.#self.request });
    let outcome: Outcome;
    try {
      outcome = await this.#succeeded(await runInContext(this.#self, () => this.#call()));
    } catch (thrown) {
      outcome = await this.#ended(this.#reasonOf(thrown));
    }
    if (hooks.has('taskPostrun'))
      hooks.emit('taskPostrun', { request: this.#self.request, state: stateOf(outcome) });
    return outcome;
  }

  /** The function with everything around it that may throw in the task's name. */
  async #call(): Promise<unknown> {
    const { options, run } = this.#definition;
    let args = bindArguments(this.#definition, this.#body.args, this.#body.kwargs);
    if (options.argsSchema) args = [...(await applySchema(options.argsSchema, args, 'args'))];
    if (options.hooks?.beforeStart) await options.hooks.beforeStart(this.#self);
    const execute = async (): Promise<unknown> =>
      (run as (...all: unknown[]) => unknown)(...(options.bind ? [this.#self, ...args] : args));
    const result = await (this.#app.interceptors.length > 0 ? this.#intercepted(execute) : execute());
    return options.resultSchema ? applySchema(options.resultSchema, result, 'result') : result;
  }

  #intercepted(execute: () => Promise<unknown>): Promise<unknown> {
    let next = (_request: TaskRequest): Promise<unknown> => execute();
    for (const interceptor of this.#app.interceptors.toReversed()) {
      const inner = next;
      if (interceptor.execute)
        next = (request) => (interceptor.execute as NonNullable<typeof interceptor.execute>)(request, inner);
    }
    return next(this.#self.request);
  }

  async #succeeded(result: unknown): Promise<Outcome> {
    const encoded = encodeJson(result === undefined ? null : result, 'result');
    const { hooks } = this.#definition.options;
    if (hooks?.onSuccess) await hooks.onSuccess(this.#self, result);
    if (hooks?.afterReturn) await hooks.afterReturn(this.#self, 'SUCCESS', result);
    this.#app.hooks.emit('taskSuccess', { request: this.#self.request, result });
    return {
      kind: 'succeeded',
      result: encoded,
      ...(this.#input.wantRepr
        ? { repr: repr(result ?? null, { maxLength: this.#definition.options.resultReprMaxSize }) }
        : {}),
      ...this.#tail(),
    };
  }

  /** What a thrown value means. */
  async #ended(error: unknown): Promise<Outcome> {
    if (error instanceof Ignore) return { kind: 'ignored' };
    if (error instanceof Reject) return { kind: 'rejected', requeue: error.requeue, reason: error.reason };
    if (error instanceof WorkerShutdown && error === this.#signal.reason)
      return { kind: 'rejected', requeue: true, reason: 'the worker is shutting down' };
    if (error instanceof TaskRevokedError && error === this.#signal.reason)
      return { kind: 'lost', reason: 'terminated', detail: 'revoked' };
    const retry = error instanceof Retry ? error : this.#automaticRetry(error);
    return retry instanceof Retry ? this.#retried(retry) : this.#failed(retry);
  }

  async #retried(retry: Retry): Promise<Outcome> {
    const { hooks, defaultRetryDelay } = this.#definition.options;
    let changes: RetryChanges | undefined;
    try {
      changes = this.#changes(retry.wish);
      if (hooks?.onRetry) await hooks.onRetry(this.#self, retry.cause);
      if (hooks?.afterReturn) await hooks.afterReturn(this.#self, 'RETRY', retry.cause);
    } catch (error) {
      return this.#failed(error);
    }
    this.#app.hooks.emit('taskRetry', { request: this.#self.request, error: retry.cause });
    return {
      kind: 'retry',
      error: retry.cause === undefined ? null : errorToWire(retry.cause),
      countdownMs: retry.countdownMs ?? durationMs(defaultRetryDelay, 'defaultRetryDelay'),
      ...(changes ? { changes } : {}),
      ...(this.#children.length > 0 ? { children: this.#children } : {}),
    };
  }

  async #failed(error: unknown): Promise<Outcome> {
    const { hooks, throws } = this.#definition.options;
    let final = error;
    try {
      if (hooks?.onFailure) await hooks.onFailure(this.#self, error);
      if (hooks?.afterReturn) await hooks.afterReturn(this.#self, 'FAILURE', error);
    } catch (second) {
      final = withCause(second, error);
    }
    this.#app.hooks.emit('taskFailure', { request: this.#self.request, error: final });
    return {
      kind: 'failed',
      error: errorToWire(final),
      ...(throws?.some((type) => final instanceof type) ? { expected: true } : {}),
      ...this.#tail(),
    };
  }

  /** The retry that `autoretryFor` asks for, or the error that is left when there is none. */
  #automaticRetry(error: unknown): unknown {
    const { autoretryFor, dontAutoretryFor, retryBackoff, retryBackoffMax, retryJitter } =
      this.#definition.options;
    if (!autoretryFor || dontAutoretryFor?.some((type) => error instanceof type)) return error;
    const wanted =
      typeof autoretryFor === 'function'
        ? autoretryFor(error)
        : autoretryFor.some((type) => error instanceof type);
    if (!wanted) return error;
    if (retryBackoff === false) return this.#self.retry({ cause: error });
    const waitMs = backoffMs(this.#self.request.retries, {
      firstMs: 1000 * Math.max(1, retryBackoff === true ? 1 : retryBackoff),
      maxMs: durationMs(retryBackoffMax, 'retryBackoffMax'),
      jitter: retryJitter,
    });
    return this.#self.retry({ cause: error, countdown: waitMs / 1000 });
  }

  #changes(wish: RetryWish | undefined): RetryChanges | undefined {
    if (!wish) return undefined;
    const { args, kwargs, ...rest } = wish;
    if (args === undefined && kwargs === undefined) return rest;
    const body = taskBody({
      args: args ?? this.#body.args,
      kwargs: kwargs ?? this.#body.kwargs,
      embed: this.#body.embed ?? {},
    });
    return { ...rest, body: encodeJson(body, 'body') };
  }

  /** The typed reason of the signal, where a task let an AbortError through that wraps it. */
  #reasonOf(thrown: unknown): unknown {
    if (!this.#signal.aborted || thrown === this.#signal.reason) return thrown;
    const { name, cause } = (typeof thrown === 'object' && thrown !== null ? thrown : {}) as {
      name?: unknown;
      cause?: unknown;
    };
    return name === 'AbortError' || cause === this.#signal.reason ? this.#signal.reason : thrown;
  }

  #tail(): {
    runtimeMs: number;
    embed?: NonNullable<DecodedBody['embed']>;
    children?: readonly ResultTuple[];
  } {
    return {
      runtimeMs: performance.now() - this.#startedMs,
      ...embedOf(this.#body),
      ...(this.#children.length > 0 ? { children: this.#children } : {}),
    };
  }
}

function withCause(error: unknown, cause: unknown): unknown {
  return error instanceof EncodeError || (error instanceof Error && error.cause !== undefined)
    ? error
    : new Error(toError(error).message, { cause });
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
    case 'replaced':
      return 'FAILURE';
  }
}

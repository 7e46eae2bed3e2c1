import { types } from 'node:util';

/**
 * Every error that tq raises. `code` is stable and meant for programs; the message says what happened and what to do.
 */
export abstract class TqError extends Error {
  readonly code: string;

  constructor(code: string, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
    this.name = new.target.name;
  }
}

/** A setting is unknown, has the wrong type or contradicts another. */
export class ImproperlyConfigured extends TqError {
  constructor(message: string, options?: { readonly cause?: unknown }) {
    super('TQ_IMPROPERLY_CONFIGURED', message, options);
  }
}

/** The package for a URL scheme or a feature isn't installed. */
export class MissingPackage extends TqError {
  readonly packageName: string;

  constructor(packageName: string, message: string, options?: { readonly cause?: unknown }) {
    super('TQ_MISSING_PACKAGE', message, options);
    this.packageName = packageName;
  }
}

/** The broker can't be reached, or the link to it was lost. */
export class BrokerUnavailableError extends TqError {
  constructor(message: string, options?: { readonly cause?: unknown }) {
    super('TQ_BROKER_UNAVAILABLE', message, options);
  }
}

/** Messages wait in a queue, the broker answers, and yet a worker is given none of them. */
export class ConsumerFrozenError extends TqError {
  constructor(message: string) {
    super('TQ_CONSUMER_FROZEN', message);
  }
}

/** Why the broker did not take a message; `unconfirmed` = it said nothing. */
export type PublishFailure = 'unroutable' | 'refused' | 'blocked' | 'too large' | 'unconfirmed';

/** The broker did not take a message: too slow, unroutable, refused. */
export class PublishError extends TqError {
  readonly reason: PublishFailure;

  constructor(message: string, options: { readonly cause?: unknown; readonly reason?: PublishFailure } = {}) {
    super('TQ_PUBLISH', message, options);
    this.reason = options.reason ?? 'refused';
  }
}

/** The result backend can't be reached or answered with an error. */
export class BackendUnavailableError extends TqError {
  constructor(message: string, options?: { readonly cause?: unknown }) {
    super('TQ_BACKEND_UNAVAILABLE', message, options);
  }
}

/** A result was asked for and no result backend is configured. */
export class ResultsDisabled extends TqError {
  constructor() {
    super(
      'TQ_RESULTS_DISABLED',
      'No result backend is configured, so states and results are not kept. Give createApp() a backend, for example backend: "sqlite://" or "rpc://".',
    );
  }
}

/** Something was used after close(). */
export class ClosedError extends TqError {
  constructor(what: string) {
    super('TQ_CLOSED', `${what} is closed.`);
  }
}

/** A value can't travel in a message. */
export class EncodeError extends TqError {
  /** Where the value is, such as `args[0].when`. */
  readonly path: string;

  constructor(path: string, message: string, options?: { readonly cause?: unknown }) {
    super('TQ_ENCODE', message, options);
    this.path = path;
  }
}

/** Bytes that are not what their content type says. */
export class DecodeError extends TqError {
  constructor(message: string, options?: { readonly cause?: unknown }) {
    super('TQ_DECODE', message, options);
  }
}

/** A content type outside the setting `acceptContent`, or one that is never read. */
export class ContentDisallowed extends TqError {
  readonly contentType: string;

  constructor(contentType: string, why: string = 'it is not in the setting acceptContent.') {
    super('TQ_CONTENT_DISALLOWED', `Refusing content of type ${JSON.stringify(contentType)}: ${why}`);
    this.contentType = contentType;
  }
}

/** A message that is not signed as it must be, or keys and certificates that can't be used. */
export class SecurityError extends TqError {
  constructor(message: string, options?: { readonly cause?: unknown }) {
    super('TQ_SECURITY', message, options);
  }
}

/** A task name that no loaded module has registered. */
export class NotRegistered extends TqError {
  readonly task: string;

  constructor(task: string) {
    super(
      'TQ_NOT_REGISTERED',
      `No task named "${task}" is registered. Is its module imported by the worker?`,
    );
    this.task = task;
  }
}

/** Two tasks with one name. */
export class AlreadyRegistered extends TqError {
  readonly task: string;

  constructor(task: string) {
    super(
      'TQ_ALREADY_REGISTERED',
      `A task named "${task}" is registered already. Names are unique in an app; give one of the two another name.`,
    );
    this.task = task;
  }
}

/** `get()` waited for its whole time-out. */
export class TimeoutError extends TqError {
  constructor(message = 'The operation timed out.', options?: { readonly cause?: unknown }) {
    super('TQ_TIMEOUT', message, options);
  }
}

/** The soft time limit passed; the reason of the task's signal. */
export class SoftTimeLimitExceeded extends TqError {
  readonly limit: number | undefined;

  constructor(limit?: number) {
    super('TQ_SOFT_TIME_LIMIT', `Soft time limit${limit === undefined ? '' : ` (${limit} s)`} exceeded`);
    this.limit = limit;
  }
}

/** The hard time limit passed and the task was ended by force. */
export class TimeLimitExceeded extends TqError {
  readonly limit: number | undefined;

  constructor(limit?: number) {
    super('TQ_TIME_LIMIT', `Time limit${limit === undefined ? '' : ` (${limit} s)`} exceeded`);
    this.limit = limit;
  }
}

/** The process that ran the task died. */
export class WorkerLostError extends TqError {
  constructor(message: string) {
    super('TQ_WORKER_LOST', message);
  }
}

/** The task was revoked, has expired or was terminated. */
export class TaskRevokedError extends TqError {
  readonly reason: string;

  constructor(reason: string = 'revoked') {
    super('TQ_TASK_REVOKED', reason);
    this.reason = reason;
  }
}

/** The worker stops; the reason of the signal of tasks that still run. */
export class WorkerShutdown extends TqError {
  constructor() {
    super('TQ_WORKER_SHUTDOWN', 'The worker is shutting down');
  }
}

/** A task asked for one more retry than it may have, without a cause of its own. */
export class MaxRetriesExceededError extends TqError {
  constructor(message: string) {
    super('TQ_MAX_RETRIES', message);
  }
}

/** No child process or thread could be started. */
export class PoolStartError extends TqError {
  constructor(message: string, options?: { readonly cause?: unknown }) {
    super('TQ_POOL_START', message, options);
  }
}

/** Waiting for a result inside a task, which can use up every slot. */
export class JoinInsideTask extends TqError {
  constructor() {
    super(
      'TQ_JOIN_INSIDE_TASK',
      'Never wait for a result inside a task: if every slot waits, none is left to run what they wait for. Chain the tasks instead, or pass { disableSyncSubtasks: false } if you know better.',
    );
  }
}

/** A member of a chord's header failed. */
export class ChordError extends TqError {
  constructor(message: string) {
    super('TQ_CHORD', message);
  }
}

/** What failed in another process, when its class isn't known here. */
export class RemoteError extends TqError {
  readonly excType: string;
  readonly excModule: string;
  readonly excMessage: readonly unknown[];
  /** Stack text of the process that ran the task. */
  readonly remoteTraceback: string | null;

  constructor(
    excType: string,
    excModule: string,
    excMessage: readonly unknown[],
    remoteTraceback: string | null,
  ) {
    super(
      'TQ_REMOTE',
      excMessage.map((part) => (typeof part === 'string' ? part : JSON.stringify(part))).join(', '),
    );
    this.name = excType;
    this.excType = excType;
    this.excModule = excModule;
    this.excMessage = excMessage;
    this.remoteTraceback = remoteTraceback;
  }
}

/** The unknown value as an Error, for boundaries. One of another realm (a console, a `vm` context, a test runner) is an error too. */
export function toError(value: unknown): Error {
  if (value instanceof Error || types.isNativeError(value)) return value;
  return new Error(typeof value === 'string' ? value : `Non-error thrown: ${safeString(value)}`);
}

function safeString(value: unknown): string {
  try {
    return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
  } catch {
    return Object.prototype.toString.call(value);
  }
}

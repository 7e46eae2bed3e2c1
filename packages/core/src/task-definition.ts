import { isPriority } from './check-call.ts';
import { didYouMean } from './did-you-mean.ts';
import { durationMs } from './duration.ts';
import type { Duration } from './duration.ts';
import { ImproperlyConfigured } from './errors.ts';
import type { TaskContext } from './context.ts';
import { parameterNames } from './parameter-text.ts';

/** A class of errors, also an abstract one. */
// oxlint-disable-next-line typescript/no-explicit-any -- constructor arguments are of no interest here
export type ErrorClass = abstract new (...args: any[]) => Error;

/** https://standardschema.dev, version 1: what zod, valibot, arktype and others implement. */
export interface StandardSchema<Output = unknown> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    validate(value: unknown): StandardResult<Output> | Promise<StandardResult<Output>>;
  };
}

type StandardResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | {
      readonly issues: readonly {
        readonly message: string;
        readonly path?: readonly unknown[] | undefined;
      }[];
    };

/** Options of a task. Those that also are settings (`taskAcksLate`, …) win over the setting. */
export interface TaskOptions {
  /** The task gets its context `self` as first parameter. @default false */
  readonly bind?: boolean;
  /**
   * Names of the parameters, so that keyword arguments of a caller fill them; a name that ends with `?` may be left out, as
   * may those with a default value. Keyword arguments of other names arrive as one trailing object.
   */
  readonly params?: readonly string[];
  /** null = no limit. @default 3 */
  readonly maxRetries?: number | null;
  /** Wait before a retry that names none. @default 180 */
  readonly defaultRetryDelay?: Duration;
  /** Retry by itself when one of these is thrown, or when the function says so. */
  readonly autoretryFor?: readonly ErrorClass[] | ((error: unknown) => boolean);
  /** But not for these. */
  readonly dontAutoretryFor?: readonly ErrorClass[];
  /** Wait 1, 2, 4 … seconds before automatic retries, times this number. @default false */
  readonly retryBackoff?: boolean | number;
  /** Longest of these waits. @default 600 */
  readonly retryBackoffMax?: Duration;
  /** Wait a random part of it. @default true */
  readonly retryJitter?: boolean;
  /** Don't keep what the task returns. @default the setting taskIgnoreResult */
  readonly ignoreResult?: boolean;
  /** But keep its errors. @default the setting taskStoreErrorsEvenIfIgnored */
  readonly storeErrorsEvenIfIgnored?: boolean;
  /** Keep the state STARTED. @default the setting taskTrackStarted */
  readonly trackStarted?: boolean;
  /** Keep the ids of tasks that this one starts with its result. @default true */
  readonly trail?: boolean;
  /** Send events for this task, where events are on. @default true */
  readonly sendEvents?: boolean;
  /** Most characters of the result in logs and events. @default 1024 */
  readonly resultReprMaxSize?: number;
  /** @default the setting taskSerializer */
  readonly serializer?: string;
  /** @default the setting taskCompression */
  readonly compression?: string;
  /** '10/s', '100/m', '5/h' or a number a second; per worker. @default the setting taskDefaultRateLimit */
  readonly rateLimit?: string | number | null;
  /** Hard limit: the task is ended by force. @default the setting taskTimeLimit */
  readonly timeLimit?: Duration;
  /** Soft limit: the task's signal fires. @default the setting taskSoftTimeLimit */
  readonly softTimeLimit?: Duration;
  /** Acknowledge after running rather than before. @default the setting taskAcksLate */
  readonly acksLate?: boolean;
  /** With late acknowledgement, acknowledge also what failed or ran out of time. @default the setting taskAcksOnFailureOrTimeout */
  readonly acksOnFailureOrTimeout?: boolean;
  /** With late acknowledgement, run again when the process died. @default the setting taskRejectOnWorkerLost */
  readonly rejectOnWorkerLost?: boolean;
  /** Fail after so many deliveries without an end; null = no limit. @default the setting taskMaxDeliveries */
  readonly maxDeliveries?: number | null;
  /** Errors that are expected: logged at level info, without a stack. */
  readonly throws?: readonly ErrorClass[];
  /** Don't start calls that are older than this. */
  readonly expires?: Duration;
  /** Priority of calls that name none. @default the setting taskDefaultPriority */
  readonly priority?: number;
  /** Queue of calls that name none; wins over taskRoutes. */
  readonly queue?: string;
  /** Exchange of calls that name none; wins over taskRoutes. */
  readonly exchange?: string;
  /** Routing key of calls that name none; wins over taskRoutes. */
  readonly routingKey?: string;
  /** @default the setting taskDefaultDeliveryMode */
  readonly deliveryMode?: 1 | 2 | 'transient' | 'persistent';
  /** Display name in logs and monitors. */
  readonly shadow?:
    | string
    | ((args: readonly unknown[], kwargs: Readonly<Record<string, unknown>>) => string | undefined);
  /** Checks the positional arguments as one array, at the sender and before the run; its output is what the task gets. */
  readonly argsSchema?: StandardSchema<readonly unknown[]>;
  /** Checks, and may transform, what the task returns. */
  readonly resultSchema?: StandardSchema;
  /** In the process that runs the task, around it. */
  readonly hooks?: TaskHooks;
  /** Replace a task of the same name instead of refusing. @default false */
  readonly override?: boolean;
}

/**
 * Handlers of one task; Celery's before_start, on_success, on_retry, on_failure and after_return. What `beforeStart` throws
 * fails the task; what the others throw is logged.
 */
export interface TaskHooks {
  /** Before the function runs, in its context. */
  beforeStart?(self: TaskContext): void | Promise<void>;
  /** After it has returned something that can be kept. */
  onSuccess?(self: TaskContext, result: unknown): void | Promise<void>;
  /** After it has asked for another attempt; `error` is the cause, if there's one. */
  onRetry?(self: TaskContext, error: unknown): void | Promise<void>;
  /** After it has failed for good. */
  onFailure?(self: TaskContext, error: unknown): void | Promise<void>;
  /** Last, with SUCCESS and the result or FAILURE and the error. */
  afterReturn?(self: TaskContext, state: string, value: unknown): void | Promise<void>;
}

type Defaulted =
  | 'bind'
  | 'maxRetries'
  | 'defaultRetryDelay'
  | 'retryBackoff'
  | 'retryBackoffMax'
  | 'retryJitter'
  | 'trail'
  | 'sendEvents'
  | 'resultReprMaxSize';

/** Options with nothing left open that has a default of its own. */
export type ResolvedTaskOptions = Required<Pick<TaskOptions, Defaulted>> & Omit<TaskOptions, Defaulted>;

/** A task without an app: what `defineTask()` makes and `app.register()` takes. */
export interface TaskDefinition {
  readonly name: string;
  readonly options: ResolvedTaskOptions;
  /** Takes the context first when `options.bind` is set. */
  readonly run: (...args: never[]) => unknown;
  /** Names of the positional parameters: given, or read from the function's text for error messages. */
  readonly parameters: readonly string[];
  /** How many of them a call must give. */
  readonly required: number;
}

const DEFAULTS: Required<Pick<TaskOptions, Defaulted>> = {
  bind: false,
  maxRetries: 3,
  defaultRetryDelay: 180,
  retryBackoff: false,
  retryBackoffMax: 600,
  retryJitter: true,
  trail: true,
  sendEvents: true,
  resultReprMaxSize: 1024,
};

const KNOWN = new Set<string>([
  ...Object.keys(DEFAULTS),
  ...([
    'params',
    'autoretryFor',
    'dontAutoretryFor',
    'ignoreResult',
    'storeErrorsEvenIfIgnored',
    'trackStarted',
    'serializer',
    'compression',
    'rateLimit',
    'timeLimit',
    'softTimeLimit',
    'acksLate',
    'acksOnFailureOrTimeout',
    'rejectOnWorkerLost',
    'maxDeliveries',
    'throws',
    'expires',
    'priority',
    'queue',
    'exchange',
    'routingKey',
    'deliveryMode',
    'shadow',
    'argsSchema',
    'resultSchema',
    'hooks',
    'override',
  ] satisfies (keyof TaskOptions)[]),
]);

/** Checks a task's parts and fills in defaults. */
export function makeDefinition(
  name: string,
  options: TaskOptions,
  run: (...args: never[]) => unknown,
): TaskDefinition {
  if (typeof name !== 'string' || name === '')
    throw new ImproperlyConfigured('A task needs a name: app.task("proj.tasks.add", …).');
  if (typeof run !== 'function') throw new ImproperlyConfigured(`The task ${name} needs a function.`);
  checkOptions(name, options);
  const bound = options.bind ? 1 : 0;
  const names = options.params ?? parameterNames(run).slice(bound);
  const optional = names.findIndex((each) => each.endsWith('?'));
  const most = optional >= 0 ? optional : (options.params?.length ?? Infinity);
  return {
    name,
    options: { ...DEFAULTS, ...options },
    run,
    parameters: names.map((each) => each.replace(/\?$/, '')),
    required: Math.max(0, Math.min(run.length - bound, most)),
  };
}

const DURATIONS = ['defaultRetryDelay', 'retryBackoffMax', 'timeLimit', 'softTimeLimit', 'expires'] as const;
const CLASSES = ['autoretryFor', 'dontAutoretryFor', 'throws'] as const;

/** Says at once, where the task is written, what would fail in a worker later. */
function checkOptions(name: string, options: TaskOptions): void {
  const of = `of the task ${name}`;
  for (const key of Object.keys(options)) {
    if (KNOWN.has(key)) continue;
    const near = didYouMean(key, KNOWN);
    throw new ImproperlyConfigured(
      `Unknown option ${JSON.stringify(key)} ${of}.${near ? ` Did you mean ${near}?` : ''}`,
    );
  }
  for (const key of DURATIONS) {
    const value = options[key];
    if (value !== undefined) durationMs(value, `${key} ${of}`);
  }
  for (const key of CLASSES) {
    const types = options[key];
    if (!Array.isArray(types) || types.every((type) => typeof type === 'function')) continue;
    throw new ImproperlyConfigured(
      `${key} ${of} holds something that is no class. Does its module import this one?`,
    );
  }
  const { maxRetries, priority } = options;
  if (priority !== undefined && !isPriority(priority))
    throw new ImproperlyConfigured(`priority ${of} must be a whole number from 0 to 255.`);
  if (maxRetries !== undefined && maxRetries !== null && !(maxRetries >= 0))
    throw new ImproperlyConfigured(`maxRetries ${of} must be 0 or more, or null for no limit.`);
}

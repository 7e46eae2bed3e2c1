import type { Duration } from './duration.ts';
import type { TaskRoutes } from './routing.ts';
import type { QueueDefinition } from './queues.ts';

/**
 * Every setting: its default, and what a value must be. Names are Celery's in camelCase; where the default differs from
 * Celery's, `preset: 'celery'` gives Celery's back.
 */
export interface Settings {
  /** Content types, or serializer names, that are decoded; anything else is refused unread. @default ['json'] */
  acceptContent: readonly string[];
  /** The same for results. @default acceptContent */
  resultAcceptContent: readonly string[] | null;
  /** IANA zone for schedules and display; the wire is UTC. @default 'UTC' */
  timezone: string;
  /** @default true */
  enableUtc: boolean;
  /** Modules that a worker imports, before `include`. @default [] */
  imports: readonly string[];
  /** Modules that a worker imports to find tasks: paths from the working directory, or dotted names. @default [] */
  include: readonly string[];

  /** Where messages live: a URL, or several for fail-over. @default 'sqlite://' */
  brokerUrl: string | readonly string[];
  /** Handed to the transport as they are. @default {} */
  brokerTransportOptions: Readonly<Record<string, unknown>>;
  /** Longest wait for one connection attempt. @default 4 */
  brokerConnectionTimeout: Duration;
  /** Reconnect after losing the broker. @default true */
  brokerConnectionRetry: boolean;
  /** Retry also the very first connection. @default true */
  brokerConnectionRetryOnStartup: boolean;
  /** Give up after this many attempts in a row; null = never. @default null (Celery: 100) */
  brokerConnectionMaxRetries: number | null;

  /** Where results live; null = results are off. @default the embedded file when no broker is named either, else null */
  resultBackend: string | null;
  /** Handed to the backend as they are. @default {} */
  resultBackendTransportOptions: Readonly<Record<string, unknown>>;
  /** Life of a result; null = for ever. @default 86400 */
  resultExpires: Duration | null;
  /** Keep name, args, kwargs, worker, retries and queue with each result. @default false */
  resultExtended: boolean;

  /** @default 'json' */
  taskSerializer: string;
  /** Compress bodies: 'gzip', 'brotli', 'zstd'. @default null */
  taskCompression: string | null;
  /** 1 transient, 2 persistent. @default 2 */
  taskDefaultDeliveryMode: 1 | 2 | 'transient' | 'persistent';
  /** Publish again when the connection drops. @default true */
  taskPublishRetry: boolean;
  /** @default { maxRetries: 3, intervalStart: 0, intervalStep: 0.2, intervalMax: 1 } */
  taskPublishRetryPolicy: PublishRetryPolicy;
  /** Longest life of a `delay()` before it rejects, retries included. @default 5 */
  publishTimeout: Duration;
  /** Refuse larger messages. Bytes. @default 134217728 (128 MiB, RabbitMQ's own limit) */
  maxMessageBytes: number;

  /** Run calls here and now instead of sending them. @default false */
  taskAlwaysEager: boolean;
  /** Eager calls throw what the task throws. @default false */
  taskEagerPropagates: boolean;
  /** Eager calls keep their results in the backend. @default false */
  taskStoreEagerResult: boolean;
  /** @default false */
  taskIgnoreResult: boolean;
  /** @default false */
  taskStoreErrorsEvenIfIgnored: boolean;
  /** Keep the state STARTED. @default false */
  taskTrackStarted: boolean;
  /** Hard limit; the task is ended by force. @default null */
  taskTimeLimit: Duration | null;
  /** Soft limit; the task's signal fires. @default null */
  taskSoftTimeLimit: Duration | null;
  /** Acknowledge after running rather than before. @default true (Celery: false) */
  taskAcksLate: boolean;
  /** With late acknowledgement, acknowledge also what failed or ran out of time. @default true */
  taskAcksOnFailureOrTimeout: boolean;
  /** With late acknowledgement, give a task back whose process died. @default true (Celery: false) */
  taskRejectOnWorkerLost: boolean;
  /** A task that was handed out this often without an end fails as WorkerLostError; null = no limit. @default 3 (Celery: no limit) */
  taskMaxDeliveries: number | null;
  /** Where messages go that can't be run, with the reason; null = they are dropped, as Celery does. @default 'tq.dead' */
  taskDeadLetterQueue: string | null;
  /** '10/s', '100/m', '5/h' or a number a second; per worker. @default null */
  taskDefaultRateLimit: string | number | null;
  /** Children inherit the priority of the task that calls them. @default false */
  taskInheritParentPriority: boolean;

  /** Queues that exist and that a worker consumes; null = the default queue. @default null */
  taskQueues: readonly QueueDefinition[] | Readonly<Record<string, Omit<QueueDefinition, 'name'>>> | null;
  /** Where each task goes. @default null */
  taskRoutes: TaskRoutes | null;
  /** @default null */
  taskDefaultPriority: number | null;
  /** Create queues that are named and not in `taskQueues`. @default true */
  taskCreateMissingQueues: boolean;
  /** @default 'celery' */
  taskDefaultQueue: string;
  /** @default the queue's name */
  taskDefaultExchange: string | null;
  /** @default 'direct' */
  taskDefaultExchangeType: 'direct' | 'topic' | 'fanout' | 'headers';
  /** @default the queue's name */
  taskDefaultRoutingKey: string | null;

  /** Tasks at one time. @default the number of CPUs */
  workerConcurrency: number | null;
  /** 'prefork', 'threads', 'async' or 'solo'. @default 'prefork' */
  workerPool: string;
  /** Messages reserved a slot; 0 = no limit; 'auto' = none for long tasks, about 50 ms of work for short ones. @default 'auto' (Celery: 4) */
  workerPrefetchMultiplier: number | 'auto';
  /** Fetch only for a free slot. @default false */
  workerDisablePrefetch: boolean;
  /** Recycle a child after this many tasks. @default null */
  workerMaxTasksPerChild: number | null;
  /** Recycle a child over this resident size: KiB, or a text such as '200MB'. @default null */
  workerMaxMemoryPerChild: number | string | null;
  /** Time for a child to load the app. @default 10 (Celery: 4) */
  workerProcAliveTimeout: Duration;
  /** Time for running tasks before a cold shutdown ends them. @default 0 */
  workerSoftShutdownTimeout: Duration;
  /** Longest warm shutdown; then it turns cold. null = as long as the tasks need. @default null */
  workerShutdownTimeout: Duration | null;
  /** Send task events. @default false */
  workerSendTaskEvents: boolean;
  /** Ignore rate limits. @default false */
  workerDisableRateLimits: boolean;
  /** Most tasks waiting for their ETA in memory; null = no limit. @default null */
  workerEtaTaskLimit: number | null;
  /** Colour log output; null = on a terminal. @default null */
  workerLogColor: boolean | null;
  /** @default '[%(asctime)s: %(levelname)s/%(processName)s] %(message)s' */
  workerLogFormat: string;
  /** @default '[%(asctime)s: %(levelname)s/%(processName)s] %(task_name)s[%(task_id)s]: %(message)s' */
  workerTaskLogFormat: string;
}

export interface PublishRetryPolicy {
  readonly maxRetries?: number | null;
  readonly intervalStart?: Duration;
  readonly intervalStep?: Duration;
  readonly intervalMax?: Duration;
}

/** What a value must be; the text ends the sentence "… must be". */
interface Rule {
  readonly is: string;
  fits(value: unknown): boolean;
}

const boolean: Rule = { is: 'true or false', fits: (value) => typeof value === 'boolean' };
const text: Rule = { is: 'a text', fits: (value) => typeof value === 'string' && value !== '' };
const texts: Rule = {
  is: 'a list of texts',
  fits: (value) => Array.isArray(value) && value.every((item) => typeof item === 'string'),
};
const map: Rule = {
  is: 'an object',
  fits: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
};
const duration: Rule = {
  is: "seconds, or a text such as '250ms', '10s', '1h'",
  fits: (value) =>
    (typeof value === 'number' && Number.isFinite(value) && value >= 0) ||
    (typeof value === 'string' && /^\s*\d+(\.\d+)?\s*(ms|s|m|h|d)?\s*$/.test(value)),
};
const count = (least: number): Rule => ({
  is: `a whole number of at least ${least}`,
  fits: (value) => Number.isSafeInteger(value) && (value as number) >= least,
});
const oneOf = (...values: readonly unknown[]): Rule => ({
  is: `one of ${values.map((value) => JSON.stringify(value)).join(', ')}`,
  fits: (value) => values.includes(value),
});
const orNull = (rule: Rule): Rule => ({
  is: `${rule.is}, or null`,
  fits: (value) => value === null || rule.fits(value),
});
const either = (a: Rule, b: Rule): Rule => ({
  is: `${a.is}, or ${b.is}`,
  fits: (value) => a.fits(value) || b.fits(value),
});
const zone: Rule = { is: "a time zone such as 'Europe/London'", fits: isTimeZone };
const rate: Rule = {
  is: "a number a second, or a text such as '10/s', '100/m', '5/h'",
  fits: (value) =>
    (typeof value === 'number' && value >= 0) ||
    (typeof value === 'string' && /^\s*\d+(\.\d+)?\s*(\/\s*[smh])?\s*$/.test(value)),
};
const bytes: Rule = {
  is: "KiB, or a text such as '200MB'",
  fits: (value) =>
    count(1).fits(value) || (typeof value === 'string' && /^\s*\d+(\.\d+)?\s*[KMG]i?B\s*$/i.test(value)),
};
const anything: Rule = {
  is: 'a list, an object or a function',
  fits: (value) => value === null || ['object', 'function'].includes(typeof value),
};

export const RULES: { readonly [K in keyof Settings]: Rule } = {
  acceptContent: texts,
  resultAcceptContent: orNull(texts),
  timezone: zone,
  enableUtc: boolean,
  imports: texts,
  include: texts,
  brokerUrl: either(text, texts),
  brokerTransportOptions: map,
  brokerConnectionTimeout: duration,
  brokerConnectionRetry: boolean,
  brokerConnectionRetryOnStartup: boolean,
  brokerConnectionMaxRetries: orNull(count(0)),
  resultBackend: orNull(text),
  resultBackendTransportOptions: map,
  resultExpires: orNull(duration),
  resultExtended: boolean,
  taskSerializer: text,
  taskCompression: orNull(text),
  taskDefaultDeliveryMode: oneOf(1, 2, 'transient', 'persistent'),
  taskPublishRetry: boolean,
  taskPublishRetryPolicy: map,
  publishTimeout: duration,
  maxMessageBytes: count(1),
  taskAlwaysEager: boolean,
  taskEagerPropagates: boolean,
  taskStoreEagerResult: boolean,
  taskIgnoreResult: boolean,
  taskStoreErrorsEvenIfIgnored: boolean,
  taskTrackStarted: boolean,
  taskTimeLimit: orNull(duration),
  taskSoftTimeLimit: orNull(duration),
  taskAcksLate: boolean,
  taskAcksOnFailureOrTimeout: boolean,
  taskRejectOnWorkerLost: boolean,
  taskMaxDeliveries: orNull(count(1)),
  taskDeadLetterQueue: orNull(text),
  taskDefaultRateLimit: orNull(rate),
  taskInheritParentPriority: boolean,
  taskQueues: anything,
  taskRoutes: anything,
  taskDefaultPriority: orNull(count(0)),
  taskCreateMissingQueues: boolean,
  taskDefaultQueue: text,
  taskDefaultExchange: orNull(text),
  taskDefaultExchangeType: oneOf('direct', 'topic', 'fanout', 'headers'),
  taskDefaultRoutingKey: orNull(text),
  workerConcurrency: orNull(count(1)),
  workerPool: text,
  workerPrefetchMultiplier: either(count(0), oneOf('auto')),
  workerDisablePrefetch: boolean,
  workerMaxTasksPerChild: orNull(count(1)),
  workerMaxMemoryPerChild: orNull(bytes),
  workerProcAliveTimeout: duration,
  workerSoftShutdownTimeout: duration,
  workerShutdownTimeout: orNull(duration),
  workerSendTaskEvents: boolean,
  workerDisableRateLimits: boolean,
  workerEtaTaskLimit: orNull(count(0)),
  workerLogColor: orNull(boolean),
  workerLogFormat: text,
  workerTaskLogFormat: text,
};

export const DEFAULTS: Settings = {
  acceptContent: ['json'],
  resultAcceptContent: null,
  timezone: 'UTC',
  enableUtc: true,
  imports: [],
  include: [],
  brokerUrl: 'sqlite://',
  brokerTransportOptions: {},
  brokerConnectionTimeout: 4,
  brokerConnectionRetry: true,
  brokerConnectionRetryOnStartup: true,
  brokerConnectionMaxRetries: null,
  resultBackend: null,
  resultBackendTransportOptions: {},
  resultExpires: 86_400,
  resultExtended: false,
  taskSerializer: 'json',
  taskCompression: null,
  taskDefaultDeliveryMode: 2,
  taskPublishRetry: true,
  taskPublishRetryPolicy: { maxRetries: 3, intervalStart: 0, intervalStep: 0.2, intervalMax: 1 },
  publishTimeout: 5,
  maxMessageBytes: 134_217_728,
  taskAlwaysEager: false,
  taskEagerPropagates: false,
  taskStoreEagerResult: false,
  taskIgnoreResult: false,
  taskStoreErrorsEvenIfIgnored: false,
  taskTrackStarted: false,
  taskTimeLimit: null,
  taskSoftTimeLimit: null,
  taskAcksLate: true,
  taskAcksOnFailureOrTimeout: true,
  taskRejectOnWorkerLost: true,
  taskMaxDeliveries: 3,
  taskDeadLetterQueue: 'tq.dead',
  taskDefaultRateLimit: null,
  taskInheritParentPriority: false,
  taskQueues: null,
  taskRoutes: null,
  taskDefaultPriority: null,
  taskCreateMissingQueues: true,
  taskDefaultQueue: 'celery',
  taskDefaultExchange: null,
  taskDefaultExchangeType: 'direct',
  taskDefaultRoutingKey: null,
  workerConcurrency: null,
  workerPool: 'prefork',
  workerPrefetchMultiplier: 'auto',
  workerDisablePrefetch: false,
  workerMaxTasksPerChild: null,
  workerMaxMemoryPerChild: null,
  workerProcAliveTimeout: 10,
  workerSoftShutdownTimeout: 0,
  workerShutdownTimeout: null,
  workerSendTaskEvents: false,
  workerDisableRateLimits: false,
  workerEtaTaskLimit: null,
  workerLogColor: null,
  workerLogFormat: '[%(asctime)s: %(levelname)s/%(processName)s] %(message)s',
  workerTaskLogFormat: '[%(asctime)s: %(levelname)s/%(processName)s] %(task_name)s[%(task_id)s]: %(message)s',
};

/** `preset: 'celery'`: Celery's own defaults where tq's differ (docs/adr/0004). */
export const PRESETS: Readonly<Record<'celery', Partial<Settings>>> = {
  celery: {
    brokerConnectionMaxRetries: 100,
    taskAcksLate: false,
    taskRejectOnWorkerLost: false,
    taskMaxDeliveries: null,
    taskDeadLetterQueue: null,
    workerPrefetchMultiplier: 4,
    workerProcAliveTimeout: 4,
  },
};

function isTimeZone(value: unknown): boolean {
  if (typeof value !== 'string') return false;
  try {
    return Intl.DateTimeFormat('en', { timeZone: value }) !== undefined;
  } catch {
    return false;
  }
}

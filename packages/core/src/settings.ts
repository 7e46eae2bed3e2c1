import type { Duration } from './duration.ts';
import type { TaskRoutes } from './routing.ts';
import type { QueueDefinition } from './queues.ts';
import type { TlsSetting } from './types/tls.ts';

/**
 * Every setting: what it means, and its default. Names are Celery's in camelCase; where the default differs from Celery's,
 * `preset: 'celery'` gives Celery's back. `docs/settings.md` is made from this file by `node tools/settings-doc.mjs`.
 */
export interface Settings {
  // General

  /** Content types, or names of serializers, that are decoded; anything else is refused unread. @default ["json"] */
  acceptContent: readonly string[];
  /** The same for results; null = those and the serializer of results. @default null */
  resultAcceptContent: readonly string[] | null;
  /** IANA zone of schedules and of times that are shown. The wire is UTC, and so is a time without an offset, as in Celery. @default "UTC" */
  timezone: string;
  /** false = the zone of the machine, unless `timezone` names another than UTC. @default true */
  enableUtc: boolean;
  /** Modules that a worker imports before those of `include`. @default [] */
  imports: readonly string[];
  /** Modules that a worker imports to find tasks: paths beside the app, else from the folders above it up to the working directory, such as `proj/tasks` or `src/**\/tasks.ts`, dotted names, or packages. `app.autodiscoverTasks()` adds to them. @default [] */
  include: readonly string[];

  // Broker

  /** Where messages live: a URL, or several (a list, or a text with `;` between) for fail-over. TQ_BROKER_URL and CELERY_BROKER_URL in the environment win. @default "sqlite://" */
  brokerUrl: string | readonly string[];
  /** Another address for consuming; null = brokerUrl. TQ_BROKER_READ_URL and CELERY_BROKER_READ_URL in the environment win. @default null */
  brokerReadUrl: string | readonly string[] | null;
  /** Another address for publishing; null = brokerUrl. TQ_BROKER_WRITE_URL and CELERY_BROKER_WRITE_URL in the environment win. @default null */
  brokerWriteUrl: string | readonly string[] | null;
  /** In which order several addresses are tried: `round-robin` from the one that answered last, `shuffle`, or a function that sorts them. @default "round-robin" */
  brokerFailoverStrategy: FailoverStrategy;
  /** TLS to the broker: true, or options of Node's `tls.connect()`; Celery's `keyfile`, `certfile`, `ca_certs` and `cert_reqs` are understood. @default false */
  brokerUseSsl: TlsSetting;
  /** AMQP: how long, in seconds, broker and client may be silent before each other; after twice as long the broker gives a process up whose tasks block it. 0 = for ever. @default 120 */
  brokerHeartbeat: Duration;
  /** How to log in: `PLAIN`, `AMQPLAIN` or `EXTERNAL`; null = what the URL gives. AMQP. @default null */
  brokerLoginMethod: string | null;
  /** Most connections for publishing; a process of tq needs one, so every limit holds. @default 10 */
  brokerPoolLimit: number | null;
  /** Type of the queues that hold messages until their ETA, where queues are of type quorum. RabbitMQ. @default "quorum" */
  brokerNativeDelayedDeliveryQueueType: 'classic' | 'quorum';
  /** Handed to the transport as they are. @default {} */
  brokerTransportOptions: Readonly<Record<string, unknown>>;
  /** Longest wait for one connection attempt, to the broker or the result backend. @default 4 */
  brokerConnectionTimeout: Duration;
  /** Reconnect after losing the broker. @default true */
  brokerConnectionRetry: boolean;
  /** Retry the very first connection too. @default true */
  brokerConnectionRetryOnStartup: boolean;
  /** Give up after this many attempts in a row; null = never. @default null */
  brokerConnectionMaxRetries: number | null;

  // Results

  /** Where states and results live: a URL; null = they are not kept. While no broker is named either, the embedded file `sqlite://` keeps them. TQ_RESULT_BACKEND and CELERY_RESULT_BACKEND in the environment win. @default null */
  resultBackend: string | null;
  /** Handed to the result backend as they are. @default {} */
  resultBackendTransportOptions: Readonly<Record<string, unknown>>;
  /** Life of a result after its last change; null or 0 = for ever. @default 86400 */
  resultExpires: Duration | null;
  /** rpc:// only: whether results on their way survive a restart of the broker. @default false */
  resultPersistent: boolean;
  /** Keep name, args, kwargs, worker, retries and queue with each result. @default false */
  resultExtended: boolean;
  /** How results are written that Python may read, in rpc:// and in Redis; all that share them must say the same. @default "json" */
  resultSerializer: string;
  /** How results in Redis are compressed, as Celery 5.7 does: gzip, brotli or zstd; whoever reads them needs no setting. @default null */
  resultCompression: string | null;
  /** How many results a client keeps that it has seen, so that handles made anew needn't ask again; -1 = none, null or 0 = all. @default -1 */
  resultCacheMax: number | null;
  /** Try to store a result until it works; otherwise a worker gives the message back after a minute. @default false */
  resultBackendAlwaysRetry: boolean;
  /** Pause between two looks of `celery.chord_unlock`, which Celery sends for result backends that can't count. @default 1 */
  resultChordRetryInterval: Duration;
  /** Known from Celery; the backends of tq count the members of a chord and hand over their results, so nothing is waited for. @default 3 */
  resultChordJoinTimeout: Duration;

  // Results in Redis

  /** TLS to the backend, as in brokerUseSsl; null = as the URL says. @default null */
  redisBackendUseSsl: TlsSetting | null;
  /** Pause between two looks at an idle connection; null = as the driver has it. @default null */
  redisBackendHealthCheckInterval: Duration | null;
  /** Shown in the server's list of clients. @default null */
  redisClientName: string | null;
  /** Most connections; the backend needs one, so every limit holds. @default null */
  redisMaxConnections: number | null;
  /** Longest wait for a connection; null = brokerConnectionTimeout. @default null */
  redisSocketConnectTimeout: Duration | null;
  /** Longest wait for an answer; null = as the driver has it. @default 10 */
  redisSocketTimeout: Duration | null;
  /** Known from Celery; after such a wait tq connects anew and asks again in any case. @default false */
  redisRetryOnTimeout: boolean;
  /** TCP keep-alive. @default false */
  redisSocketKeepalive: boolean;
  /** User, where the URL names none. @default null */
  redisUsername: string | null;
  /** Password, where the URL names none. @default null */
  redisPassword: string | null;

  // Tasks: sending

  /** How bodies are written, unless the task or the call says otherwise. @default "json" */
  taskSerializer: string;
  /** Version of the messages that are sent: 1 only for workers that know nothing newer; both are read. @default 2 */
  taskProtocol: 1 | 2;
  /** Compress bodies: `gzip`, `brotli` or, from Node.js 22.15 on, `zstd`. @default null */
  taskCompression: string | null;
  /** Whether the broker writes messages to disk: 2 or `persistent`, 1 or `transient`. @default 2 */
  taskDefaultDeliveryMode: 1 | 2 | 'transient' | 'persistent';
  /** Publish again when the connection drops. @default true */
  taskPublishRetry: boolean;
  /** How often, and with which pauses: the first, how much longer each next one is, the longest. What is left out has its default. @default {"maxRetries":3,"intervalStart":0,"intervalStep":0.2,"intervalMax":1} */
  taskPublishRetryPolicy: PublishRetryPolicy;
  /** `delay()` resolves or rejects within this time, retries included. Only in tq. @default 5 */
  publishTimeout: Duration;
  /** Refuse larger messages before they are sent. Bytes; the default is RabbitMQ's own limit, 128 MiB. Only in tq. @default 134217728 */
  maxMessageBytes: number;

  // Tasks: running

  /** Run calls here and now instead of sending them; for tests. @default false */
  taskAlwaysEager: boolean;
  /** An error link of a chord is one of its header's tasks too, not only of its body. @default false */
  taskAllowErrorCbOnChordHeader: boolean;
  /** Eager calls throw what the task throws. @default false */
  taskEagerPropagates: boolean;
  /** Eager calls keep their results in the backend. @default false */
  taskStoreEagerResult: boolean;
  /** Don't keep what tasks return. @default false */
  taskIgnoreResult: boolean;
  /** Keep errors even where results are ignored. @default false */
  taskStoreErrorsEvenIfIgnored: boolean;
  /** Keep the state STARTED. @default false */
  taskTrackStarted: boolean;
  /** Hard time limit: the task is ended by force. @default null */
  taskTimeLimit: Duration | null;
  /** Soft time limit: the task's signal fires. @default null */
  taskSoftTimeLimit: Duration | null;
  /** Acknowledge after running rather than before. @default true */
  taskAcksLate: boolean;
  /** With late acknowledgement, acknowledge also what failed or ran out of time. @default true */
  taskAcksOnFailureOrTimeout: boolean;
  /** With late acknowledgement, run a task again whose process died. @default true */
  taskRejectOnWorkerLost: boolean;
  /** A task that was handed out this often without an end fails as WorkerLostError; null = no limit. Only in tq. @default 3 */
  taskMaxDeliveries: number | null;
  /** Queue for messages that can't be run, with the reason; null = they are dropped, as Celery does. Only in tq. @default "tq.dead" */
  taskDeadLetterQueue: string | null;
  /** Tasks started per worker: `10/s`, `100/m`, `5/h` or a number a second; null = no limit. @default null */
  taskDefaultRateLimit: string | number | null;
  /** Calls made by a task have its priority. @default false */
  taskInheritParentPriority: boolean;

  // Routing

  /** Queues that exist and that a worker consumes; null = the default queue. @default null */
  taskQueues: readonly QueueDefinition[] | Readonly<Record<string, Omit<QueueDefinition, 'name'>>> | null;
  /** Where each task goes: a map of names (exact, or with `*`, `?` and `[…]`), a function, a list of these and of pairs of a regular expression and a target. @default null */
  taskRoutes: TaskRoutes | null;
  /** Levels of urgency of queues that say nothing about it (`x-max-priority`); null = none. RabbitMQ. @default null */
  taskQueueMaxPriority: number | null;
  /** Priority of calls that name none. @default null */
  taskDefaultPriority: number | null;
  /** Create queues that are named and not in `taskQueues`. @default true */
  taskCreateMissingQueues: boolean;
  /** Type of those queues. RabbitMQ. @default "classic" */
  taskCreateMissingQueueType: 'classic' | 'quorum';
  /** Type of the exchanges that feed those queues; null = direct. @default null */
  taskCreateMissingQueueExchangeType: 'direct' | 'topic' | 'fanout' | 'headers' | null;
  /** Queue of calls that nothing else routes. @default "celery" */
  taskDefaultQueue: string;
  /** Type of the default queue. RabbitMQ. @default "classic" */
  taskDefaultQueueType: 'classic' | 'quorum';
  /** Exchange of the default queue, and of those in `taskQueues` that name none; null = the queue's name. @default null */
  taskDefaultExchange: string | null;
  /** Type of that exchange. @default "direct" */
  taskDefaultExchangeType: 'direct' | 'topic' | 'fanout' | 'headers';
  /** Routing key of the default queue, and of those in a list `taskQueues` that name none; null = the default queue's name. @default null */
  taskDefaultRoutingKey: string | null;
  /** A worker also consumes a queue of its own, so that calls can be sent to it alone: `{ queue: workerDirect('w1@host') }`. @default false */
  workerDirect: boolean;

  // Worker

  /** Tasks at one time; null = the number of CPUs. @default null */
  workerConcurrency: number | null;
  /** Where tasks run: `prefork`, `threads`, `async` or `solo`. @default "prefork" */
  workerPool: string;
  /** Messages reserved for each slot; 0 = no limit; `auto` = none for long tasks, about 50 ms of work for short ones. @default "auto" */
  workerPrefetchMultiplier: number | 'auto';
  /** Fetch only for a free slot. @default false */
  workerDisablePrefetch: boolean;
  /** Recycle a child after this many tasks. @default null */
  workerMaxTasksPerChild: number | null;
  /** Recycle a child whose resident memory is over this: KiB, or a text such as `200MB`. @default null */
  workerMaxMemoryPerChild: number | string | null;
  /** Time for a child to start and to load the app. @default 10 */
  workerProcAliveTimeout: Duration;
  /** Time that running tasks have before a cold shutdown ends them. @default 0 */
  workerSoftShutdownTimeout: Duration;
  /** Longest warm shutdown, then it turns cold; null = as long as the tasks need. Only in tq. @default null */
  workerShutdownTimeout: Duration | null;
  /** Send task events from the start; they can be switched on and off by remote control. @default false */
  workerSendTaskEvents: boolean;
  /** Ignore rate limits. @default false */
  workerDisableRateLimits: boolean;
  /** Most tasks that wait for their ETA in memory; null = no limit. @default null */
  workerEtaTaskLimit: number | null;

  /** Listen to `tq inspect` and `tq control`. @default true */
  workerEnableRemoteControl: boolean;
  /** File that keeps revoked ids and the logical clock over a restart; `%n` and `%h` as in `--logfile`. @default null */
  workerStateDb: string | null;
  /** Allow the command `pool_restart`. @default false */
  workerPoolRestarts: boolean;
  /** Most revoked ids that a worker remembers. @default 50000 */
  workerRevokesMax: number;
  /** How long it remembers them. @default 10800 */
  workerRevokeExpires: Duration;

  // Remote control

  /** Base name of the exchanges: `celery` makes `celery.pidbox` and `reply.celery.pidbox`. @default "celery" */
  controlExchange: string;
  /** Life of a command that nobody has read. RabbitMQ. @default 300 */
  controlQueueTtl: Duration;
  /** Queues of commands and answers go when nobody has used them for this long. RabbitMQ. @default 10 */
  controlQueueExpires: Duration;
  /** Whether those queues outlive a restart of the broker. @default false */
  controlQueueDurable: boolean;
  /** Whether each belongs to one connection, under a name of its own; false = Celery's names up to 5.6, which newer releases of RabbitMQ refuse. @default true */
  controlQueueExclusive: boolean;

  // Events

  /** Whoever calls a task sends the event `task-sent`. @default false */
  taskSendSentEvent: boolean;
  /** Exchange that events are sent to. @default "celeryev" */
  eventExchange: string;
  /** Format of events. @default "json" */
  eventSerializer: string;
  /** First part of the names of monitors' queues. @default "celeryev" */
  eventQueuePrefix: string;
  /** How long an event waits for a monitor that is slow. RabbitMQ. @default 5 */
  eventQueueTtl: Duration;
  /** How long a monitor's queue stays when nobody reads it. RabbitMQ. @default 60 */
  eventQueueExpires: Duration;
  /** A monitor's queue belongs to its connection and goes with it. @default true */
  eventQueueExclusive: boolean;
  /** A monitor's queue outlives a restart of the broker; then it is not exclusive. RabbitMQ. @default false */
  eventQueueDurable: boolean;

  // Security

  /** File of the private key that signs messages, PEM. @default null */
  securityKey: string | null;
  /** Its password. @default null */
  securityKeyPassword: string | Uint8Array | null;
  /** File of the certificate of that key, PEM. @default null */
  securityCertificate: string | null;
  /** Folder, or pattern such as `/etc/tq/certs/*.pem`, of the certificates of those whose messages are believed. @default null */
  securityCertStore: string | null;
  /** Hash of signatures. @default "sha256" */
  securityDigest: string;

  // Log

  /** Colour log output; null = on a terminal. @default null */
  workerLogColor: boolean | null;
  /** Layout of log lines. @default "[%(asctime)s: %(levelname)s/%(processName)s] %(message)s" */
  workerLogFormat: string;
  /** Layout of lines that a task writes. @default "[%(asctime)s: %(levelname)s/%(processName)s] %(task_name)s[%(task_id)s]: %(message)s" */
  workerTaskLogFormat: string;
}

/** Puts addresses into the order in which they are tried. */
export type FailoverStrategy = 'round-robin' | 'shuffle' | ((urls: readonly string[]) => readonly string[]);

/** How publishing is repeated. */
export interface PublishRetryPolicy {
  /** null = until `publishTimeout`. @default 3 */
  readonly maxRetries?: number | null;
  /** The first pause. @default 0 */
  readonly intervalStart?: Duration;
  /** How much longer each next one is. @default 0.2 */
  readonly intervalStep?: Duration;
  /** The longest pause. @default 1 */
  readonly intervalMax?: Duration;
}

/** What holds when nobody says otherwise. */
export const DEFAULTS: Settings = frozen({
  acceptContent: ['json'],
  resultAcceptContent: null,
  timezone: 'UTC',
  enableUtc: true,
  imports: [],
  include: [],
  brokerUrl: 'sqlite://',
  brokerReadUrl: null,
  brokerWriteUrl: null,
  brokerFailoverStrategy: 'round-robin',
  brokerUseSsl: false,
  brokerHeartbeat: 120,
  brokerLoginMethod: null,
  brokerPoolLimit: 10,
  brokerNativeDelayedDeliveryQueueType: 'quorum',
  brokerTransportOptions: {},
  brokerConnectionTimeout: 4,
  brokerConnectionRetry: true,
  brokerConnectionRetryOnStartup: true,
  brokerConnectionMaxRetries: null,
  resultBackend: null,
  resultBackendTransportOptions: {},
  resultExpires: 86_400,
  resultPersistent: false,
  resultExtended: false,
  resultSerializer: 'json',
  resultCompression: null,
  resultCacheMax: -1,
  resultBackendAlwaysRetry: false,
  resultChordRetryInterval: 1,
  resultChordJoinTimeout: 3,
  redisBackendUseSsl: null,
  redisBackendHealthCheckInterval: null,
  redisClientName: null,
  redisMaxConnections: null,
  redisSocketConnectTimeout: null,
  redisSocketTimeout: 10,
  redisRetryOnTimeout: false,
  redisSocketKeepalive: false,
  redisUsername: null,
  redisPassword: null,
  taskSerializer: 'json',
  taskProtocol: 2,
  taskCompression: null,
  taskDefaultDeliveryMode: 2,
  taskPublishRetry: true,
  taskPublishRetryPolicy: { maxRetries: 3, intervalStart: 0, intervalStep: 0.2, intervalMax: 1 },
  publishTimeout: 5,
  maxMessageBytes: 134_217_728,
  taskAlwaysEager: false,
  taskAllowErrorCbOnChordHeader: false,
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
  taskQueueMaxPriority: null,
  taskDefaultPriority: null,
  taskCreateMissingQueues: true,
  taskCreateMissingQueueType: 'classic',
  taskCreateMissingQueueExchangeType: null,
  taskDefaultQueue: 'celery',
  taskDefaultQueueType: 'classic',
  taskDefaultExchange: null,
  taskDefaultExchangeType: 'direct',
  taskDefaultRoutingKey: null,
  workerDirect: false,
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
  workerEnableRemoteControl: true,
  workerStateDb: null,
  workerPoolRestarts: false,
  workerRevokesMax: 50_000,
  workerRevokeExpires: 10_800,
  controlExchange: 'celery',
  controlQueueTtl: 300,
  controlQueueExpires: 10,
  controlQueueDurable: false,
  controlQueueExclusive: true,
  taskSendSentEvent: false,
  eventExchange: 'celeryev',
  eventSerializer: 'json',
  eventQueuePrefix: 'celeryev',
  eventQueueTtl: 5,
  eventQueueExpires: 60,
  eventQueueExclusive: true,
  eventQueueDurable: false,
  securityKey: null,
  securityKeyPassword: null,
  securityCertificate: null,
  securityCertStore: null,
  securityDigest: 'sha256',
  workerLogColor: null,
  workerLogFormat: '[%(asctime)s: %(levelname)s/%(processName)s] %(message)s',
  workerTaskLogFormat: '[%(asctime)s: %(levelname)s/%(processName)s] %(task_name)s[%(task_id)s]: %(message)s',
});

/** `preset: 'celery'`: Celery's own defaults where tq's differ (docs/adr/0004). */
export const PRESETS: Readonly<Record<'celery', Partial<Settings>>> = {
  celery: {
    brokerConnectionMaxRetries: 100,
    redisSocketTimeout: 120,
    taskAcksLate: false,
    taskRejectOnWorkerLost: false,
    taskMaxDeliveries: null,
    taskDeadLetterQueue: null,
    workerPrefetchMultiplier: 4,
    workerProcAliveTimeout: 4,
  },
};

/** All apps share the defaults, so nobody may change them in place. */
function frozen(settings: Settings): Settings {
  for (const value of Object.values(settings)) Object.freeze(value);
  return Object.freeze(settings);
}

/** Numbers of a worker, told with each of its signs of life. */
export interface WorkerVitals {
  /** Seconds between two heartbeats. */
  freq: number;
  /** Tasks that run now. */
  active: number;
  /** Tasks taken on since its start. */
  processed: number;
  /** Of the machine: over 1, 5 and 15 minutes. */
  loadavg: readonly [number, number, number];
  /** Name, version and operating system of its software. */
  sw_ident: string;
  sw_ver: string;
  sw_sys: string;
}

/**
 * Events are wire data, seen by every node. Names and fields are Celery's. Spec: events.md. An event of one's own is added
 * by declaration merging, or sent by a name that isn't here.
 */
export interface EventFields {
  'task-sent': {
    uuid: string;
    root_id: string | null;
    parent_id: string | null;
    name: string;
    args: string;
    kwargs: string;
    retries: number;
    eta: string | null;
    expires: string | null;
    queue: string | null;
    exchange: string;
    routing_key: string;
  };
  'task-received': {
    uuid: string;
    name: string;
    args: string;
    kwargs: string;
    root_id: string | null;
    parent_id: string | null;
    retries: number;
    eta: string | null;
    expires: string | null;
  };
  'task-started': { uuid: string };
  'task-succeeded': { uuid: string; result: string; runtime: number };
  'task-failed': { uuid: string; exception: string; traceback: string | null };
  'task-retried': { uuid: string; exception: string; traceback: string | null };
  'task-rejected': { uuid: string; requeue: boolean };
  'task-revoked': { uuid: string; terminated: boolean; signum: number | string | null; expired: boolean };
  'task-cancelled': { uuid: string };
  'worker-online': WorkerVitals;
  /** The answer to a remote command leaves out what it would have to look up. */
  'worker-heartbeat': Omit<WorkerVitals, 'active' | 'processed' | 'loadavg'> & Partial<WorkerVitals>;
  'worker-offline': WorkerVitals;
  'worker-elect': { id: string; topic: string; action: unknown; cver: number };
  'worker-elect-ack': { id: string };
}

/** What every event says. */
export interface EventHead {
  /** Node name of the worker; of clients `gen<pid>@<host>`. */
  readonly hostname: string;
  /** Hours west of UTC where it was sent, rounded down. */
  readonly utcoffset?: number;
  readonly pid?: number;
  /** The sender's Lamport clock. */
  readonly clock: number;
  /** When it was made. Unix seconds. */
  readonly timestamp: number;
}

/** An event as it travels: `Event<'task-failed'>`, or any of those known. */
export type Event<T extends keyof EventFields = keyof EventFields> = {
  [K in T]: EventHead & { readonly type: K } & Readonly<EventFields[K]>;
}[T];

/** The fields of an event's type; one that isn't known, such as `task-progress`, has any. */
export type FieldsOf<T extends string> = T extends keyof EventFields
  ? EventFields[T]
  : Readonly<Record<string, unknown>>;

/** Where the worker announces what it does. Sending never throws and never waits. */
export interface EventSink {
  /** Whether task events are on and anybody would see one; callers skip building them otherwise. */
  readonly enabled: boolean;
  send<T extends string>(type: T, fields: FieldsOf<T>): void;
}

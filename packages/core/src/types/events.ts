/** Events are wire data, seen by every node. Names and fields are Celery's. Spec: events.md. */
export interface EventFields {
  'task-sent': Readonly<Record<string, unknown>>;
  'task-received': {
    uuid: string;
    name: string;
    args: string;
    kwargs: string;
    retries: number;
    eta: string | null;
  };
  'task-started': { uuid: string; pid: number };
  'task-succeeded': { uuid: string; result: string; runtime: number };
  'task-failed': { uuid: string; exception: string; traceback: string | null };
  'task-retried': { uuid: string; exception: string; traceback: string | null };
  'task-rejected': { uuid: string; requeue: boolean };
  'task-revoked': { uuid: string; terminated: boolean; signum: number | null; expired: boolean };
}

/** Where the worker announces what it does. A listener that throws is logged and changes nothing. */
export interface EventSink {
  /** Whether anybody would see an event; callers skip building it otherwise. */
  readonly enabled: boolean;
  send<T extends keyof EventFields>(type: T, fields: EventFields[T]): void;
}

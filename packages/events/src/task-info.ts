import { stateAfter } from './vocabulary.ts';
import type { ReceivedEvent } from './vocabulary.ts';

/** What events have told of a task. Moments are Unix seconds. */
export interface TaskInfo {
  readonly uuid: string;
  state: string;
  /** Of the newest event that counted. */
  timestamp: number;
  clock: number;
  /** Node name of the worker that has it, or had it last. */
  worker: string | undefined;
  /** Who sent it, where `task-sent` is on. */
  client: string | undefined;
  name: string | undefined;
  args: string | undefined;
  kwargs: string | undefined;
  rootId: string | undefined;
  parentId: string | undefined;
  retries: number | undefined;
  eta: string | undefined;
  expires: string | undefined;
  queue: string | undefined;
  exchange: string | undefined;
  routingKey: string | undefined;
  result: string | undefined;
  exception: string | undefined;
  traceback: string | undefined;
  /** Seconds. */
  runtime: number | undefined;
  sent: number | undefined;
  received: number | undefined;
  started: number | undefined;
  succeeded: number | undefined;
  failed: number | undefined;
  retried: number | undefined;
  revoked: number | undefined;
  rejected: number | undefined;
  /** The last event of a type that tq doesn't know, such as `task-progress`. */
  custom: ReceivedEvent | undefined;
}

/** Moments by the type that sets them. */
const MOMENTS = {
  'task-sent': 'sent',
  'task-received': 'received',
  'task-started': 'started',
  'task-succeeded': 'succeeded',
  'task-failed': 'failed',
  'task-retried': 'retried',
  'task-revoked': 'revoked',
  'task-rejected': 'rejected',
} as const satisfies Readonly<Record<string, keyof TaskInfo>>;

/** What describes a task, whenever it is heard. */
const DESCRIPTION = {
  name: 'name',
  args: 'args',
  kwargs: 'kwargs',
  root_id: 'rootId',
  parent_id: 'parentId',
  eta: 'eta',
  expires: 'expires',
  queue: 'queue',
  exchange: 'exchange',
  routing_key: 'routingKey',
} as const satisfies Readonly<Record<string, keyof TaskInfo>>;

/** What an ending tells. */
const ENDING = {
  result: 'result',
  exception: 'exception',
  traceback: 'traceback',
} as const satisfies Readonly<Record<string, keyof TaskInfo>>;

const UNKNOWN: Omit<TaskInfo, 'uuid'> = {
  state: 'PENDING',
  timestamp: 0,
  clock: 0,
  worker: undefined,
  client: undefined,
  name: undefined,
  args: undefined,
  kwargs: undefined,
  rootId: undefined,
  parentId: undefined,
  retries: undefined,
  eta: undefined,
  expires: undefined,
  queue: undefined,
  exchange: undefined,
  routingKey: undefined,
  result: undefined,
  exception: undefined,
  traceback: undefined,
  runtime: undefined,
  sent: undefined,
  received: undefined,
  started: undefined,
  succeeded: undefined,
  failed: undefined,
  retried: undefined,
  revoked: undefined,
  rejected: undefined,
  custom: undefined,
};

export function unknownTask(uuid: string): TaskInfo {
  return { uuid, ...UNKNOWN };
}

/** Whose clock the last event was of: two clocks are compared only within one process. */
export interface ClockOwner {
  hostname: string;
  pid: unknown;
}

/** Takes an event into what is known of its task. Returns whether it is newer than what was known. */
export function merge(task: TaskInfo, event: ReceivedEvent, last: ClockOwner | undefined): boolean {
  const state = stateAfter(event.type);
  const isNews = last === undefined || supersedes(task, state, event, last);
  if (event.type in MOMENTS) task[MOMENTS[event.type as keyof typeof MOMENTS]] = event.timestamp;
  else task.custom = event;
  copyTexts(task, event, DESCRIPTION);
  if (typeof event['retries'] === 'number') task.retries = event['retries'];
  if (event.type === 'task-sent') task.client = event.hostname;
  else if (isNews) task.worker = event.hostname;
  if (!isNews) return false;
  copyTexts(task, event, ENDING);
  if (typeof event['runtime'] === 'number') task.runtime = event['runtime'];
  task.state = state;
  task.timestamp = event.timestamp;
  task.clock = event.clock;
  return true;
}

function copyTexts(
  task: TaskInfo,
  event: ReceivedEvent,
  names: Readonly<Record<string, keyof typeof UNKNOWN>>,
): void {
  for (const [field, name] of Object.entries(names)) {
    const value = event[field];
    if (typeof value === 'string') Object.assign(task, { [name]: value });
  }
}

/**
 * Of one process, the later event wins. Of different ones clocks tell little, so the state that is closer to the end does;
 * only a retry begins anew.
 */
function supersedes(task: TaskInfo, state: string, event: ReceivedEvent, last: ClockOwner): boolean {
  if (last.hostname === event.hostname && last.pid === event.pid) return event.clock > task.clock;
  if (state === 'RETRY' || task.state === 'RETRY') return true;
  return precedence(state) <= precedence(task.state);
}

/** Celery's order: what comes first is closer to the end. States of one's own stand between the ends and REVOKED. */
const ORDER = ['SUCCESS', 'FAILURE', '', 'REVOKED', 'STARTED', 'RECEIVED', 'REJECTED', 'RETRY', 'PENDING'];

function precedence(state: string): number {
  const place = ORDER.indexOf(state);
  return place < 0 ? ORDER.indexOf('') : place;
}

import type { TaskState } from './types/backend.ts';

/** Final: nothing follows. Spec: results.md 1. */
export const READY_STATES: ReadonlySet<TaskState> = new Set(['SUCCESS', 'FAILURE', 'REVOKED']);

/** Known to Celery and not final. */
export const UNREADY_STATES: ReadonlySet<TaskState> = new Set([
  'PENDING',
  'RECEIVED',
  'STARTED',
  'REJECTED',
  'RETRY',
]);

/** The result is an exception. */
export const EXCEPTION_STATES: ReadonlySet<TaskState> = new Set(['RETRY', 'FAILURE', 'REVOKED']);

/** `get()` throws the exception. */
export const PROPAGATE_STATES: ReadonlySet<TaskState> = new Set(['FAILURE', 'REVOKED']);

// A task's own states, such as PROGRESS, stand where the null is.
const BY_PRECEDENCE: readonly (TaskState | null)[] = [
  'SUCCESS',
  'FAILURE',
  null,
  'REVOKED',
  'STARTED',
  'RECEIVED',
  'REJECTED',
  'RETRY',
  'PENDING',
];

export function isFinal(state: TaskState): boolean {
  return READY_STATES.has(state);
}

/** The smaller of two wins when states arrive out of order. */
export function precedence(state: TaskState): number {
  const place = BY_PRECEDENCE.indexOf(state);
  return place === -1 ? BY_PRECEDENCE.indexOf(null) : place;
}

import type { EventHead } from '@tq/core';

/** An event as it arrived: any type, checked as far as its head. */
export interface ReceivedEvent extends EventHead {
  readonly type: string;
  /** When it arrived here. Unix seconds. */
  readonly local_received: number;
  readonly [field: string]: unknown;
}

/** Key of a message that holds a list of task events. */
export const BATCH_KEY = 'task.multi';

/** `task-sent` → `task.sent` */
export function routingKeyOf(type: string): string {
  return type.replaceAll('-', '.');
}

/** `task-sent` → `task` */
export function groupOf(type: string): string {
  const dash = type.indexOf('-');
  return dash < 0 ? type : type.slice(0, dash);
}

/** The pattern that brings all events of these types, lists among them, and as few others as can be. */
export function patternFor(types: readonly string[] | undefined): string {
  const groups = new Set((types ?? ['']).map((type) => (type.includes('-') ? groupOf(type) : '')));
  const [only] = groups;
  return groups.size === 1 && only ? `${only}.#` : '#';
}

const STATES: Readonly<Record<string, string>> = {
  'task-sent': 'PENDING',
  'task-received': 'RECEIVED',
  'task-started': 'STARTED',
  'task-succeeded': 'SUCCESS',
  'task-failed': 'FAILURE',
  'task-retried': 'RETRY',
  'task-revoked': 'REVOKED',
  'task-rejected': 'REJECTED',
};

/** The state that a task is in after an event; a type of one's own is a state in capitals: `task-progress` → `PROGRESS`. */
export function stateAfter(type: string): string {
  return STATES[type] ?? type.slice(groupOf(type).length + 1).toUpperCase();
}

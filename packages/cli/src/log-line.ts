import type { LogFields, LogLevel } from '@tq/core';

/** One line of the log before it is text. */
export interface LogLine {
  readonly timeMs: number;
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields;
}

/** Python's names, as Celery prints them. */
export const LEVEL_NAMES: Readonly<Record<LogLevel, string>> = {
  debug: 'DEBUG',
  info: 'INFO',
  warn: 'WARNING',
  error: 'ERROR',
};

/** Fields that choose the form of a line, and where it goes, rather than being printed after it. */
const CONTEXT = new Set(['processName', 'processIndex', 'task', 'id']);

export function processName({ fields }: LogLine): string {
  return typeof fields['processName'] === 'string' ? fields['processName'] : 'MainProcess';
}

/** Number of the child that a line is from; 0 for the main process. */
export function processIndex({ fields }: LogLine): number {
  return typeof fields['processIndex'] === 'number' ? fields['processIndex'] : 0;
}

/** The task whose own logger wrote the line. */
export function taskOf({ fields }: LogLine): { readonly task: string; readonly id: string } | undefined {
  const { task, id } = fields;
  return typeof task === 'string' && typeof id === 'string' ? { task, id } : undefined;
}

export function ownFields({ fields }: LogLine): readonly (readonly [name: string, value: unknown])[] {
  return Object.entries(fields).filter(([name, value]) => !CONTEXT.has(name) && value !== undefined);
}

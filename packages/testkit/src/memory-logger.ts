import type { LogFields, LogLevel, Logger } from '@tq/core';

export interface LogLine {
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields;
}

export interface MemoryLogger extends Logger {
  /** Everything logged here and in children, in order. */
  readonly lines: readonly LogLine[];
  /** Lines of a level whose message contains the text. */
  find(level: LogLevel, text: string): readonly LogLine[];
  clear(): void;
}

/** Keeps what is logged, for tests that look at it. */
export function memoryLogger(): MemoryLogger {
  const lines: LogLine[] = [];
  return {
    ...writer(lines, {}),
    lines,
    find: (level, text) => lines.filter((line) => line.level === level && line.message.includes(text)),
    clear: () => void lines.splice(0),
  };
}

function writer(lines: LogLine[], context: LogFields): Logger {
  const write =
    (level: LogLevel) =>
    (message: string, fields?: LogFields): void =>
      void lines.push({ level, message, fields: { ...context, ...fields } });
  return {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    child: (fields) => writer(lines, { ...context, ...fields }),
    isEnabled: () => true,
  };
}

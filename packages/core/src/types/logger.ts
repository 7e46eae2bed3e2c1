/** How much a line matters. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** What a line is about, by name. */
export type LogFields = Readonly<Record<string, unknown>>;

/** A sentence and fields. Context is added once, with `child`. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  child(fields: LogFields): Logger;
  /** Whether a line of this level would be written; lets hot paths skip building it. @default true when absent */
  isEnabled?(level: LogLevel): boolean;
}

import type { Logger } from './types/logger.ts';

/** Writes nothing. */
export const silentLogger: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silentLogger,
  isEnabled: () => false,
};

/**
 * What an app uses until it is given a logger: warnings and errors go to stderr, a line each.
 */
export const stderrLogger: Logger = makeStderrLogger({});

function makeStderrLogger(context: Readonly<Record<string, unknown>>): Logger {
  const write = (level: string, message: string, fields?: Readonly<Record<string, unknown>>): void => {
    const all = { ...context, ...fields };
    const tail = Object.keys(all).length > 0 ? ` ${printFields(all)}` : '';
    process.stderr.write(`[${new Date().toISOString()}: ${level}] ${message}${tail}\n`);
  };
  return {
    debug() {},
    info() {},
    warn: (message, fields) => write('WARNING', message, fields),
    error: (message, fields) => write('ERROR', message, fields),
    child: (fields) => makeStderrLogger({ ...context, ...fields }),
    isEnabled: (level) => level === 'warn' || level === 'error',
  };
}

function printFields(fields: Readonly<Record<string, unknown>>): string {
  return Object.entries(fields)
    .map(([key, value]) => `${key}=${printValue(value)}`)
    .join(' ');
}

function printValue(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value instanceof Error) return value.message;
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return Object.prototype.toString.call(value);
  }
}

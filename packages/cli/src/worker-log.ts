import type { App, LogLevel } from '@tq/core';
import { expandFileName } from '@tq/core/internal';
import type { WorkerValues } from './commands/worker.ts';
import { CantCreate } from './errors.ts';
import { jsonFormat } from './log-json.ts';
import { textFormat } from './log-text.ts';
import { createLogging } from './logging.ts';
import type { Logging } from './logging.ts';
import { wantsColor } from './terminal.ts';
import type { Program } from './program.ts';

/** Python's levels; tq itself logs nothing above ERROR. */
const LEVELS = {
  DEBUG: 'debug',
  INFO: 'info',
  WARNING: 'warn',
  ERROR: 'error',
  CRITICAL: 'none',
  FATAL: 'none',
} as const;

export function levelOf({ loglevel = 'WARNING' }: WorkerValues): LogLevel | 'none' {
  return LEVELS[loglevel];
}

/** The log of a worker, as its options and settings say. @throws CantCreate */
export function openLog(
  app: App,
  options: WorkerValues,
  place: { readonly hostname: string; readonly program: Program },
): Logging {
  const { logfile } = options;
  const { terminal, globals } = place.program;
  const { workerLogFormat, workerTaskLogFormat, workerLogColor } = app.config;
  const colors =
    logfile === undefined &&
    (workerLogColor ?? wantsColor(terminal.stderr, terminal.env, globals.noColor ?? false));
  try {
    return createLogging({
      level: levelOf(options),
      format:
        options.logFormat === 'json'
          ? jsonFormat
          : textFormat({ line: workerLogFormat, taskLine: workerTaskLogFormat, colors }),
      stream: terminal.stderr,
      ...(logfile === undefined
        ? {}
        : { file: (index: number) => expandFileName(logfile, place.hostname, index) }),
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
    throw new CantCreate(`Can't open the log file ${logfile}: ${(error as Error).message}`, { cause: error });
  }
}

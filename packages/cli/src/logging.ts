import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import type { LogFields, Logger, LogLevel } from '@tq/core';
import type winston from 'winston';
import { LogFile } from './log-file.ts';
import { processIndex } from './log-line.ts';
import type { LogLine } from './log-line.ts';

export interface LoggingOptions {
  /** Lines below it are left out; 'none' leaves out all. */
  readonly level: LogLevel | 'none';
  readonly format: (line: LogLine) => string;
  /** Where lines go, without a file. */
  readonly stream: Writable;
  /** The file of a process: 0 is the main one, children count from 1. */
  readonly file?: (index: number) => string;
}

/** A logger, and what the program does with it. */
export interface Logging {
  readonly logger: Logger;
  /** Opens log files again, after a rotation. */
  readonly reopen: () => void;
  /** Resolves when every line is written. */
  readonly close: () => Promise<void>;
}

const RANKS: Readonly<Record<LogLevel | 'none', number>> = { none: -1, error: 0, warn: 1, info: 2, debug: 3 };

/** Logs through winston, which is loaded when the first line comes: that one waits for it. @throws when the log file can't be made */
export function createLogging(options: LoggingOptions): Logging {
  const outlets = new Outlets(options);
  return {
    logger: loggerOn(outlets, RANKS[options.level], {}),
    reopen: () => outlets.reopen(),
    close: () => outlets.close(),
  };
}

function loggerOn(outlets: Outlets, rank: number, context: LogFields): Logger {
  const write = (level: LogLevel, message: string, fields?: LogFields): void => {
    if (RANKS[level] <= rank)
      outlets.write({
        timeMs: Date.now(),
        level,
        message,
        fields: fields ? { ...context, ...fields } : context,
      });
  };
  return {
    debug: (message, fields) => write('debug', message, fields),
    info: (message, fields) => write('info', message, fields),
    warn: (message, fields) => write('warn', message, fields),
    error: (message, fields) => write('error', message, fields),
    child: (fields) => loggerOn(outlets, rank, { ...context, ...fields }),
    isEnabled: (level) => RANKS[level] <= rank,
  };
}

interface Outlet {
  readonly logger: winston.Logger;
  readonly transport: winston.transport;
  readonly file: LogFile | undefined;
}

/** The stream, or the files, that lines end in. */
class Outlets {
  readonly #options: LoggingOptions;
  readonly #files = new Map<string, LogFile>();
  readonly #open = new Map<string, Outlet>();
  #loading: Promise<void> | undefined;
  #winston: typeof winston | undefined;
  #waiting: LogLine[] = [];

  constructor(options: LoggingOptions) {
    this.#options = options;
    if (options.file) this.#fileAt(options.file(0));
  }

  write(line: LogLine): void {
    if (this.#winston) return this.#log(line, this.#winston);
    this.#waiting.push(line);
    this.#loading ??= this.#load();
  }

  reopen(): void {
    for (const file of this.#files.values()) file.reopen();
  }

  async close(): Promise<void> {
    await this.#loading;
    for (const { logger, transport, file } of this.#open.values()) {
      const done = once(transport, 'finish');
      logger.end();
      await done;
      if (file) await finished(file.end());
    }
  }

  async #load(): Promise<void> {
    const { default: loaded } = await import('winston');
    this.#winston = loaded;
    for (const line of this.#waiting) this.#log(line, loaded);
    this.#waiting = [];
  }

  #log(line: LogLine, from: typeof winston): void {
    const path = this.#options.file?.(processIndex(line)) ?? '';
    let outlet = this.#open.get(path);
    if (!outlet) this.#open.set(path, (outlet = this.#outlet(path, from)));
    outlet.logger.log({ level: line.level, message: this.#options.format(line) });
  }

  #outlet(path: string, from: typeof winston): Outlet {
    const file = path === '' ? undefined : this.#fileAt(path);
    const transport = new from.transports.Stream({
      stream: (file ?? this.#options.stream) as NodeJS.WritableStream,
      eol: '\n',
    });
    const logger = from.createLogger({
      levels: RANKS_OF_WINSTON,
      level: 'debug',
      format: from.format.printf(({ message }) => String(message)),
      transports: [transport],
    });
    return { logger, transport, file };
  }

  #fileAt(path: string): LogFile {
    let file = this.#files.get(path);
    if (!file) {
      const onLoss = ({ message }: Error): void =>
        void process.stderr.write(`tq: lines are lost, the log file ${path} can't be written: ${message}\n`);
      this.#files.set(path, (file = new LogFile(path, { onLoss })));
    }
    return file;
  }
}

const RANKS_OF_WINSTON = { error: 0, warn: 1, info: 2, debug: 3 };

import { ImproperlyConfigured } from '@tq/core';
import { localTime } from './local-time.ts';
import { LEVEL_NAMES, ownFields, processName, taskOf } from './log-line.ts';
import type { LogLine } from './log-line.ts';

export interface TextFormat {
  /** The setting workerLogFormat. */
  readonly line: string;
  /** The setting workerTaskLogFormat, for lines of a task's own logger. */
  readonly taskLine: string;
  readonly colors: boolean;
}

type Part = (line: LogLine, message: string) => string;

const COLORS: Readonly<Record<string, readonly [open: number, close: number]>> = {
  debug: [34, 39],
  warn: [33, 39],
  error: [31, 39],
};

/** A function that makes text of lines, in Python's %(name)s formats. @throws ImproperlyConfigured for a name that no line has */
export function textFormat(format: TextFormat): (line: LogLine) => string {
  const plain = compile(format.line, 'workerLogFormat');
  const ofTask = compile(format.taskLine, 'workerTaskLogFormat');
  return (line) => {
    const message = messageOf(line);
    const parts = taskOf(line) ? ofTask : plain;
    return parts.map((part) => part(line, format.colors ? colored(line, message) : message)).join('');
  };
}

const ATTRIBUTES: Readonly<Record<string, Part>> = {
  asctime: ({ timeMs }) => asctime(timeMs),
  created: ({ timeMs }) => String(timeMs / 1000),
  levelname: ({ level }) => LEVEL_NAMES[level],
  message: (_, message) => message,
  name: () => 'tq',
  process: () => String(process.pid),
  processName: (line) => processName(line),
  task_id: (line) => taskOf(line)?.id ?? '???',
  task_name: (line) => taskOf(line)?.task ?? '???',
};

function compile(format: string, setting: string): readonly Part[] {
  return format.split(/(%\(\w+\)-?\d*[sdif]|%%)/).map((piece) => {
    if (piece === '%%') return () => '%';
    const match = /^%\((\w+)\)(-?)(\d*)[sdif]$/.exec(piece);
    return match ? attribute(match, setting) : () => piece;
  });
}

function attribute([, name = '', minus, width = '']: RegExpExecArray, setting: string): Part {
  const part = Object.hasOwn(ATTRIBUTES, name) ? ATTRIBUTES[name] : undefined;
  if (!part) {
    throw new ImproperlyConfigured(
      `The setting ${setting} uses %(${name})s; a line has ${Object.keys(ATTRIBUTES).join(', ')}.`,
    );
  }
  if (width === '') return part;
  return (line, message) =>
    minus === '-' ? part(line, message).padEnd(Number(width)) : part(line, message).padStart(Number(width));
}

/** The sentence, then its fields; those of several lines below it. */
function messageOf(line: LogLine): string {
  const fields = ownFields(line).map(([name, value]) => [name, fieldText(value)] as const);
  const short = fields.filter(([, text]) => !text.includes('\n')).map(([name, text]) => ` ${name}=${text}`);
  const long = fields.filter(([, text]) => text.includes('\n')).map(([, text]) => `\n${text}`);
  return line.message + short.join('') + long.join('');
}

function fieldText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value instanceof Error) return value.stack ?? value.message;
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return Object.prototype.toString.call(value);
  }
}

function colored({ level }: LogLine, message: string): string {
  const codes = COLORS[level];
  return codes ? `\u001B[${codes[0]}m${message}\u001B[${codes[1]}m` : message;
}

/** `2018-12-30 02:51:04,187` */
export function asctime(timeMs: number): string {
  return `${localTime(timeMs)},${String(timeMs % 1000).padStart(3, '0')}`;
}

import {
  ChordError,
  MaxRetriesExceededError,
  NotRegistered,
  SecurityError,
  SoftTimeLimitExceeded,
  TaskRevokedError,
  TimeLimitExceeded,
  TimeoutError,
  WorkerLostError,
} from '../errors.ts';
import { isInstance } from './peek.ts';

/** For classes that Python has no counterpart of; no Python process has ever imported it. */
export const OWN_MODULE = 'tq.errors';

const BUILTINS = 'builtins';
const CELERY = 'celery.exceptions';
const BILLIARD = 'billiard.exceptions';

/** One class here, one exception there. Spec: results.md 3. */
interface Row {
  readonly type: abstract new (...args: never) => Error;
  readonly excType: string;
  readonly excModule: string;
  /** The exception's arguments, where they aren't the message. */
  readonly args?: (error: never) => readonly unknown[];
  /** Absent: arrives as a RemoteError. */
  readonly make?: (args: readonly unknown[], message: string) => Error;
}

type MakeNative = new (message: string) => Error;

const ROWS: readonly Row[] = [
  native(Error, OWN_MODULE),
  native(TypeError, BUILTINS),
  native(SyntaxError, OWN_MODULE),
  native(ReferenceError, OWN_MODULE),
  native(EvalError, OWN_MODULE),
  native(URIError, OWN_MODULE),
  // Only this way: what Python calls ValueError is far more than a RangeError.
  { type: RangeError, excType: 'ValueError', excModule: BUILTINS },
  {
    type: NotRegistered,
    excType: 'NotRegistered',
    excModule: CELERY,
    args: (error: NotRegistered) => [error.task],
    make: (_args, message) => new NotRegistered(message),
  },
  {
    type: TaskRevokedError,
    excType: 'TaskRevokedError',
    excModule: CELERY,
    args: (error: TaskRevokedError) => [error.reason],
    make: (_args, message) => new TaskRevokedError(message || undefined),
  },
  withMessage(MaxRetriesExceededError, CELERY),
  withMessage(ChordError, CELERY),
  withMessage(SecurityError, CELERY),
  withMessage(TimeoutError, CELERY),
  withMessage(WorkerLostError, BILLIARD),
  {
    type: SoftTimeLimitExceeded,
    excType: 'SoftTimeLimitExceeded',
    excModule: BILLIARD,
    args: () => [],
    make: (args) => new SoftTimeLimitExceeded(limitOf(args)),
  },
  {
    type: TimeLimitExceeded,
    excType: 'TimeLimitExceeded',
    excModule: BILLIARD,
    args: (error: TimeLimitExceeded) => (error.limit === undefined ? [] : [error.limit]),
    make: (args) => new TimeLimitExceeded(limitOf(args)),
  },
];

const BY_NAME = new Map(ROWS.map((row) => [row.type.name, row]));
const BY_WIRE = new Map(ROWS.map((row) => [`${row.excModule}.${row.excType}`, row]));
const NATIVE = new Set(
  ROWS.filter(({ type }) => Object.hasOwn(globalThis, type.name)).map(({ type }) => type.name),
);

/** Name and arguments that an error of a known class has in Python. */
export interface Known {
  readonly excType: string;
  readonly excModule: string;
  /** `undefined`: the message alone. */
  readonly args: readonly unknown[] | undefined;
}

export function toPython(name: string, error: unknown): Known | undefined {
  const row = BY_NAME.get(name);
  // Errors of another realm have the name only.
  if (!row || !(isNativeName(name) || isInstance(error, row.type))) return undefined;
  return { excType: row.excType, excModule: row.excModule, args: row.args?.(error as never) };
}

/** The error of a class that exists on both sides. */
export function fromPython(
  excModule: string,
  excType: string,
  args: readonly unknown[],
  message: string,
): Error | undefined {
  return BY_WIRE.get(`${excModule}.${excType}`)?.make?.(args, message);
}

/** A class that every realm has. */
export function isNativeName(name: string): boolean {
  return NATIVE.has(name);
}

function native(type: MakeNative, excModule: string): Row {
  return withMessage(type, excModule);
}

function withMessage(type: MakeNative, excModule: string): Row {
  return { type, excType: type.name, excModule, make: (_args, message) => new type(message) };
}

function limitOf([limit]: readonly unknown[]): number | undefined {
  return typeof limit === 'number' ? limit : undefined;
}

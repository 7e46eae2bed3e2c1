import { RemoteError } from '../errors.ts';
import { isPlain } from '../serialize/plain.ts';
import type { WireError } from '../types/backend.ts';
import type { ErrorRegistry } from './error-registry.ts';
import { fromPython, isNativeName, OWN_MODULE, toPython } from './error-table.ts';
import { fromCaller } from './own-frames.ts';
import { classNameOf, peek } from './peek.ts';
import { repr } from './repr.ts';
import { clipMiddle, isErrorLike, tracebackOf } from './traceback.ts';

const MAX_TEXT = 65_536;
const MAX_NAME = 200;
const MAX_ARGUMENTS = 32;

/**
 * What was thrown, as peers read it: plain JSON of bounded size, whatever it is. An error may say how it arrives in
 * Python with the properties `excType`, `excModule` and `excMessage` (a list).
 */
export function errorToWire(
  error: unknown,
  options: {
    /** Whether to send the stack of the error and of its causes. @default true */
    readonly traceback?: boolean;
  } = {},
): WireError {
  const name = nameOf(error);
  const known = toPython(name, error);
  const chosen = peek(error, 'excMessage');
  return {
    excType: identifier(peek(error, 'excType')) || (known?.excType ?? name),
    excModule: identifier(peek(error, 'excModule')) || (known?.excModule ?? OWN_MODULE),
    excMessage: wireArguments(chosen) ?? wireArguments(known?.args) ?? [messageOf(error)],
    traceback: options.traceback === false ? null : tracebackOf(error),
  };
}

/**
 * The error of a wire exception: of its own class when both sides have it or `known` does, otherwise a `RemoteError`
 * by its name. `remoteTraceback` holds the stack of the process that ran the task.
 */
export function wireToError(wire: WireError, known?: ErrorRegistry): Error {
  const { excType, excModule, traceback } = wire;
  const args = wire.excMessage.map((part) => (typeof jsonOf(part) === 'string' ? part : repr(part)));
  const message = args.map((part) => (typeof part === 'string' ? part : jsonOf(part))).join(', ');
  const error =
    known?.make(wire, message) ??
    fromPython(excModule, excType, args, message) ??
    new RemoteError(excType, excModule, args, traceback);
  return withStack(error, traceback);
}

/** `TypeError`, or the name of the class the user wrote. */
function nameOf(error: unknown): string {
  if (!isErrorLike(error)) return 'Error';
  const name = peek(error, 'name');
  const className = classNameOf(error);
  // A class that doesn't set its name inherits that of Error or TypeError.
  const inherited =
    typeof name !== 'string' || name === '' || (isNativeName(name) && !isNativeName(className));
  return identifier(inherited ? className : name) || 'Error';
}

/** What Python takes for the name of a class or module, or an empty text. */
function identifier(value: unknown): string {
  if (typeof value !== 'string') return '';
  return value
    .slice(0, MAX_NAME)
    .replaceAll(/[^\p{L}\p{Nd}_.]/gu, '_')
    .replace(/^(?=\p{Nd}|\.)/u, '_');
}

function messageOf(error: unknown): string {
  if (typeof error === 'string') return clipMiddle(error, MAX_TEXT);
  if (!isErrorLike(error)) return `Non-error thrown: ${error === undefined ? 'undefined' : repr(error)}`;
  const message = peek(error, 'message');
  return typeof message === 'string' ? clipMiddle(message, MAX_TEXT) : repr(message ?? '');
}

function wireArguments(args: unknown): readonly unknown[] | undefined {
  const length = isList(args) ? peek(args, 'length') : undefined;
  if (typeof length !== 'number') return undefined;
  return Array.from({ length: Math.min(length, MAX_ARGUMENTS) }, (_, index) =>
    wireArgument(peek(args, index)),
  );
}

/** Inert and small: a copy of plain JSON, or the printed form as in Celery. */
function wireArgument(value: unknown): unknown {
  if (typeof value === 'string') return clipMiddle(value, MAX_TEXT);
  try {
    const text = isPlain(value) ? JSON.stringify(value) : undefined;
    if (text !== undefined && text.length <= MAX_TEXT) return JSON.parse(text);
  } catch {
    // A getter or a proxy; repr() copes with those.
  }
  return repr(value);
}

/** `undefined` for what has none, such as a bigint. */
function jsonOf(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}

function isList(value: unknown): boolean {
  try {
    return Array.isArray(value);
  } catch {
    return false; // a revoked proxy
  }
}

/** From where it is asked for, then what the process that ran the task says. */
function withStack(error: Error, traceback: string | null): Error {
  if (traceback !== null && !('remoteTraceback' in error)) {
    Object.defineProperty(error, 'remoteTraceback', { value: traceback, configurable: true, writable: true });
  }
  const here = fromCaller(error.stack ?? String(error));
  const stack = traceback === null ? here : `${here}\n\nRemote traceback:\n${traceback}`;
  Object.defineProperty(error, 'stack', { value: stack, configurable: true, writable: true });
  return error;
}

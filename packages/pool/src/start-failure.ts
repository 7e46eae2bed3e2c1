import { PoolStartError } from '@tq/core';
import type { Failure } from './wire.ts';

/** Why a host never became ready. */
export interface StartFailure extends Failure {
  /** The place in the user's code, such as `file:///srv/proj/tasks.ts:12:7`. */
  readonly location?: string;
}

/** Lines like `    at load (file:///srv/proj/tasks.ts:12:7)` and, of syntax errors, `file:///srv/proj/tasks.ts:12`. */
const PLACE = /((?:file:\/\/|\/|[A-Za-z]:\\).*:\d+)\)?$/;

/** Puts together what a host said of its failure, how it ended, and what it last printed. */
export function startFailure(
  said: Failure | undefined,
  detail: string,
  printed: readonly string[],
): StartFailure {
  const message = said?.message ?? lastError(printed) ?? `it ended with ${detail}`;
  const location = placeIn(said?.stack?.split('\n') ?? []) ?? placeIn(printed);
  const stack = said?.stack ?? (printed.length > 0 ? printed.join('\n') : undefined);
  return {
    message,
    ...(location === undefined ? {} : { location }),
    ...(stack === undefined ? {} : { stack }),
  };
}

export function toStartError(failure: StartFailure, what: string): PoolStartError {
  const where =
    failure.location && !failure.message.includes(failure.location) ? ` (${failure.location})` : '';
  return new PoolStartError(`${what} could not start: ${failure.message}${where}`, {
    cause: causeOf(failure),
  });
}

function causeOf(failure: StartFailure): Error {
  const error = new Error(failure.message);
  if (failure.stack !== undefined) error.stack = failure.stack;
  return error;
}

/** The innermost place outside of installed packages, or inside if there is no other. */
function placeIn(lines: readonly string[]): string | undefined {
  const places = lines
    .filter((line) => !line.includes('node:')) // Node's own modules
    .map((line) => PLACE.exec(line)?.[1])
    .filter((place) => place !== undefined);
  return places.find((place) => !place.includes('/node_modules/')) ?? places[0];
}

/** Node prints `SyntaxError: …` when an error ends a process. */
function lastError(printed: readonly string[]): string | undefined {
  return printed.findLast((line) => /^\w*Error\b.*: /.test(line));
}

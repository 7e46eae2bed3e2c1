import { types } from 'node:util';
import { withoutCallers } from './own-frames.ts';
import { classNameOf, isInstance, peek } from './peek.ts';
import { repr } from './repr.ts';

const MAX_STACK = 32_768;
const MAX_TRACEBACK = 131_072;
const MAX_CAUSES = 8;
const MAX_MEMBERS = 5;

/** What is thrown as if it were an Error, from this realm or another. */
export function isErrorLike(value: unknown): boolean {
  if (types.isNativeError(value) || isInstance(value, Error)) return true;
  return typeof peek(value, 'message') === 'string' && typeof peek(value, 'stack') === 'string';
}

/** The stack text of what was thrown, then of its causes. Bounded, and never throws. */
export function tracebackOf(error: unknown): string {
  const seen = new Set<unknown>();
  const parts: string[] = [];
  let cause: unknown = error;
  while (cause !== undefined && cause !== null && !seen.has(cause) && seen.size < MAX_CAUSES) {
    seen.add(cause);
    parts.push(`${parts.length === 0 ? '' : 'Caused by: '}${stackOf(cause)}`, ...membersOf(cause));
    cause = peek(cause, 'cause');
  }
  return clipMiddle(parts.join('\n'), MAX_TRACEBACK);
}

/** The beginning and the end of a long text; the frames of a stack stand at its end. */
export function clipMiddle(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const half = Math.floor(limit / 2);
  const start = text.slice(0, half).replace(/[\uD800-\uDBFF]$/, '');
  const end = text.slice(-half).replace(/^[\uDC00-\uDFFF]/, '');
  return `${start}\n… (${text.length - 2 * half} characters left out) …\n${end}`;
}

function stackOf(error: unknown): string {
  if (!isErrorLike(error)) return repr(error);
  const stack = peek(error, 'stack');
  const text =
    typeof stack === 'string' && stack !== ''
      ? clipMiddle(withoutCallers(stack), MAX_STACK)
      : headline(error);
  const remote = peek(error, 'remoteTraceback');
  if (typeof remote !== 'string' || text.includes(remote)) return text;
  return `${text}\n\nRemote traceback:\n${clipMiddle(remote, MAX_STACK)}`;
}

function headline(error: unknown): string {
  const message = peek(error, 'message');
  return `${classNameOf(error) || 'Error'}: ${typeof message === 'string' ? clipMiddle(message, MAX_STACK) : ''}`;
}

/** The errors within an AggregateError. */
function membersOf(error: unknown): readonly string[] {
  const members: unknown[] = [];
  const errors = peek(error, 'errors');
  for (let index = 0; index < MAX_MEMBERS; index += 1) {
    const member = peek(errors, index);
    if (member === undefined) break;
    members.push(member);
  }
  return members.map((member, index) => `Error ${index + 1} of it: ${stackOf(member)}`);
}

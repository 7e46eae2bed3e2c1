import { DecodeError, EncodeError } from '../errors.ts';
import { argsRepr, kwargsRepr } from './repr.ts';
import { isoOrNull, readBody } from './protocol2.ts';
import type { DecodedBody, OutgoingTask } from './protocol2.ts';

/** A protocol 1 message turned into protocol 2's parts. Spec: message.md 9. */
export interface Upgraded {
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: DecodedBody;
}

/** Whether a decoded body is a protocol 1 task: an object with a task name. */
export function isProtocol1(body: unknown): body is Readonly<Record<string, unknown>> {
  return (
    typeof body === 'object' &&
    body !== null &&
    !Array.isArray(body) &&
    typeof (body as { task?: unknown }).task === 'string'
  );
}

/** Whether a body is an object with a task's parts; some senders put one behind the headers of protocol 2. */
export function isTaskObject(body: unknown): body is Readonly<Record<string, unknown>> {
  return (
    isProtocol1(body) || (typeof body === 'object' && body !== null && !Array.isArray(body) && 'args' in body)
  );
}

/** The body that says it all, in Celery's order; the setting `taskProtocol`. @throws EncodeError for what it has no place for */
export function protocol1Body(call: OutgoingTask): Readonly<Record<string, unknown>> {
  const { callbacks = null, chain, chord = null, errbacks = null } = call.embed;
  if (chain)
    throw new EncodeError(
      'chain',
      "A chain can't be sent in task protocol 1, which has no place for it: set taskProtocol to 2.",
    );
  return {
    task: call.task,
    id: call.id,
    args: call.args,
    kwargs: call.kwargs,
    group: call.group,
    group_index: call.groupIndex,
    retries: call.retries,
    eta: isoOrNull(call.etaMs),
    expires: isoOrNull(call.expiresMs),
    utc: true,
    callbacks,
    errbacks,
    timelimit: [call.timeLimit, call.softTimeLimit],
    taskset: call.group,
    chord,
  };
}

/** @throws DecodeError when a part is not what the protocol says */
export function upgradeProtocol1(
  body: Readonly<Record<string, unknown>>,
  userHeaders: Readonly<Record<string, unknown>>,
): Upgraded {
  const embed = {
    callbacks: body['callbacks'] ?? null,
    errbacks: body['errbacks'] ?? null,
    chain: null,
    chord: body['chord'] ?? null,
  };
  const read = readBody([body['args'] ?? [], body['kwargs'] ?? {}, embed]);
  if (typeof read === 'string') throw new DecodeError(read);
  return {
    headers: {
      ...userHeaders,
      task: body['task'],
      id: body['id'],
      group: body['taskset'] ?? body['group'] ?? null,
      group_index: body['group_index'] ?? null,
      retries: body['retries'] ?? 0,
      eta: utcText(body['eta'], body['utc']),
      expires: utcText(body['expires'], body['utc']),
      timelimit: body['timelimit'] ?? [null, null],
      argsrepr: argsRepr(read.args),
      kwargsrepr: kwargsRepr(read.kwargs),
    },
    body: read,
  };
}

/** Without `utc` a time that names no zone is local to whoever reads it. */
function utcText(value: unknown, utc: unknown): unknown {
  if (typeof value !== 'string' || utc !== false || /(?:[zZ]|[+-]\d\d:?\d\d)$/.test(value))
    return value ?? null;
  const local = new Date(value);
  return Number.isNaN(local.getTime()) ? value : local.toISOString();
}

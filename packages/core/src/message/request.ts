import { DecodeError } from '../errors.ts';
import type { TaskRequest } from '../types/request.ts';
import type { Delivery } from '../types/transport.ts';
import { parseIso } from './dates.ts';
import { repr } from './repr.ts';

/** Headers that are fields of the protocol; all others are the user's. Spec: message.md 1.2. */
const PROTOCOL_HEADERS = new Set([
  'lang',
  'task',
  'id',
  'shadow',
  'eta',
  'expires',
  'group',
  'group_index',
  'retries',
  'timelimit',
  'root_id',
  'parent_id',
  'argsrepr',
  'kwargsrepr',
  'origin',
  'ignore_result',
  'replaced_task_nesting',
  'stamped_headers',
  'stamps',
  'compression',
  'meth',
  'taskset',
  'chord_size',
]);

/** Counts how often a message was given back after its process died, where the broker doesn't count. tq's own. */
export const DELIVERIES_HEADER = 'x-tq-deliveries';

/** Marks the call of an error link that takes `(request, error, traceback)`: the second is an error in Celery's form. */
export const FAILURE_HEADER = 'tq-failure';

/**
 * Reads the headers of a protocol 2 task message.
 * @throws DecodeError naming the header that's wrong
 */
export function readRequest(delivery: Delivery): TaskRequest {
  const { headers, properties } = delivery.message;
  const id = requiredText(headers['id'], 'id');
  const limits = timeLimits(headers['timelimit']);
  const given = headers[DELIVERIES_HEADER];
  return {
    id,
    task: requiredText(headers['task'], 'task'),
    shadow: displayText(headers['shadow']),
    rootId: optionalText(headers['root_id'], 'root_id') ?? id,
    parentId: optionalText(headers['parent_id'], 'parent_id'),
    group: optionalText(headers['group'], 'group') ?? optionalText(headers['taskset'], 'taskset'),
    groupIndex: optionalInteger(headers['group_index'], 'group_index'),
    retries: optionalInteger(headers['retries'], 'retries') ?? 0,
    etaMs: optionalInstant(headers['eta'], 'eta'),
    expiresMs: optionalInstant(headers['expires'], 'expires'),
    timeLimit: limits[0],
    softTimeLimit: limits[1],
    argsrepr: displayText(headers['argsrepr']) ?? '',
    kwargsrepr: displayText(headers['kwargsrepr']) ?? '',
    origin: displayText(headers['origin']),
    lang: displayText(headers['lang']),
    ignoreResult: optionalBoolean(headers['ignore_result'], 'ignore_result'),
    replacedTaskNesting: optionalInteger(headers['replaced_task_nesting'], 'replaced_task_nesting') ?? 0,
    stampedHeaders: textsOrNull(headers['stamped_headers']),
    stamps: isObject(headers['stamps']) ? headers['stamps'] : {},
    headers: userHeaders(headers),
    deliveries:
      (delivery.deliveries ?? 1) +
      (typeof given === 'number' && Number.isSafeInteger(given) && given > 0 ? given : 0),
    deliveryInfo: {
      exchange: delivery.exchange,
      routingKey: delivery.routingKey,
      priority: properties.priority ?? null,
      redelivered: delivery.redelivered,
    },
    replyTo: properties.replyTo === '' ? undefined : properties.replyTo,
    correlationId: properties.correlationId,
    priority: properties.priority,
  };
}

const NONE: Readonly<Record<string, unknown>> = Object.freeze({});

function userHeaders(headers: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  let own: Record<string, unknown> | undefined;
  for (const key in headers) {
    if (PROTOCOL_HEADERS.has(key) || key === DELIVERIES_HEADER || !Object.hasOwn(headers, key)) continue;
    own ??= {};
    Object.defineProperty(own, key, {
      value: headers[key],
      enumerable: true,
      writable: true,
      configurable: true,
    });
  }
  return own ?? NONE;
}

function requiredText(value: unknown, name: string): string {
  if (typeof value === 'string' && value !== '') return value;
  throw new DecodeError(`The header ${name} must be a text, not ${show(value)}.`);
}

function optionalText(value: unknown, name: string): string | null {
  if (value === undefined || value === null || value === '') return null;
  if (typeof value === 'string') return value;
  throw new DecodeError(`The header ${name} must be a text or null, not ${show(value)}.`);
}

/** What is only shown isn't worth refusing a message for. */
function displayText(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function textsOrNull(value: unknown): readonly string[] | null {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : null;
}

function optionalInteger(value: unknown, name: string): number | null {
  if (value === undefined || value === null) return null;
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw new DecodeError(`The header ${name} must be a whole number or null, not ${show(value)}.`);
}

function optionalBoolean(value: unknown, name: string): boolean | null {
  if (value === undefined || value === null) return null;
  if (typeof value === 'boolean') return value;
  throw new DecodeError(`The header ${name} must be true, false or null, not ${show(value)}.`);
}

function optionalInstant(value: unknown, name: string): number | null {
  if (value === undefined || value === null) return null;
  if (value instanceof Date && !Number.isNaN(value.getTime())) return value.getTime();
  const ms = typeof value === 'string' ? parseIso(value) : undefined;
  if (ms !== undefined) return ms;
  throw new DecodeError(`The header ${name} must be an ISO 8601 time or null, not ${show(value)}.`);
}

/** `[hard, soft]`, seconds. */
function timeLimits(value: unknown): readonly [number | null, number | null] {
  if (value === undefined || value === null) return [null, null];
  const [hard, soft] = Array.isArray(value) && value.length === 2 ? (value as unknown[]) : [NaN, NaN];
  if (isLimit(hard) && isLimit(soft)) return [hard, soft];
  throw new DecodeError(`The header timelimit must be [hard, soft] in seconds, not ${show(value)}.`);
}

function isLimit(value: unknown): value is number | null {
  return value === null || (typeof value === 'number' && Number.isFinite(value) && value >= 0);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function show(value: unknown): string {
  return value === undefined ? 'missing' : repr(value, { maxLength: 80 });
}

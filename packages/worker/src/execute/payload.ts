import { isUtf8 } from 'node:buffer';
import type { TaskRequest } from '@tq/core';
import type { RunInput } from '@tq/core/internal';
import type { Held } from '../consume/held.ts';

/** What a child gets of a message: JSON, the body as a string, fields at their defaults left out. */
export interface Payload {
  readonly request: Partial<TaskRequest> & Pick<TaskRequest, 'id' | 'task' | 'deliveryInfo'>;
  readonly body: string;
  /** @default false: the body is text */
  readonly base64?: true;
  readonly contentType: string;
  readonly contentEncoding: string;
  readonly compression?: string;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly wantRepr?: true;
}

export function packPayload(held: Held, wantRepr: boolean): Payload {
  const { body, headers, properties } = held.delivery.message;
  const { contentType = '', contentEncoding = '' } = properties;
  const compression = headers['compression'];
  const text = compression === undefined && contentEncoding !== 'binary' && isUtf8(body);
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  return {
    request: packRequest(held.request),
    body: text ? bytes.toString('utf8') : bytes.toString('base64'),
    ...(text ? {} : { base64: true as const }),
    contentType,
    contentEncoding,
    ...(typeof compression === 'string' ? { compression } : {}),
    properties: properties as Readonly<Record<string, unknown>>,
    ...(wantRepr ? { wantRepr: true as const } : {}),
  };
}

export function unpackPayload(payload: Payload, hostname: string): RunInput {
  return {
    request: unpackRequest(payload.request),
    body: Buffer.from(payload.body, payload.base64 ? 'base64' : 'utf8'),
    contentType: payload.contentType,
    contentEncoding: payload.contentEncoding,
    ...(payload.compression === undefined ? {} : { compression: payload.compression }),
    properties: payload.properties,
    hostname,
    wantRepr: payload.wantRepr ?? false,
  };
}

/** Field by field, with what was left out at its default: quicker than spreading, and always of one shape. */
function unpackRequest(packed: Payload['request']): TaskRequest {
  return {
    id: packed.id,
    task: packed.task,
    shadow: packed.shadow ?? null,
    rootId: packed.rootId ?? packed.id,
    parentId: packed.parentId ?? null,
    group: packed.group ?? null,
    groupIndex: packed.groupIndex ?? null,
    retries: packed.retries ?? 0,
    etaMs: packed.etaMs ?? null,
    expiresMs: packed.expiresMs ?? null,
    timeLimit: packed.timeLimit ?? null,
    softTimeLimit: packed.softTimeLimit ?? null,
    argsrepr: packed.argsrepr ?? '',
    kwargsrepr: packed.kwargsrepr ?? '',
    origin: packed.origin ?? null,
    lang: packed.lang ?? null,
    ignoreResult: packed.ignoreResult ?? null,
    replacedTaskNesting: packed.replacedTaskNesting ?? 0,
    stampedHeaders: packed.stampedHeaders ?? null,
    stamps: packed.stamps ?? NONE,
    headers: packed.headers ?? NONE,
    deliveries: packed.deliveries ?? 1,
    deliveryInfo: packed.deliveryInfo,
    replyTo: packed.replyTo,
    correlationId: packed.correlationId ?? packed.id,
    priority: packed.priority,
  };
}

const NONE: Readonly<Record<string, unknown>> = Object.freeze({});

function packRequest(request: TaskRequest): Payload['request'] {
  const packed: Record<string, unknown> = {
    id: request.id,
    task: request.task,
    argsrepr: request.argsrepr,
    kwargsrepr: request.kwargsrepr,
    deliveryInfo: request.deliveryInfo,
  };
  if (request.rootId !== request.id) packed['rootId'] = request.rootId;
  if (request.correlationId !== request.id) packed['correlationId'] = request.correlationId;
  for (const name of SELDOM) {
    const value = request[name];
    if (value !== null && value !== 0) packed[name] = value;
  }
  if (request.deliveries !== 1) packed['deliveries'] = request.deliveries;
  if (request.replyTo !== undefined) packed['replyTo'] = request.replyTo;
  if (request.priority !== undefined) packed['priority'] = request.priority;
  if (!isEmpty(request.stamps)) packed['stamps'] = request.stamps;
  if (!isEmpty(request.headers)) packed['headers'] = request.headers;
  return packed as unknown as Payload['request'];
}

/** Fields that most messages leave at null or 0. */
const SELDOM = [
  'shadow',
  'parentId',
  'group',
  'groupIndex',
  'retries',
  'etaMs',
  'expiresMs',
  'timeLimit',
  'softTimeLimit',
  'origin',
  'lang',
  'ignoreResult',
  'replacedTaskNesting',
  'stampedHeaders',
] as const satisfies readonly (keyof TaskRequest)[];

function isEmpty(value: object): boolean {
  for (const _ in value) return false;
  return true;
}

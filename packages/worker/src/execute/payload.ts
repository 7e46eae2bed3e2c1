import { isUtf8 } from 'node:buffer';
import type { TaskRequest } from '@tq/core';
import type { RunInput } from '@tq/core/internal';
import type { Held } from '../consume/held.ts';

/** What a child gets of a message: JSON, the body as a string, fields at their defaults left out. */
export interface Payload {
  readonly request: Partial<TaskRequest> & Pick<TaskRequest, 'id' | 'task'>;
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
    request: { ...DEFAULTS, rootId: payload.request.id, ...payload.request } as TaskRequest,
    body: Buffer.from(payload.body, payload.base64 ? 'base64' : 'utf8'),
    contentType: payload.contentType,
    contentEncoding: payload.contentEncoding,
    ...(payload.compression === undefined ? {} : { compression: payload.compression }),
    properties: payload.properties,
    hostname,
    wantRepr: payload.wantRepr ?? false,
  };
}

/** A request's fields as they are when nothing was asked for. */
const DEFAULTS = {
  shadow: null,
  parentId: null,
  group: null,
  groupIndex: null,
  retries: 0,
  etaMs: null,
  expiresMs: null,
  timeLimit: null,
  softTimeLimit: null,
  argsrepr: '',
  kwargsrepr: '',
  origin: null,
  lang: null,
  ignoreResult: null,
  replacedTaskNesting: 0,
  stampedHeaders: null,
  deliveries: 1,
  replyTo: undefined,
  correlationId: undefined,
  priority: undefined,
  stamps: {},
  headers: {},
} satisfies Partial<TaskRequest>;

const DEFAULT_ENTRIES = Object.entries(DEFAULTS) as readonly [keyof typeof DEFAULTS, unknown][];

function packRequest(request: TaskRequest): Payload['request'] {
  const packed: Record<string, unknown> = {
    id: request.id,
    task: request.task,
    deliveryInfo: request.deliveryInfo,
  };
  if (request.rootId !== request.id) packed['rootId'] = request.rootId;
  for (const [name, usual] of DEFAULT_ENTRIES) {
    const value = request[name];
    if (
      value === usual ||
      value === undefined ||
      (typeof usual === 'object' && usual !== null && isEmpty(value as object))
    )
      continue;
    packed[name] = value;
  }
  return packed as Payload['request'];
}

function isEmpty(value: object): boolean {
  for (const _ in value) return false;
  return true;
}

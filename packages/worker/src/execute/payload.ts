import type { MessageProperties, TaskRequest } from '@tq/core';
import { utf8TextOf } from '@tq/core/internal';
import type { RunInput } from '@tq/core/internal';
import type { Held } from '../consume/held.ts';

/** What a pool in this very process gets of a message: all of it, as it is. */
export function inputOf({ request, delivery }: Held, hostname: string, wantRepr: boolean): RunInput {
  const { body, headers, properties } = delivery.message;
  const { contentType = '', contentEncoding = '' } = properties;
  const { compression } = headers;
  const input = { request, body, contentType, contentEncoding, properties, hostname, wantRepr };
  return typeof compression === 'string' ? { ...input, compression } : input;
}

/**
 * What a child gets of a message. What every message has comes by position, which is half as long as JSON with names and
 * twice as quick to read; everything else only where it isn't as usual.
 */
export type Payload = readonly [
  id: string,
  task: string,
  body: string,
  argsrepr: string,
  kwargsrepr: string,
  origin: string | null,
  replyTo: string | null,
  routingKey: string,
  priority: number | null,
  lang: string | null,
  ignoreResult: boolean | null,
  odd: Odd | null,
];

/** What isn't as usual. */
interface Odd {
  request?: Partial<Mutable<TaskRequest>>;
  /** The body is no text. */
  base64?: true;
  contentType?: string;
  contentEncoding?: string;
  compression?: string;
  properties?: MessageProperties;
  exchange?: string;
  redelivered?: true;
  wantRepr?: true;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const USUAL_TYPE = 'application/json';
const USUAL_ENCODING = 'utf-8';
const USUAL_MODE = 2;

export function packPayload(held: Held, wantRepr: boolean): Payload {
  const { request, delivery } = held;
  const { body, headers, properties } = delivery.message;
  const isText = headers['compression'] === undefined && properties.contentEncoding !== 'binary';
  const text = isText ? utf8TextOf(body) : undefined;
  return [
    request.id,
    request.task,
    text ?? Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('base64'),
    request.argsrepr,
    request.kwargsrepr,
    request.origin,
    request.replyTo ?? null,
    delivery.routingKey,
    properties.priority ?? null,
    request.lang,
    request.ignoreResult,
    oddOf(held, text !== undefined, wantRepr),
  ];
}

export function unpackPayload(payload: Payload, hostname: string): RunInput {
  const [, , body, , , , , , , , , odd] = payload;
  const request = unpackRequest(payload);
  const { contentType = USUAL_TYPE, contentEncoding = USUAL_ENCODING, compression } = odd ?? NOTHING_ODD;
  const input: RunInput = {
    request,
    body: Buffer.from(body, odd?.base64 ? 'base64' : 'utf8'),
    contentType,
    contentEncoding,
    properties: odd?.properties ?? usualProperties(request),
    hostname,
    wantRepr: odd?.wantRepr ?? false,
  };
  return compression === undefined ? input : { ...input, compression };
}

/** Field by field, with what was left out at its default: quicker than spreading, and always of one shape. */
function unpackRequest(payload: Payload): TaskRequest {
  const [id, task, , argsrepr, kwargsrepr, origin, replyTo, routingKey, priority, lang, ignoreResult, all] =
    payload;
  const odd: Partial<TaskRequest> = all?.request ?? NOTHING_ODD;
  return {
    id,
    task,
    shadow: odd.shadow ?? null,
    rootId: odd.rootId ?? id,
    parentId: odd.parentId ?? null,
    group: odd.group ?? null,
    groupIndex: odd.groupIndex ?? null,
    retries: odd.retries ?? 0,
    etaMs: odd.etaMs ?? null,
    expiresMs: odd.expiresMs ?? null,
    timeLimit: odd.timeLimit ?? null,
    softTimeLimit: odd.softTimeLimit ?? null,
    argsrepr,
    kwargsrepr,
    origin,
    lang,
    ignoreResult,
    replacedTaskNesting: odd.replacedTaskNesting ?? 0,
    stampedHeaders: odd.stampedHeaders ?? null,
    stamps: odd.stamps ?? NONE,
    headers: odd.headers ?? NONE,
    deliveries: odd.deliveries ?? 1,
    deliveryInfo: {
      exchange: all?.exchange ?? '',
      routingKey,
      priority,
      redelivered: all?.redelivered ?? false,
    },
    replyTo: replyTo ?? undefined,
    correlationId: odd.correlationId ?? id,
    priority: priority ?? undefined,
  };
}

const NONE: Readonly<Record<string, unknown>> = Object.freeze({});
const NOTHING_ODD: Odd & Partial<TaskRequest> = Object.freeze({});

/** Of a message that Celery or tq has sent with nothing special. */
function usualProperties({ correlationId, priority, replyTo }: TaskRequest): MessageProperties {
  const properties: Mutable<MessageProperties> = {
    contentType: USUAL_TYPE,
    contentEncoding: USUAL_ENCODING,
    deliveryMode: USUAL_MODE,
  };
  if (priority !== undefined) properties.priority = priority;
  if (correlationId !== undefined) properties.correlationId = correlationId;
  if (replyTo !== undefined) properties.replyTo = replyTo;
  return properties;
}

function oddOf({ request, delivery }: Held, text: boolean, wantRepr: boolean): Odd | null {
  const { headers, properties } = delivery.message;
  const { contentType = '', contentEncoding = '' } = properties;
  const odd: Odd = {};
  const oddRequest = oddRequestOf(request);
  if (oddRequest) odd.request = oddRequest;
  if (!text) odd.base64 = true;
  if (contentType !== USUAL_TYPE) odd.contentType = contentType;
  if (contentEncoding !== USUAL_ENCODING) odd.contentEncoding = contentEncoding;
  if (typeof headers['compression'] === 'string') odd.compression = headers['compression'];
  if (!areUsual(properties, request.id)) odd.properties = properties;
  if (delivery.exchange !== '') odd.exchange = delivery.exchange;
  if (delivery.redelivered) odd.redelivered = true;
  if (wantRepr) odd.wantRepr = true;
  return isEmpty(odd) ? null : odd;
}

function areUsual(properties: MessageProperties, id: string): boolean {
  for (const name in properties) {
    if (!USUAL_PROPERTIES.has(name)) return false;
  }
  const { contentType, contentEncoding, correlationId, deliveryMode, replyTo } = properties;
  return (
    contentType === USUAL_TYPE &&
    contentEncoding === USUAL_ENCODING &&
    correlationId === id &&
    deliveryMode === USUAL_MODE &&
    replyTo !== ''
  );
}

const USUAL_PROPERTIES: ReadonlySet<string> = new Set<keyof MessageProperties>([
  'contentType',
  'contentEncoding',
  'deliveryMode',
  'priority',
  'correlationId',
  'replyTo',
]);

function oddRequestOf(request: TaskRequest): Odd['request'] {
  let odd: Record<string, unknown> | undefined;
  for (const name of SELDOM) {
    const value = request[name];
    if (value !== null && value !== 0) (odd ??= {})[name] = value;
  }
  if (request.rootId !== request.id) (odd ??= {})['rootId'] = request.rootId;
  if (request.correlationId !== request.id) (odd ??= {})['correlationId'] = request.correlationId;
  if (request.deliveries !== 1) (odd ??= {})['deliveries'] = request.deliveries;
  if (!isEmpty(request.stamps)) (odd ??= {})['stamps'] = request.stamps;
  if (!isEmpty(request.headers)) (odd ??= {})['headers'] = request.headers;
  return odd as Odd['request'];
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
  'replacedTaskNesting',
  'stampedHeaders',
] as const satisfies readonly (keyof TaskRequest)[];

function isEmpty(value: object): boolean {
  for (const _ in value) return false;
  return true;
}

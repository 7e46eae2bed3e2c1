/** The envelope of brokers that carry nothing but text: kombu's, as Celery's peers on Redis write and read it. */
import { DecodeError } from '@tq/core';
import type { MessageProperties } from '@tq/core';
import { decodeJson } from '@tq/core/internal';
import type { Envelope } from './store.ts';
import { TableText } from './table-text.ts';

/** What stands in an envelope besides the message. */
export interface EnvelopeMark {
  /** Identifies the message among all others; Python peers need it. */
  readonly deliveryTag: string;
  /** @default false */
  readonly redelivered?: boolean;
}

export interface DecodedEnvelope {
  readonly envelope: Envelope;
  /** Absent in envelopes written by hand. */
  readonly deliveryTag: string | undefined;
  readonly redelivered: boolean;
}

type Json = Readonly<Record<string, unknown>>;

/** Our names, kombu's names, and what they hold. Content type and encoding stand outside the properties. */
const PROPERTIES = [
  ['correlationId', 'correlation_id', 'string'],
  ['replyTo', 'reply_to', 'string'],
  ['deliveryMode', 'delivery_mode', 'number'],
  ['priority', 'priority', 'number'],
  ['expiration', 'expiration', 'string'],
  ['messageId', 'message_id', 'string'],
  ['timestamp', 'timestamp', 'number'],
  ['type', 'type', 'string'],
  ['userId', 'user_id', 'string'],
  ['appId', 'app_id', 'string'],
] as const satisfies readonly (readonly [keyof MessageProperties, string, 'string' | 'number'])[];

/** A peer that finds no content type ends its process; this is kombu's word for bytes of no known kind. */
const BYTES = { type: 'application/data', encoding: 'binary' };

const headersText = new TableText('headers');
const propertiesText = new TableText('properties');
const addressText = new TableText('delivery_info');

/** Writes every field that a Python consumer needs. A header that can't travel is an `EncodeError`. */
export function encodeEnvelope({ message, exchange, routingKey }: Envelope, mark: EnvelopeMark): string {
  const { contentEncoding = BYTES.encoding, contentType = BYTES.type } = message.properties;
  const redelivered = mark.redelivered === true || undefined;
  const headers = redelivered ? { ...message.headers, redelivered } : message.headers;
  const properties = propertiesText.members(wireProperties(message.properties));
  // Put together by hand: in base64 there is nothing to escape, and only headers may hold more than plain JSON.
  return (
    `{"body":"${base64(message.body)}","content-encoding":${JSON.stringify(contentEncoding)}` +
    `,"content-type":${JSON.stringify(contentType)},"headers":{${headersText.members(headers)}}` +
    `,"properties":{${properties}${properties && ','}` +
    `"delivery_info":{${addressText.members({ exchange, routing_key: routingKey, redelivered })}}` +
    `,"body_encoding":"base64","delivery_tag":${JSON.stringify(mark.deliveryTag)}}}`
  );
}

/** Every property by its name there: one shape for all messages. */
function wireProperties(given: MessageProperties): Readonly<Record<string, unknown>> {
  return {
    correlation_id: given.correlationId,
    reply_to: given.replyTo,
    delivery_mode: given.deliveryMode,
    priority: given.priority,
    expiration: given.expiration,
    message_id: given.messageId,
    timestamp: given.timestamp,
    type: given.type,
    user_id: given.userId,
    app_id: given.appId,
  };
}

function base64(body: Uint8Array): string {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  return bytes.toString('base64');
}

/**
 * Reads what any peer may have written, also what would end a Python worker: without properties, tag, address, headers
 * or content type. An address that is missing is the queue it was found in. What has no readable body is a `DecodeError`.
 */
export function decodeEnvelope(text: string, found: { readonly queue: string }): DecodedEnvelope {
  const json = decodeJson(text);
  if (!isRecord(json)) throw new DecodeError('The message is not an envelope: its JSON is not an object.');
  const properties = record(json['properties']);
  const info = record(properties['delivery_info']);
  const { redelivered, ...headers } = record(json['headers']);
  return {
    envelope: {
      message: {
        body: bodyOf(json['body'], properties['body_encoding']),
        headers: redelivered === undefined || redelivered === true ? headers : { ...headers, redelivered },
        properties: { ...contentOf(json), ...propertiesOf(properties) },
      },
      exchange: textOf(info['exchange']) ?? '',
      routingKey: textOf(info['routing_key']) ?? found.queue,
    },
    deliveryTag: textOf(properties['delivery_tag']),
    redelivered: redelivered === true || info['redelivered'] === true,
  };
}

function bodyOf(body: unknown, encoding: unknown): Uint8Array {
  if (typeof body !== 'string') throw new DecodeError('The envelope has no body, or it is not a text.');
  if (encoding === undefined || encoding === null || encoding === 'utf-8') return Buffer.from(body);
  if (encoding !== 'base64')
    throw new DecodeError(`The envelope's body_encoding ${JSON.stringify(encoding)} is not known.`);
  const bytes = Buffer.from(body, 'base64');
  // Node skips what isn't base64; then fewer bytes come out.
  if (bytes.length !== Math.floor((body.replace(/=+$/, '').length * 3) / 4))
    throw new DecodeError("The envelope's body is not base64.");
  return bytes;
}

function contentOf(json: Json): MessageProperties {
  const [type, encoding] = [textOf(json['content-type']), textOf(json['content-encoding'])];
  return {
    ...(type !== undefined && { contentType: type }),
    ...(encoding !== undefined && { contentEncoding: encoding }),
  };
}

function propertiesOf(json: Json): MessageProperties {
  const properties: Record<string, unknown> = {};
  for (const [ours, theirs, type] of PROPERTIES) {
    const value = json[theirs];
    if (typeof value === type) properties[ours] = value;
    else if (type === 'string' && typeof value === 'number') properties[ours] = String(value);
  }
  return properties;
}

/** Peers write some identifiers as numbers. */
function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'bigint' ? String(value) : undefined;
}

function record(value: unknown): Json {
  return isRecord(value) ? value : {};
}

function isRecord(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

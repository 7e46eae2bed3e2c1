import { DecodeError } from '@tq/core';
import { decodeJson, encodeJson } from '@tq/core/internal';
import { decodeEnvelope } from '@tq/virtual';
import type { Envelope } from '@tq/virtual';

/** A message as it was found in a list. */
export interface Found {
  readonly envelope: Envelope;
  readonly redelivered: boolean;
  /** How many holders have lost it. */
  readonly lost: number;
}

/** Counts, in `delivery_info`, how often a holder was lost. tq's own; Python peers pass it on unread. */
const LOST = 'x-tq-lost';
const LOST_COUNT = new RegExp(`"${LOST}": ?(\\d+)`, 'g');

/** Bodies above this stay bytes: they are never part of a text. */
const LARGE = 64 * 1024;

/** What isn't an envelope becomes a message without a content type, for the worker to refuse by its own rules. */
export function readEnvelope(bytes: Buffer, queue: string): Found {
  try {
    const found =
      (bytes.length > LARGE ? readLarge(bytes, queue) : undefined) ??
      decodeEnvelope(bytes.toString(), { queue });
    const { envelope, redelivered } = found;
    return { envelope, redelivered, lost: redelivered ? lostCount(bytes) : 0 };
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    const message = { body: bytes, headers: {}, properties: {} };
    return { envelope: { message, exchange: '', routingKey: queue }, redelivered: false, lost: 0 };
  }
}

function lostCount(bytes: Buffer): number {
  const matches = [...bytes.subarray(-1024).toString().matchAll(LOST_COUNT)];
  return Number(matches.at(-1)?.[1] ?? 0);
}

/** Cuts the body out of an envelope that begins with it, as kombu's and ours do. */
function readLarge(bytes: Buffer, queue: string): ReturnType<typeof decodeEnvelope> | undefined {
  const start = /^\{"body": ?"/.exec(bytes.subarray(0, 10).toString('latin1'))?.[0].length;
  if (start === undefined) return undefined;
  const end = bytes.indexOf('"', start);
  const rest = bytes.subarray(end).toString();
  if (end < 0 || !/"body_encoding": ?"base64"/.test(rest)) return undefined;
  const body = Buffer.from(bytes.toString('latin1', start, end), 'base64');
  const padding = bytes[end - 1] !== EQUALS ? 0 : bytes[end - 2] !== EQUALS ? 1 : 2;
  if (body.length !== Math.floor(((end - start - padding) * 3) / 4)) return undefined;
  const found = decodeEnvelope(`{"body":"${rest}`, { queue });
  const { envelope } = found;
  return { ...found, envelope: { ...envelope, message: { ...envelope.message, body } } };
}

const EQUALS = 0x3d;

/** A record of `unacked`, ready to go back into a list. */
export interface Returned {
  /** The envelope, marked as redelivered. */
  readonly text: string;
  readonly exchange: string;
  readonly routingKey: string;
  readonly priority: number | undefined;
}

/** Marks the envelope of a record, as kombu does; `counted` when its holder has lost it. */
export function readRecord(bytes: Buffer, { counted }: { readonly counted: boolean }): Returned {
  const record = parse(bytes);
  const [envelope, exchange, routingKey] = record;
  const to = { exchange: textOf(exchange), routingKey: textOf(routingKey) };
  // What was no envelope when it was taken goes back as it was.
  if (!isRecord(envelope))
    return {
      text: typeof envelope === 'string' ? envelope : encodeJson(envelope),
      ...to,
      priority: undefined,
    };
  const headers = isRecord(envelope['headers']) ? envelope['headers'] : {};
  const properties = isRecord(envelope['properties']) ? envelope['properties'] : {};
  const info = isRecord(properties['delivery_info']) ? properties['delivery_info'] : {};
  const lost = typeof info[LOST] === 'number' ? info[LOST] : 0;
  const marked = {
    ...envelope,
    headers: { ...headers, redelivered: true },
    properties: {
      ...properties,
      delivery_info: {
        ...info,
        redelivered: true,
        ...(lost + Number(counted) > 0 && { [LOST]: lost + Number(counted) }),
      },
    },
  };
  const { priority } = properties;
  return { text: encodeJson(marked), ...to, priority: typeof priority === 'number' ? priority : undefined };
}

function parse(bytes: Buffer): readonly unknown[] {
  const text = bytes.toString();
  try {
    const record = decodeJson(text);
    return Array.isArray(record) ? (record as unknown[]) : [text];
  } catch (error) {
    if (error instanceof DecodeError) return [text];
    throw error;
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

import { isUtf8 } from 'node:buffer';
import { PublishError } from '@tq/core';
import type { Message } from '@tq/core';
import { toError } from '@tq/core/internal';
import type { Envelope } from '@tq/virtual';

/** Longer bodies stand beside the text, where nobody has to escape and parse them. Bytes. */
const LONGEST_INLINE = 16 * 1024;

/** A message as it stands in the file: all of it in one JSON text, but for a body that is long or no text. */
export interface Content {
  readonly content: string;
  /** A copy of its own: cloning a view would clone all of the buffer behind it. */
  readonly body: Uint8Array | null;
}

/** What stands in the JSON text. */
type Parts = readonly [
  exchange: string,
  routingKey: string,
  headers: Message['headers'],
  properties: Message['properties'],
  body?: string,
];

/** @throws PublishError when the headers can't be written as JSON */
export function writeContent({ message, exchange, routingKey }: Envelope): Content {
  const { body, headers, properties } = message;
  const inline = body.byteLength <= LONGEST_INLINE && isUtf8(body);
  const text = inline ? [Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8')] : [];
  const parts: Parts = [exchange, routingKey, headers ?? {}, properties ?? {}, ...(text as [string?])];
  try {
    return { content: JSON.stringify(parts), body: inline ? null : new Uint8Array(body) };
  } catch (error) {
    throw new PublishError(
      `The headers of the message can't be written as JSON: ${toError(error).message}. Send plain values only.`,
      { cause: error },
    );
  }
}

/** Never throws: a text that is no message is left to whoever gets it. */
export function readContent({ content, body }: Content): Envelope {
  const parts = partsOf(content);
  if (!parts) return unreadable(content, body);
  const [exchange, routingKey, headers, properties, text] = parts;
  return {
    message: { body: body ?? Buffer.from(text ?? '', 'utf8'), headers, properties },
    exchange,
    routingKey,
  };
}

function partsOf(content: string): Parts | undefined {
  try {
    const value: unknown = JSON.parse(content);
    return isParts(value) ? value : undefined;
  } catch {
    return undefined; // somebody wrote to the file by hand
  }
}

function isParts(value: unknown): value is Parts {
  if (!Array.isArray(value)) return false;
  const [exchange, routingKey, headers, properties, body] = value as unknown[];
  return (
    typeof exchange === 'string' &&
    typeof routingKey === 'string' &&
    isObject(headers) &&
    isObject(properties) &&
    (body === undefined || typeof body === 'string')
  );
}

function unreadable(content: string, body: Uint8Array | null): Envelope {
  const headers = { 'x-tq-unreadable': content };
  const properties = { contentType: 'application/data' };
  return { message: { body: body ?? new Uint8Array(), headers, properties }, exchange: '', routingKey: '' };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

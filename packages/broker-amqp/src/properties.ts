import type { ConsumeMessage, Options } from 'amqplib';
import type { Message, MessageProperties } from '@tq/core';
import { encodeFields } from './fields.ts';

/** Our message as the client library's options. The names are AMQP's on both sides. */
export function publishOptions(message: Message, mandatory: boolean): Options.Publish {
  return { ...message.properties, headers: encodeFields(message.headers), mandatory };
}

/** The broker's message as ours. */
export function readMessage({ content, properties }: ConsumeMessage): Message {
  const given = properties as unknown as Record<string, unknown>;
  const { headers, clusterId: _, ...rest } = given;
  for (const key in rest) if (rest[key] === undefined) delete rest[key];
  return {
    body: content,
    headers: (headers ?? {}) as Record<string, unknown>,
    properties: rest as MessageProperties,
  };
}

/** The body without a copy. */
export function bufferOf(body: Uint8Array): Buffer {
  return Buffer.isBuffer(body) ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
}

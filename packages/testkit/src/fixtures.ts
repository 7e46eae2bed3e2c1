import type { Message, MessageProperties } from '@tq/core';
import type { Envelope, PutEntry } from '@tq/virtual';

/** A message as small as it gets: the text is its body. */
export function message(text: string, properties: MessageProperties = {}): Message {
  return { body: Buffer.from(text), headers: {}, properties };
}

export function textOf(from: Message | { readonly message: Message }): string {
  const body = 'message' in from ? from.message.body : from.body;
  return Buffer.from(body).toString();
}

export function textsOf(from: readonly { readonly envelope: Envelope }[]): string[] {
  return from.map((taken) => textOf(taken.envelope));
}

/** One message for a queue, sent as through the default exchange. */
export function entry(queue: string, text: string, properties?: MessageProperties): PutEntry {
  return { queue, envelope: { message: message(text, properties), exchange: '', routingKey: queue } };
}

export function entries(queue: string, texts: readonly string[]): PutEntry[] {
  return texts.map((text) => entry(queue, text));
}

/** `count` texts in order: `m0`, `m1`, … */
export function numbered(count: number, prefix = 'm'): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index}`);
}

/** Everything a message can carry, with the bytes and characters that tend to get lost. */
export const richMessage: Message = {
  body: Uint8Array.from({ length: 256 }, (_, byte) => byte),
  headers: {
    task: 'proj.tasks.add',
    nothing: null,
    list: [1, 2.5, 'drei', [true]],
    deep: { 'key with "quotes"': 'naïve – 日本語 – 😀', control: '\u0000\u0006\u0016\n' },
    large: Number.MAX_SAFE_INTEGER,
  },
  properties: {
    contentType: 'application/x-anything',
    contentEncoding: 'binary',
    deliveryMode: 2,
    priority: 0,
    correlationId: 'c-1',
    replyTo: 'reply-1',
    expiration: '60000',
    messageId: 'm-1',
    timestamp: 1_767_225_600,
    type: 'kind',
    userId: 'guest',
    appId: 'tq',
  },
};

let serial = 0;

/** A name nobody else uses, in this process or another. */
export function uniqueName(prefix: string): string {
  serial += 1;
  return `${prefix}-${process.pid}-${serial}-${Math.random().toString(36).slice(2, 8)}`;
}

/** Numbered texts by their numbers. */
export function sorted(texts: readonly string[]): string[] {
  return texts.toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }));
}

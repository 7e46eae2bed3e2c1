import type { Address, ChordPart, Encoded, Message } from '@tq/core';

const SURE = {
  contentType: 'application/json',
  contentEncoding: 'utf-8',
  deliveryMode: 2, // a chord outlasts a restart of the broker as its tasks do
  priority: 0,
};

/** A text for a queue of groups and chords. */
export function textMessage(text: string, headers: Message['headers'] = {}): Message {
  return { body: Buffer.from(text), headers, properties: SURE };
}

export function textOf({ body }: Message): string {
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString();
}

/** The queue of that name, by way of the default exchange. */
export function toQueue(name: string): Address {
  return { exchange: '', routingKey: name };
}

export function partMessage({ index, result, state, taskId }: ChordPart): Message {
  return textMessage(result, { task_id: taskId, state, ...(index === undefined ? {} : { index }) });
}

/** Undefined for a message of somebody else. */
export function partOf(message: Message): ChordPart | undefined {
  const { task_id: taskId, state, index } = message.headers;
  if (typeof taskId !== 'string' || typeof state !== 'string') return undefined;
  return {
    taskId,
    state,
    result: textOf(message) as Encoded,
    index: index === undefined || index === null ? undefined : Number(index),
  };
}

/** What counts once. */
export function keyOf({ index, taskId }: ChordPart): string {
  return `${taskId} ${index ?? ''}`;
}

import { DecodeError } from '@tq/core';
import type { Encoded, Message, ReplyRoute, TaskMeta } from '@tq/core';
import { decodeMeta, encodeMeta } from '@tq/core/internal';

/** A state as Celery sends it to whoever made the call. Spec: results.md 6. */
export function replyOf(meta: TaskMeta<Encoded>, route: ReplyRoute, persistent: boolean): Message {
  return {
    body: Buffer.from(encodeMeta(meta)),
    headers: {},
    properties: {
      contentType: 'application/json',
      contentEncoding: 'utf-8',
      deliveryMode: persistent ? 2 : 1,
      priority: 0,
      correlationId: route.correlationId ?? meta.taskId,
    },
  };
}

/** Whose answer a message is, and the meta in it, which stays text. @throws DecodeError */
export function readReply({ body, properties }: Message): { readonly taskId: string; readonly text: string } {
  const { contentType = 'application/json', correlationId } = properties;
  if (contentType !== 'application/json')
    throw new DecodeError(`A result came as ${contentType}; set result_serializer to json in the worker.`);
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString();
  return { taskId: correlationId ?? decodeMeta(text).taskId, text };
}

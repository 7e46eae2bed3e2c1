import type { BackendOptions, Encoded, Message, ReplyRoute, ResultCodec, TaskMeta } from '@tq/core';
import { decodeMeta, encodeJson, jsonResults } from '@tq/core/internal';

const JSON_TYPE = 'application/json';
const JSON_RESULTS = jsonResults();

/** A state as Celery sends it to whoever made the call. Spec: results.md 6. */
export function replyOf(
  meta: TaskMeta<Encoded>,
  route: ReplyRoute,
  { persistent = false, codec = JSON_RESULTS }: Pick<BackendOptions, 'persistent' | 'codec'>,
): Message {
  return {
    body: codec.encodeMeta(meta),
    headers: {},
    properties: {
      contentType: codec.contentType,
      contentEncoding: codec.contentEncoding,
      deliveryMode: persistent ? 2 : 1,
      priority: 0,
      correlationId: route.correlationId ?? meta.taskId,
    },
  };
}

/** Whose answer a message is, and the meta in it as JSON text. @throws DecodeError, ContentDisallowed */
export function readReply(
  { body, properties }: Message,
  codec: ResultCodec = JSON_RESULTS,
): { readonly taskId: string; readonly text: string } {
  const { contentType = JSON_TYPE, contentEncoding = 'utf-8', correlationId } = properties;
  const text =
    contentType === JSON_TYPE
      ? Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString()
      : encodeJson(codec.decode(body, { contentType, contentEncoding }));
  return { taskId: correlationId ?? decodeMeta(text).taskId, text };
}

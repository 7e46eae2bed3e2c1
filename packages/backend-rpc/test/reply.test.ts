import { createApp } from '@tq/core';
import type { Encoded, TaskMeta } from '@tq/core';
import { decodeMeta, resultCodec } from '@tq/core/internal';
import { readReply, replyOf } from '../src/reply.ts';

const meta: TaskMeta<Encoded> = {
  taskId: 'id',
  status: 'SUCCESS',
  result: '[1,"zwei"]' as Encoded,
  traceback: null,
  children: [],
  dateDone: '2026-11-22T16:08:03.055107+00:00',
};
const route = { replyTo: 'oid', correlationId: 'id' };
const codecOf = (resultSerializer: string) => {
  const app = createApp('t', { conf: { resultSerializer } });
  return resultCodec(app.config, app.serializers);
};

test.each([
  ['json', 'application/json', 'utf-8'],
  ['yaml', 'application/x-yaml', 'utf-8'],
  ['msgpack', 'application/x-msgpack', 'binary'],
])('a result travels as %s and says so', (serializer, contentType, contentEncoding) => {
  const codec = codecOf(serializer);
  const message = replyOf(meta, route, { persistent: true, codec });
  expect(message.properties).toMatchObject({ contentType, contentEncoding, deliveryMode: 2 });
  const { taskId, text } = readReply(message, codec);
  expect([taskId, decodeMeta(text)]).toEqual(['id', { ...meta, result: [1, 'zwei'] }]);
});

test('a format that is not accepted is refused', () => {
  const message = replyOf(meta, route, { codec: codecOf('msgpack') });
  expect(message.properties.deliveryMode).toBe(1);
  expect(() => readReply(message, codecOf('json'))).toThrow(
    'Refusing content of type "application/x-msgpack"',
  );
});

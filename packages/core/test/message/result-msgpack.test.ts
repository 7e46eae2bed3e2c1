import { createApp } from '@tq/core';
import { resultCodec } from '@tq/core/internal';
import { Serializers } from '../../src/serialize/registry.ts';
import { vectorsOf } from '../support/vectors.ts';

interface ResultVector {
  readonly id: string;
  readonly body: { readonly task_id: string; readonly result: unknown; readonly date_done: string };
  readonly body_raw_base64: string;
}

test('a result that Celery has kept as MessagePack is read, and written with the same bytes', () => {
  const { body, body_raw_base64: raw } = vectorsOf<ResultVector>('results-redis-msgpack')('msgpack-success');
  const { config } = createApp('t', { conf: { resultSerializer: 'msgpack' } });
  const codec = resultCodec(config, new Serializers());
  const meta = codec.decodeMeta(Buffer.from(raw, 'base64'));
  expect(meta).toMatchObject({
    taskId: body.task_id,
    status: 'SUCCESS',
    result: 5,
    dateDone: body.date_done,
  });
  const written = codec.encodeMeta({ ...meta, result: '5' as never });
  expect(Buffer.from(written).toString('base64')).toBe(raw);
});

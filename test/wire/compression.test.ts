import { createRequire } from 'node:module';
import { DecodeError } from '@tq/core';
import { compress, decodeJson, decompress } from '@tq/core/internal';
import { bodyBytes, vector } from './vectors.ts';
import type { Vector } from './vectors.ts';

const hasZstd = 'zstdDecompressSync' in (createRequire(import.meta.url)('node:zlib') as object);

function unpacked(task: Vector): unknown {
  const bytes = decompress(String(task.headers?.['compression']), bodyBytes(task));
  return decodeJson(Buffer.from(bytes).toString('utf8'));
}

test.each([
  ['tasks-amqp', 'compression-zlib'],
  ['tasks-amqp', 'compression-gzip'],
  ['tasks-amqp', 'compression-brotli'],
  ['tasks-redis', 'compression-zlib'],
])('%s %s is unpacked', (file, id) => {
  expect(unpacked(vector(file, id))).toEqual(vector(file, id).body);
});

(hasZstd ? test : test.skip)('zstd is unpacked', () => {
  expect(unpacked(vector('tasks-amqp', 'compression-zstd'))).toEqual(
    vector('tasks-amqp', 'compression-zstd').body,
  );
});

test.each(['compression-bzip2', 'compression-lzma'])('%s is refused by name', (id) => {
  const task = vector('tasks-amqp', id);
  expect(() => unpacked(task)).toThrow(DecodeError);
  expect(() => unpacked(task)).toThrow(String(task.headers?.['compression']));
});

test.each(['zlib', 'gzip', 'brotli'])("what %s packs goes under Celery's header", (name) => {
  const header = vector('tasks-amqp', `compression-${name}`).headers?.['compression'];
  expect(compress(name, Buffer.from('[[], {}, {}]')).header).toBe(header);
});

import { deflateSync, gzipSync, inflateSync } from 'node:zlib';
import * as zlib from 'node:zlib';
import { DecodeError, ImproperlyConfigured } from '../../src/errors.ts';
import { compress, decompress } from '../../src/serialize/compress.ts';

const body = Buffer.from(JSON.stringify([['a'.repeat(5000)], {}, {}]));
const hasZstd = 'zstdCompressSync' in zlib;

test.each([
  ['gzip', 'application/x-gzip'],
  ['zlib', 'application/x-gzip'],
  ['brotli', 'application/x-brotli'],
  ['application/x-gzip', 'application/x-gzip'],
])('%s goes under the header %s and comes back', (name, header) => {
  const packed = compress(name, body);
  expect(packed.header).toBe(header);
  expect(packed.bytes.byteLength).toBeLessThan(body.byteLength / 10);
  expect(Buffer.from(decompress(header, packed.bytes)).equals(body)).toBe(true);
});

test("Celery's gzip is a zlib stream; a real gzip file is understood too", () => {
  expect(inflateSync(compress('gzip', body).bytes).equals(body)).toBe(true);
  expect(Buffer.from(decompress('application/x-gzip', gzipSync(body))).equals(body)).toBe(true);
});

test('short names in the header are understood', () => {
  expect(Buffer.from(decompress('zlib', deflateSync(body))).equals(body)).toBe(true);
});

(hasZstd ? test : test.skip)('zstd goes under its header and comes back', () => {
  const packed = compress('zstd', body);
  expect(packed.header).toBe('application/zstd');
  expect(Buffer.from(decompress('zstandard', packed.bytes)).equals(body)).toBe(true);
});

(hasZstd ? test.skip : test)('zstd says which Node.js it needs', () => {
  expect(() => compress('zstd', body)).toThrow(/22\.15/);
  expect(() => decompress('application/zstd', body)).toThrow(/22\.15/);
});

test.each(['bzip2', 'application/x-bz2', 'lzma', 'application/x-lzma', 'rot13'])(
  '%s is refused by name',
  (name) => {
    expect(() => compress(name, body)).toThrow(ImproperlyConfigured);
    expect(() => decompress(name, body)).toThrow(DecodeError);
    expect(() => decompress(name, body)).toThrow(`"${name}"`);
  },
);

test('a body that would become too large is refused', () => {
  const bomb = deflateSync(Buffer.alloc(4 * 1024 * 1024));
  expect(() => decompress('gzip', bomb, { maxBytes: 1024 * 1024 })).toThrow(/more than 1048576 bytes/);
  expect(() => decompress('gzip', bomb, { maxBytes: 1024 * 1024 })).toThrow(DecodeError);
  expect(decompress('gzip', bomb, { maxBytes: 4 * 1024 * 1024 })).toHaveLength(4 * 1024 * 1024);
});

test.each(['gzip', 'brotli'])('damaged and cut %s bodies are decode errors', (name) => {
  const { bytes } = compress(name, body);
  for (const damaged of [
    bytes.subarray(0, bytes.length - 4),
    Buffer.from('not compressed'),
    new Uint8Array(),
  ]) {
    expect(() => decompress(name, damaged)).toThrow(DecodeError);
  }
});

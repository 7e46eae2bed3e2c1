import { Buffer } from 'node:buffer';
import { EncodeError } from '../errors.ts';
import type { Serializer } from '../types/serializer.ts';

/** Bytes as they are, kombu's `raw`. No task body is one: for messages of the user's own. */
export const rawSerializer: Serializer = {
  name: 'raw',
  contentType: 'application/data',
  contentEncoding: 'binary',
  encode(value) {
    if (typeof value === 'string') return Buffer.from(value, 'utf8');
    if (value instanceof Uint8Array) return value;
    throw new EncodeError('', 'The serializer raw takes bytes or a text, and nothing else.');
  },
  decode: (bytes) => bytes,
};

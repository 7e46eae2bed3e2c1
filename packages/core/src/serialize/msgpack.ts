/** MessagePack as Python's `packb(use_bin_type=True)` and `unpackb(raw=False)` have it: JSON's values, and bytes. */
import { Buffer } from 'node:buffer';
import type { Serializer } from '../types/serializer.ts';
import { msgpackForm } from './msgpack-form.ts';
import { MsgpackReader } from './msgpack-reader.ts';
import { ValueWriter } from './value-writer.ts';

export const msgpackSerializer: Serializer = {
  name: 'msgpack',
  contentType: 'application/x-msgpack',
  contentEncoding: 'binary',
  encode: (value) => new ValueWriter(msgpackForm, '').write(value),
  decode: (bytes) => new MsgpackReader(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)).read(),
};

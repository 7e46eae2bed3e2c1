import { Buffer } from 'node:buffer';
import type { ResultCodec } from '@tq/core';
import { compress, decodeJson, decompress, encodeJson } from '@tq/core/internal';

/** Celery 5.7 puts this before what is compressed, then the method and a zero byte. */
const MAGIC = Buffer.from('\0celery-compressed\0');

/**
 * How values stand in Redis. Inside of the backend they are the JSON texts as which they travel; what is written in
 * another format, or compressed, is so only there.
 */
export class Format {
  /** Whether values stand there as the texts that they are. */
  readonly isJson: boolean;
  /** Whether a script at the server can tell what a value says. */
  readonly isReadable: boolean;
  readonly #codec: ResultCodec;
  readonly #compression: string | undefined;

  /** @throws ImproperlyConfigured when the compression isn't known */
  constructor(codec: ResultCodec) {
    const { compression, contentType } = codec;
    if (compression !== undefined) compress(compression, Buffer.alloc(0));
    this.isJson = compression === undefined && contentType === 'application/json';
    this.isReadable = compression === undefined && /json|msgpack/.test(contentType);
    this.#codec = codec;
    this.#compression = compression;
  }

  write(text: string): string | Buffer {
    if (this.isJson) return text;
    const bytes = this.#isJsonText ? Buffer.from(text) : this.#codec.encode(decodeJson(text));
    if (this.#compression === undefined) return asBuffer(bytes);
    const { bytes: packed, header } = compress(this.#compression, bytes);
    return Buffer.concat([MAGIC, Buffer.from(`${header}\0`), packed]);
  }

  /** Also what others have compressed. @throws DecodeError, ContentDisallowed */
  read(kept: Buffer): string {
    const bytes = kept[0] === 0 ? unpacked(kept) : kept;
    return this.#isJsonText ? bytes.toString() : encodeJson(this.#codec.decode(bytes));
  }

  get #isJsonText(): boolean {
    return this.#codec.contentType === 'application/json';
  }
}

function unpacked(kept: Buffer): Buffer {
  const end = kept.indexOf(0, MAGIC.length);
  if (end === -1 || !kept.subarray(0, MAGIC.length).equals(MAGIC)) return kept;
  return asBuffer(decompress(kept.toString('latin1', MAGIC.length, end), kept.subarray(end + 1)));
}

function asBuffer({ buffer, byteLength, byteOffset }: Uint8Array): Buffer {
  return Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
}

import { isUtf8 } from 'node:buffer';
import type { Buffer } from 'node:buffer';
import { DecodeError } from '../errors.ts';
import { setOwn } from './json-reader.ts';
import { MAX_READ_DEPTH } from './limits.ts';

const TIMESTAMP = -1;

/** Reads one MessagePack value. For one body. */
export class MsgpackReader {
  readonly #bytes: Buffer;
  #at = 0;
  #depth = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** @throws DecodeError */
  read(): unknown {
    const value = this.#value();
    if (this.#at < this.#bytes.length) throw malformed('something follows its end');
    return value;
  }

  #value(): unknown {
    const byte = this.#bytes[this.#skip(1)] as number;
    if (byte < 0x80) return byte;
    if (byte < 0x90) return this.#map(byte & 0x0f);
    if (byte < 0xa0) return this.#list(byte & 0x0f);
    if (byte < 0xc0) return this.#text(byte & 0x1f);
    if (byte >= 0xe0) return byte - 0x100;
    return this.#long(byte);
  }

  /** What takes more than its first byte to tell. */
  #long(byte: number): unknown {
    const bytes = this.#bytes;
    switch (byte) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xc4:
      case 0xc5:
      case 0xc6:
        return this.#take(this.#length(1 << (byte - 0xc4)));
      case 0xc7:
      case 0xc8:
      case 0xc9:
        return this.#extension(this.#length(1 << (byte - 0xc7)));
      case 0xca:
        return bytes.readFloatBE(this.#skip(4));
      case 0xcb:
        return bytes.readDoubleBE(this.#skip(8));
      case 0xcc:
      case 0xcd:
      case 0xce:
        return this.#length(1 << (byte - 0xcc));
      case 0xcf:
        return small(bytes.readBigUInt64BE(this.#skip(8)));
      case 0xd0:
        return bytes.readInt8(this.#skip(1));
      case 0xd1:
        return bytes.readInt16BE(this.#skip(2));
      case 0xd2:
        return bytes.readInt32BE(this.#skip(4));
      case 0xd3:
        return small(bytes.readBigInt64BE(this.#skip(8)));
      case 0xd4:
      case 0xd5:
      case 0xd6:
      case 0xd7:
      case 0xd8:
        return this.#extension(1 << (byte - 0xd4));
      case 0xd9:
      case 0xda:
      case 0xdb:
        return this.#text(this.#length(1 << (byte - 0xd9)));
      case 0xdc:
      case 0xdd:
        return this.#list(this.#length(2 << (byte - 0xdc)));
      case 0xde:
      case 0xdf:
        return this.#map(this.#length(2 << (byte - 0xde)));
      default:
        throw malformed(`the byte 0x${byte.toString(16)} begins no value`);
    }
  }

  #list(length: number): unknown[] {
    this.#enter(length);
    const items: unknown[] = [];
    for (let index = 0; index < length; index += 1) items.push(this.#value());
    this.#depth -= 1;
    return items;
  }

  #map(length: number): Record<string, unknown> {
    this.#enter(2 * length);
    const members: Record<string, unknown> = {};
    for (let index = 0; index < length; index += 1) {
      const key = this.#value();
      if (typeof key === 'object' && key !== null) throw malformed('a key is no text and no number');
      setOwn(members, String(key), this.#value());
    }
    this.#depth -= 1;
    return members;
  }

  #text(length: number): string {
    const bytes = this.#take(length);
    if (!isUtf8(bytes)) throw malformed('a text is not UTF-8');
    return bytes.toString('utf8');
  }

  /** Of extensions only the timestamp is everybody's. */
  #extension(length: number): Date {
    const type = this.#bytes.readInt8(this.#skip(1));
    const data = this.#take(length);
    if (type !== TIMESTAMP) throw malformed(`it holds an extension of the type ${type}, which nobody knows`);
    if (length === 4) return new Date(data.readUInt32BE(0) * 1000);
    if (length === 8) {
      const packed = data.readBigUInt64BE(0);
      return new Date(Number(packed & 0x3_ffff_ffffn) * 1000 + Math.floor(Number(packed >> 34n) / 1e6));
    }
    if (length === 12)
      return new Date(Number(data.readBigInt64BE(4)) * 1000 + Math.floor(data.readUInt32BE(0) / 1e6));
    throw malformed('a timestamp has 4, 8 or 12 bytes');
  }

  /** A natural number of 1, 2 or 4 bytes. */
  #length(bytes: number): number {
    return this.#bytes.readUIntBE(this.#skip(bytes), bytes);
  }

  #take(length: number): Buffer {
    const start = this.#skip(length);
    return this.#bytes.subarray(start, start + length);
  }

  /** Steps over so many bytes; gives where they begin. */
  #skip(length: number): number {
    const start = this.#at;
    this.#at += length;
    if (this.#at > this.#bytes.length) throw malformed('it ends too early');
    return start;
  }

  /** Every value takes a byte, so a length beyond the end needs no reading. */
  #enter(values: number): void {
    this.#depth += 1;
    if (this.#depth > MAX_READ_DEPTH) throw malformed(`it is nested more than ${MAX_READ_DEPTH} levels deep`);
    if (values > this.#bytes.length - this.#at) throw malformed('it ends too early');
  }
}

function small(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

function malformed(why: string): DecodeError {
  return new DecodeError(`The MessagePack body can not be read: ${why}.`);
}

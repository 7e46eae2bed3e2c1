import type { ChannelModel } from 'amqplib';

/** The part of the library's connection that reads frames. Not its documented face: where it's missing, nothing is done. */
interface FrameReader {
  rest?: Buffer;
  recvFrame?: () => unknown;
}

const HEADER_FRAME = 2;
/** Type, channel and size of a frame come before its payload. */
const PAYLOAD = 7;
/** Class, weight and body size come before the flags. */
const FLAGS = PAYLOAD + 12;
const HAS_CONTENT_TYPE = 1 << 15;
const HAS_CONTENT_ENCODING = 1 << 14;
const HAS_HEADERS = 1 << 13;

const code = (tag: string): number => tag.charCodeAt(0);
const [LONG, LONG_AS_READ, TABLE, ARRAY, STRING, BYTES] = [
  code('L'),
  code('l'),
  code('F'),
  code('A'),
  code('S'),
  code('x'),
];

/** Bytes of a value, by its tag; those of the others follow their own length. */
const FIXED = new Map(
  Object.entries({ V: 0, t: 1, b: 1, B: 1, s: 2, u: 2, I: 4, i: 4, f: 4, D: 5, l: 8, L: 8, d: 8, T: 8 }).map(
    ([tag, size]) => [code(tag), size],
  ),
);

/**
 * The library gives the connection up when it can't read a header, and py-amqp writes 64-bit integers with a tag that it
 * doesn't know. The message would come again, and end the next connection too. So such a frame is put right and read again.
 */
export function survivePoison(model: ChannelModel): void {
  const reader = model.connection as unknown as FrameReader;
  const read = reader.recvFrame;
  if (typeof read !== 'function') return;
  reader.recvFrame = () => {
    const before = reader.rest;
    try {
      return read.call(reader);
    } catch (error) {
      if (before === undefined || !putRight(before)) throw error;
      reader.rest = before;
      return read.call(reader);
    }
  };
}

/** Changes the frame at the beginning of these bytes so that it can be read; false when it isn't the headers. */
export function putRight(bytes: Buffer): boolean {
  if (bytes.length < FLAGS + 2 || bytes[0] !== HEADER_FRAME) return false;
  if (bytes.length < PAYLOAD + bytes.readUInt32BE(3) + 1) return false;
  const flags = bytes.readUInt16BE(FLAGS);
  if (!(flags & HAS_HEADERS)) return false;
  let at = FLAGS + 2;
  if (flags & HAS_CONTENT_TYPE) at += 1 + bytes[at]!;
  if (flags & HAS_CONTENT_ENCODING) at += 1 + bytes[at]!;
  const [start, size] = [at + 4, bytes.readUInt32BE(at)];
  if (!renameLongs(bytes, start, start + size, true)) smother(bytes, start, size);
  return true;
}

/** Of a table, or of an array, which has no keys. False when there is something else in it that nobody knows. */
function renameLongs(bytes: Buffer, start: number, end: number, hasKeys: boolean): boolean {
  for (let at = start; at < end;) {
    if (hasKeys) at += 1 + bytes[at]!;
    const tag = bytes[at]!;
    if (tag === LONG) bytes[at] = LONG_AS_READ;
    at += 1;
    const fixed = FIXED.get(tag);
    if (fixed !== undefined) {
      at += fixed;
      continue;
    }
    if (!(tag === TABLE || tag === ARRAY || tag === STRING || tag === BYTES) || at + 4 > end) return false;
    const size = bytes.readUInt32BE(at);
    at += 4;
    if (at + size > end) return false;
    if ((tag === TABLE || tag === ARRAY) && !renameLongs(bytes, at, at + size, tag === TABLE)) return false;
    at += size;
  }
  return true;
}

/** Nothing can be read in there: one nameless header of as many bytes, which no task message has. */
function smother(bytes: Buffer, start: number, size: number): void {
  if (size < 6) return void bytes.fill(0, start, start + size);
  bytes.set([0, BYTES], start);
  bytes.writeUInt32BE(size - 6, start + 2);
}

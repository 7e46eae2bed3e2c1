import { Buffer } from 'node:buffer';
import type { Form, Refuse } from './value-writer.ts';

/** MessagePack, with the shortest form of each value. */
export const msgpackForm: Form<Buffer> = {
  nothing: Buffer.of(0xc0),
  text(value) {
    const bytes = Buffer.from(value, 'utf8');
    return Buffer.concat([sized(bytes.length, TEXT), bytes]);
  },
  number: (value) =>
    Number.isSafeInteger(value) && !Object.is(value, -0) ? integer(BigInt(value)) : float(value),
  truth: (value) => Buffer.of(value ? 0xc3 : 0xc2),
  integer(value, refuse) {
    if (value >= 2n ** 64n || value < -(2n ** 63n))
      refuse('MessagePack has integers of 64 bits only; send a text, or use the serializer json');
    return integer(value);
  },
  moment: (_ms, refuse) =>
    refuse('Python reads no dates from MessagePack; send a text, or use the serializer json'),
  bytes: (value) => Buffer.concat([sized(value.byteLength, BYTES), value]),
  python: (kind, _value, refuse) =>
    typeof kind === 'string' && PYTHON_KINDS.includes(kind) ? noForm(kind, refuse) : undefined,
  list: (items) => Buffer.concat([sized(items.length, LIST), ...items]),
  members: (keys, items) =>
    Buffer.concat([
      sized(keys.length, MAP),
      ...keys.flatMap((key, index) => [msgpackForm.text(key), items[index] as Buffer]),
    ]),
};

const PYTHON_KINDS: readonly string[] = ['date', 'time', 'decimal', 'uuid'];

function noForm(kind: string, refuse: Refuse): never {
  return refuse(`MessagePack has no form for Python's ${kind}; send its text, or use the serializer json`);
}

/** First bytes of a kind: short (with the length in it), and with a length of 1, 2 and 4 bytes. */
interface Kind {
  readonly short: number;
  readonly shortest: number;
  readonly one: number | undefined;
  readonly two: number;
  readonly four: number;
}

const TEXT: Kind = { short: 0xa0, shortest: 32, one: 0xd9, two: 0xda, four: 0xdb };
const BYTES: Kind = { short: 0, shortest: 0, one: 0xc4, two: 0xc5, four: 0xc6 };
const LIST: Kind = { short: 0x90, shortest: 16, one: undefined, two: 0xdc, four: 0xdd };
const MAP: Kind = { short: 0x80, shortest: 16, one: undefined, two: 0xde, four: 0xdf };

function sized(length: number, kind: Kind): Buffer {
  if (length < kind.shortest) return Buffer.of(kind.short | length);
  if (length < 0x100 && kind.one !== undefined) return Buffer.of(kind.one, length);
  const head = Buffer.alloc(length < 0x1_0000 ? 3 : 5);
  head[0] = length < 0x1_0000 ? kind.two : kind.four;
  if (length < 0x1_0000) head.writeUInt16BE(length, 1);
  else head.writeUInt32BE(length, 1);
  return head;
}

function integer(value: bigint): Buffer {
  if (value >= 0n) return natural(value);
  if (value >= -32n) return Buffer.of(0x100 + Number(value));
  const bytes = Buffer.alloc(9);
  if (value >= -0x80n) return bytes.subarray(0, bytes.writeInt8(Number(value), first(bytes, 0xd0)));
  if (value >= -0x8000n) return bytes.subarray(0, bytes.writeInt16BE(Number(value), first(bytes, 0xd1)));
  if (value >= -0x8000_0000n) return bytes.subarray(0, bytes.writeInt32BE(Number(value), first(bytes, 0xd2)));
  return bytes.subarray(0, bytes.writeBigInt64BE(value, first(bytes, 0xd3)));
}

function natural(value: bigint): Buffer {
  if (value < 0x80n) return Buffer.of(Number(value));
  const bytes = Buffer.alloc(9);
  if (value < 0x100n) return bytes.subarray(0, bytes.writeUInt8(Number(value), first(bytes, 0xcc)));
  if (value < 0x1_0000n) return bytes.subarray(0, bytes.writeUInt16BE(Number(value), first(bytes, 0xcd)));
  if (value < 0x1_0000_0000n)
    return bytes.subarray(0, bytes.writeUInt32BE(Number(value), first(bytes, 0xce)));
  return bytes.subarray(0, bytes.writeBigUInt64BE(value, first(bytes, 0xcf)));
}

function float(value: number): Buffer {
  const bytes = Buffer.alloc(9);
  bytes.writeDoubleBE(value, first(bytes, 0xcb));
  return bytes;
}

/** Writes the byte that says what follows; gives the place after it. */
function first(bytes: Buffer, byte: number): 1 {
  bytes[0] = byte;
  return 1;
}

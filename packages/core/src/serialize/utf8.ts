import { Buffer, isUtf8 } from 'node:buffer';
import { DecodeError } from '../errors.ts';

/** The text of bytes that are said to be `what`. @throws DecodeError when they are not UTF-8 */
export function utf8Text(bytes: Uint8Array, what: string): string {
  const text = utf8TextOf(bytes);
  if (text === undefined) throw new DecodeError(`The body is not valid UTF-8, so it is not ${what}.`);
  return text;
}

/** The text of bytes; undefined when they are not UTF-8. What is malformed becomes this sign, so others need no second look. */
export function utf8TextOf(bytes: Uint8Array): string | undefined {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  return text.includes('\ufffd') && !isUtf8(bytes) ? undefined : text;
}

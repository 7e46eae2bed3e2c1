import { Buffer, isUtf8 } from 'node:buffer';
import { DecodeError } from '../errors.ts';

/** The text of bytes that are said to be `what`. @throws DecodeError when they are not UTF-8 */
export function utf8Text(bytes: Uint8Array, what: string): string {
  if (!isUtf8(bytes)) throw new DecodeError(`The body is not valid UTF-8, so it is not ${what}.`);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}

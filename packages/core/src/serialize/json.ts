/**
 * Celery's JSON: what JSON can carry, and dates, bytes, decimals, UUIDs and integers of any size besides.
 * Spec: message.md 4.
 */
import { Buffer } from 'node:buffer';
import { DecodeError } from '../errors.ts';
import type { Encoded, Serializer } from '../types/serializer.ts';
import { JsonReader, setOwn, tooDeep } from './json-reader.ts';
import { jsonForm } from './json-writer.ts';
import { MAX_READ_DEPTH } from './limits.ts';
import { isPlain } from './plain.ts';
import { fromMarker, isMarker, TYPE, VALUE } from './typed.ts';
import { utf8Text } from './utf8.ts';
import { ValueWriter } from './value-writer.ts';

const MARKER = `"${TYPE}"`;
// Sixteen digits may be an integer that a number can't hold.
const LONG_DIGITS = /\d{16}/;

/**
 * The value as text. What could not come back as it was is refused with an `EncodeError` that names its path below
 * `path`, such as `args[0].when`. A lone `undefined` is null; as a property it is left out.
 */
export function encodeJson(value: unknown, path = ''): Encoded {
  return (plainText(value) ?? new ValueWriter(jsonForm, path).write(value)) as Encoded;
}

/** The value of a text. Anything malformed is a `DecodeError`. */
export function decodeJson(text: string): unknown {
  try {
    return decode(text);
  } catch (error) {
    throw error instanceof DecodeError
      ? error
      : new DecodeError('The JSON text can not be read.', { cause: error });
  }
}

export const jsonSerializer: Serializer = {
  name: 'json',
  contentType: 'application/json',
  contentEncoding: 'utf-8',
  encode: (value) => Buffer.from(encodeJson(value), 'utf8'),
  decode: (bytes) => decodeJson(utf8Text(bytes, 'JSON')),
};

/** The text if the value is nothing but plain JSON: the usual case, at nearly the price of JSON.stringify(). */
function plainText(value: unknown): string | undefined {
  try {
    if (!isPlain(value)) return undefined;
    const text = JSON.stringify(value);
    return text.includes(MARKER) ? undefined : text;
  } catch {
    return undefined; // the writer runs into the same and says where
  }
}

function decode(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return new JsonReader(text).read(); // NaN and Infinity; or it says where the text is malformed
  }
  const longDigits = LONG_DIGITS.test(text);
  // Every level takes two characters, so a short text can't be too deep.
  if (longDigits || text.length > 2 * MAX_READ_DEPTH) {
    const large = hasLargeNumber(value, MAX_READ_DEPTH);
    if (large && longDigits) return new JsonReader(text).read();
  }
  return text.includes(TYPE) ? revive(value) : value;
}

/** Whether there is a number that may stand for another integer. Everything is looked at, for its depth. */
function hasLargeNumber(value: unknown, levels: number): boolean {
  if (typeof value === 'number') return value > Number.MAX_SAFE_INTEGER || value < Number.MIN_SAFE_INTEGER;
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) throw tooDeep();
  let large = false;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index += 1) {
      if (hasLargeNumber(value[index], levels - 1)) large = true;
    }
    return large;
  }
  for (const key in value) {
    if (hasLargeNumber((value as Record<string, unknown>)[key], levels - 1)) large = true;
  }
  return large;
}

/** Replaces the markers within, in place. */
function revive(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index += 1) value[index] = revive(value[index]);
    return value;
  }
  const members = value as Record<string, unknown>;
  for (const key of Object.keys(members)) {
    const item = members[key];
    const revived = revive(item);
    if (revived !== item) setOwn(members, key, revived);
  }
  return isMarker(members) ? fromMarker(members[TYPE], members[VALUE]) : members;
}

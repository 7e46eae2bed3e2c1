/**
 * Celery's typed JSON: `{"__type__": "date", "__value__": "2024-02-29"}`. The scheme has no escape: an object with
 * exactly these two keys is always a marker. Spec: message.md 4.1.
 */
import { Buffer, isUtf8 } from 'node:buffer';
import { DecodeError } from '../errors.ts';
import { formatIso, parseIso } from '../message/dates.ts';
import { customReader } from './custom-types.ts';
import { Decimal, PlainDate, PlainTime, Uuid } from '../values.ts';
import type { wireType } from '../values.ts';

export const TYPE = '__type__';
export const VALUE = '__value__';

export type PythonValue = Decimal | PlainDate | PlainTime | Uuid;
type WireType = PythonValue[typeof wireType];

const READERS: ReadonlyMap<unknown, (value: unknown) => unknown> = new Map<
  unknown,
  (value: unknown) => unknown
>([
  ['datetime', readMoment],
  ['bytes', (value) => Buffer.from(asText(value), 'utf8')],
  ['base64', readBase64],
  ['decimal', (value) => Decimal.from(typeof value === 'number' ? value : asText(value))],
  ['date', (value) => PlainDate.from(asText(value))],
  ['time', (value) => PlainTime.from(asText(value))],
  ['uuid', (value) => Uuid.from(asText((value as { hex?: unknown } | null)?.hex))],
]);

const WRITERS: Readonly<Record<WireType, (value: PythonValue) => string>> = {
  decimal: ({ text }) => JSON.stringify(text),
  date: ({ text }) => JSON.stringify(text),
  time: ({ text }) => JSON.stringify(text),
  uuid: ({ text }) => JSON.stringify({ hex: text.replaceAll('-', '') }),
};

/** The JavaScript value of a marker. */
export function fromMarker(type: unknown, value: unknown): unknown {
  const read = READERS.get(type) ?? customReader(type);
  const name = typeof type === 'string' ? JSON.stringify(type.slice(0, 80)) : 'that is no text';
  if (!read) throw new DecodeError(`A typed JSON value has the type ${name}, which nobody knows.`);
  try {
    return read(value);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new DecodeError(`A JSON value of the type ${name} is malformed: ${reason}`, { cause: error });
  }
}

/** The text of a marker for a Python value, or `undefined` when the kind is unknown. */
export function pythonMarker(kind: unknown, value: object): string | undefined {
  if (typeof kind !== 'string' || !Object.hasOwn(WRITERS, kind)) return undefined;
  return marker(kind, WRITERS[kind as WireType](value as PythonValue));
}

export function momentMarker(ms: number): string {
  return marker('datetime', JSON.stringify(formatIso(ms)));
}

/** Readable when it is text, base64 otherwise; both arrive as bytes. */
export function bytesMarker(bytes: Uint8Array): string {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return isUtf8(view)
    ? marker('bytes', JSON.stringify(view.toString('utf8')))
    : marker('base64', `"${view.toString('base64')}"`);
}

/** Whether these keys, and no others, make an object a marker. */
export function isMarker(value: object): boolean {
  return Object.hasOwn(value, TYPE) && Object.hasOwn(value, VALUE) && Object.keys(value).length === 2;
}

/** What is put around the text of a value to say of which type it is. */
export function marker(type: string, text: string): string {
  return `{"${TYPE}":${JSON.stringify(type)},"${VALUE}":${text}}`;
}

function asText(value: unknown): string {
  if (typeof value !== 'string') throw new DecodeError('its value is not a text.');
  return value;
}

function readMoment(value: unknown): Date {
  const text = asText(value);
  const ms = parseIso(text);
  if (ms === undefined) throw new DecodeError(`${JSON.stringify(text.slice(0, 80))} is not ISO 8601.`);
  return new Date(Math.floor(ms));
}

const BASE64 = /^[A-Za-z0-9+/]*={0,2}\s*$/;

function readBase64(value: unknown): Buffer {
  const text = asText(value);
  if (!BASE64.test(text)) throw new DecodeError('its value is not base64.');
  return Buffer.from(text, 'base64');
}

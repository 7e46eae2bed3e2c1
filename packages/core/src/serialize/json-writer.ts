import { MAX_DIGITS } from './limits.ts';
import { bytesMarker, marker, momentMarker, pythonMarker, TYPE, VALUE } from './typed.ts';
import type { Form } from './value-writer.ts';

const FIRST_TOO_LONG = 10n ** BigInt(MAX_DIGITS);

/** Whether Python reads an integer at all. */
export function isTooLong(value: bigint): boolean {
  return value >= FIRST_TOO_LONG || value <= -FIRST_TOO_LONG;
}

/** What JSON.stringify() can't write: Celery's typed JSON. */
export const jsonForm: Form<string> = {
  nothing: 'null',
  text: (value) => JSON.stringify(value),
  number: numberText,
  truth: String,
  integer(value, refuse) {
    if (isTooLong(value)) refuse(`Python reads integers of up to ${MAX_DIGITS} digits; send a text`);
    return String(value);
  },
  moment: momentMarker,
  bytes: bytesMarker,
  python: pythonMarker,
  typed: marker,
  list: (items) => `[${items.join(',')}]`,
  members(keys, items, refuse) {
    if (keys.length === 2 && keys.includes(TYPE) && keys.includes(VALUE))
      refuse(`an object of the keys ${TYPE} and ${VALUE} alone means a typed value; add another key`);
    return `{${keys.map((key, index) => `${JSON.stringify(key)}:${items[index] as string}`).join(',')}}`;
  },
};

/** Python tells floats from integers by their text, and so does our own reader beyond the safe integers. */
function numberText(value: number): string {
  if (Object.is(value, -0)) return '-0.0';
  const text = String(value);
  return Math.abs(value) > Number.MAX_SAFE_INTEGER && /^-?\d+$/.test(text) ? `${text}.0` : text;
}

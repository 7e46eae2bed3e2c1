import { Buffer } from 'node:buffer';
import { formatIso } from '../message/dates.ts';
import { isTooLong } from './json-writer.ts';
import { MAX_DIGITS } from './limits.ts';
import type { Form } from './value-writer.ts';

// What PyYAML takes for not printable or for the end of a line, though JSON lets it through.
const UNPRINTABLE = /[\u007F-\u009F\u2028\u2029\uFEFF\uFFFE\uFFFF]/g;
/** PyYAML refuses longer keys unless they are announced by a question mark. */
const SIMPLE_KEY = 1000;

/** YAML in flow style: JSON with tags for what JSON lacks, in words that PyYAML's safe loader understands. */
export const yamlForm: Form<string> = {
  nothing: 'null',
  text,
  number,
  truth: String,
  integer(value, refuse) {
    if (isTooLong(value)) refuse(`Python reads integers of up to ${MAX_DIGITS} digits; send a text`);
    return String(value);
  },
  moment: (ms) => `!!timestamp "${formatIso(ms)}"`,
  bytes: (value) =>
    `!!binary "${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64')}"`,
  python(kind, value, refuse) {
    if (kind === 'date') return `!!timestamp "${value.text}"`;
    if (kind === 'decimal' || kind === 'uuid' || kind === 'time')
      refuse(`YAML has no form for Python's ${kind}; send its text, or use the serializer json`);
    return undefined;
  },
  list: (items) => `[${items.join(', ')}]`,
  members: (keys, items) =>
    `{${keys.map((key, index) => `${keyText(key)}: ${items[index] as string}`).join(', ')}}`,
};

function text(value: string): string {
  return JSON.stringify(value).replace(UNPRINTABLE, escaped);
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

function keyText(key: string): string {
  const written = text(key);
  return written.length > SIMPLE_KEY ? `? ${written} ` : written;
}

/** PyYAML tells a float by its point, and an exponent by its sign. */
function number(value: number): string {
  if (Number.isNaN(value)) return '.nan';
  if (!Number.isFinite(value)) return value > 0 ? '.inf' : '-.inf';
  if (Object.is(value, -0)) return '-0.0';
  const [digits = '', exponent] = String(value).split('e');
  if (exponent !== undefined) return `${digits.includes('.') ? digits : `${digits}.0`}e${exponent}`;
  return Math.abs(value) > Number.MAX_SAFE_INTEGER ? `${digits}.0` : digits;
}

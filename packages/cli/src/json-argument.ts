import { decodeJson } from '@tq/core/internal';
import { UsageError } from './errors.ts';

/** Reads a JSON array of the command line. @throws UsageError that points at the mistake */
export function jsonArray(text: string, label: string): readonly unknown[] {
  const value = read(text, label);
  if (!Array.isArray(value))
    throw new UsageError(`${label} must be a JSON array such as [2, 2], not ${kindOf(value)}.`);
  return value;
}

/** Reads a JSON object of the command line. @throws UsageError that points at the mistake */
export function jsonObject(text: string, label: string): Readonly<Record<string, unknown>> {
  const value = read(text, label);
  if (kindOf(value) !== 'an object')
    throw new UsageError(`${label} must be a JSON object such as {"debug": true}, not ${kindOf(value)}.`);
  return value as Readonly<Record<string, unknown>>;
}

function read(text: string, label: string): unknown {
  try {
    return decodeJson(text);
  } catch (error) {
    throw mistake(text, label, error as Error);
  }
}

/** The reader's sentence names a position; shown is the text around it. */
function mistake(text: string, label: string, error: Error): UsageError {
  const at = /position (\d+)/.exec(error.message)?.[1];
  const place = at === undefined ? '' : `\n${pointed(text, Number(at))}`;
  const remedy = text.includes("'")
    ? 'In JSON, texts stand in double quotes: \'["a"]\'.'
    : label.startsWith('-a')
      ? "For example: -a '[2, 2]'"
      : `For example: -k '{"debug": true}'`;
  return new UsageError(`${label}: ${error.message}${place}`, { remedy, cause: error });
}

/** The text around a place, with a caret below it. */
function pointed(text: string, place: number): string {
  const from = Math.max(0, place - 50);
  const line = text.slice(from, place + 20).replace(/[\n\r\t]/g, ' ');
  return `  ${line}\n  ${' '.repeat(place - from)}^`;
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

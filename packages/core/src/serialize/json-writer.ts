import { types } from 'node:util';
import { EncodeError } from '../errors.ts';
import { isIsoTime } from '../message/dates.ts';
import { peek } from '../message/peek.ts';
import { wireType } from '../values.ts';
import { MAX_DEPTH, MAX_DIGITS } from './limits.ts';
import { hasPlainPrototype } from './plain.ts';
import { pathText, whyNot } from './refusal.ts';
import { bytesMarker, momentMarker, pythonMarker, TYPE, VALUE } from './typed.ts';

const FIRST_TOO_LONG = 10n ** BigInt(MAX_DIGITS);

/** Writes one value that JSON.stringify() can't, or refuses it by its path. */
export class JsonWriter {
  readonly #root: string;
  /** Keys and positions that lead to the present value. */
  readonly #trail: (string | number)[] = [];
  /** What the present value is part of. */
  readonly #open = new Set<object>();
  #refusal: EncodeError | undefined;

  constructor(root: string) {
    this.#root = root;
  }

  write(value: unknown): string {
    try {
      return this.#text(value) ?? 'null';
    } catch (error) {
      // A getter, a proxy or a toJSON() may throw anything, so nothing is asked of the error here.
      throw this.#refusal ?? this.#unreadable(error);
    }
  }

  /** `undefined` for what an object leaves out. */
  #text(value: unknown): string | undefined {
    switch (typeof value) {
      case 'string':
        return JSON.stringify(value);
      case 'number':
        return numberText(value);
      case 'boolean':
        return String(value);
      case 'bigint':
        return this.#integer(value);
      case 'undefined':
        return undefined;
      case 'object':
        return value === null ? 'null' : this.#object(value);
      case 'function':
        return this.#refuse('it is a function; send data, or the name of a task');
      case 'symbol':
        return this.#refuse('it is a symbol; send a text');
    }
  }

  #integer(value: bigint): string {
    if (value < FIRST_TOO_LONG && value > -FIRST_TOO_LONG) return String(value);
    return this.#refuse(`Python reads integers of up to ${MAX_DIGITS} digits; send a text`);
  }

  #object(value: object): string | undefined {
    const single = this.#single(value);
    if (single !== undefined) return single;
    if (this.#open.has(value)) this.#refuse('it is part of itself; send an id instead');
    this.#open.add(value);
    const text = typeof toJSONOf(value) === 'function' ? this.#replacement(value) : this.#container(value);
    this.#open.delete(value);
    return text;
  }

  /** An object that is one value: a moment, bytes, a Python value. */
  #single(value: object): string | undefined {
    if (types.isDate(value)) return this.#moment(value);
    if (types.isUint8Array(value)) return bytesMarker(value);
    return pythonMarker((value as { readonly [wireType]?: unknown })[wireType], value);
  }

  #moment(value: Date): string {
    const ms = Date.prototype.getTime.call(value);
    if (Number.isNaN(ms)) this.#refuse('it is an invalid Date');
    if (!isIsoTime(ms)) this.#refuse('Python has dates from the year 1 to 9999 only');
    return momentMarker(ms);
  }

  /** As in JSON.stringify(): toJSON() is asked once, not what it returns. */
  #replacement(value: object): string | undefined {
    const key = this.#trail.at(-1) ?? '';
    const result = (value as { toJSON(key: string): unknown }).toJSON(String(key));
    if (typeof result !== 'object' || result === null) return this.#text(result);
    if (result === value) return this.#container(value);
    if (this.#open.has(result)) this.#refuse('its toJSON() returns what it is part of');
    return this.#single(result) ?? this.#container(result);
  }

  #container(value: object): string {
    if (this.#trail.length >= MAX_DEPTH) this.#refuse(`it is nested more than ${MAX_DEPTH} levels deep`);
    if (Array.isArray(value)) return this.#list(value);
    if (types.isMap(value)) return this.#map(value);
    if (!hasPlainPrototype(value)) this.#refuse(whyNot(value));
    return this.#members(Object.keys(value), (key) => (value as Record<string, unknown>)[key]);
  }

  #list(values: readonly unknown[]): string {
    let text = '';
    for (let index = 0; index < values.length; index += 1) {
      this.#trail.push(index);
      const item = this.#text(values[index]) ?? this.#refuse('a list has no place for undefined; send null');
      text += index === 0 ? item : `,${item}`;
      this.#trail.pop();
    }
    return `[${text}]`;
  }

  #map(value: ReadonlyMap<unknown, unknown>): string {
    const keys = [...value.keys()];
    if (!keys.every((key) => typeof key === 'string')) this.#refuse(whyNot(value));
    return this.#members(keys as string[], (key) => value.get(key));
  }

  #members(keys: readonly string[], read: (key: string) => unknown): string {
    const written: string[] = [];
    let text = '';
    for (const key of keys) {
      this.#trail.push(key);
      const item = this.#text(read(key));
      this.#trail.pop();
      if (item === undefined) continue;
      text += `${written.length === 0 ? '' : ','}${JSON.stringify(key)}:${item}`;
      written.push(key);
    }
    if (written.length === 2 && written.includes(TYPE) && written.includes(VALUE)) {
      this.#refuse(`an object of the keys ${TYPE} and ${VALUE} alone means a typed value; add another key`);
    }
    return `{${text}}`;
  }

  #refuse(why: string): never {
    const path = pathText(this.#root, this.#trail);
    this.#refusal = new EncodeError(path, `${path || 'The value'} can't be sent: ${why}.`);
    throw this.#refusal;
  }

  #unreadable(cause: unknown): EncodeError {
    const path = pathText(this.#root, this.#trail);
    const message = peek(cause, 'message');
    const reason = typeof message === 'string' && message !== '' ? ` (${message.slice(0, 500)})` : '';
    return new EncodeError(path, `${path || 'The value'} can't be sent: reading it failed${reason}.`, {
      cause,
    });
  }
}

/** Python tells floats from integers by their text, and so does our own reader beyond the safe integers. */
function numberText(value: number): string {
  if (Object.is(value, -0)) return '-0.0';
  const text = String(value);
  return Math.abs(value) > Number.MAX_SAFE_INTEGER && /^-?\d+$/.test(text) ? `${text}.0` : text;
}

function toJSONOf(value: object): unknown {
  return (value as { readonly toJSON?: unknown }).toJSON;
}

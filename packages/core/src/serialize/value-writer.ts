import { types } from 'node:util';
import { EncodeError } from '../errors.ts';
import { isIsoTime } from '../message/dates.ts';
import { peek } from '../message/peek.ts';
import { wireType } from '../values.ts';
import { customTypeOf } from './custom-types.ts';
import type { CustomType } from './custom-types.ts';
import { MAX_DEPTH } from './limits.ts';
import { hasPlainPrototype } from './plain.ts';
import { pathText, whyNot } from './refusal.ts';
import type { PythonValue } from './typed.ts';

/** Refuses the present value; `why` ends the sentence "… can't be sent: …". */
export type Refuse = (why: string) => never;

/** How a format writes each kind of value. */
export interface Form<T> {
  readonly nothing: T;
  text(value: string): T;
  number(value: number): T;
  truth(value: boolean): T;
  integer(value: bigint, refuse: Refuse): T;
  moment(ms: number, refuse: Refuse): T;
  bytes(value: Uint8Array): T;
  /** `undefined` when the kind is unknown. */
  python(kind: unknown, value: PythonValue, refuse: Refuse): T | undefined;
  /** A value of a registered type; absent where there is no form for it. */
  typed?(marker: string, value: T): T;
  list(items: readonly T[]): T;
  members(keys: readonly string[], items: readonly T[], refuse: Refuse): T;
}

/** Writes one value in a form, or refuses it by its path. */
export class ValueWriter<T> {
  readonly #form: Form<T>;
  readonly #root: string;
  /** Keys and positions that lead to the present value. */
  readonly #trail: (string | number)[] = [];
  /** What the present value is part of. */
  readonly #open = new Set<object>();
  #refusal: EncodeError | undefined;

  constructor(form: Form<T>, root: string) {
    this.#form = form;
    this.#root = root;
  }

  write(value: unknown): T {
    try {
      return this.#value(value) ?? this.#form.nothing;
    } catch (error) {
      // A getter, a proxy or a toJSON() may throw anything, so nothing is asked of the error here.
      throw this.#refusal ?? this.#unreadable(error);
    }
  }

  /** `undefined` for what an object leaves out. */
  #value(value: unknown): T | undefined {
    switch (typeof value) {
      case 'string':
        return this.#form.text(value);
      case 'number':
        return this.#form.number(value);
      case 'boolean':
        return this.#form.truth(value);
      case 'bigint':
        return this.#form.integer(value, this.#refuse);
      case 'undefined':
        return undefined;
      case 'object':
        return value === null ? this.#form.nothing : this.#object(value);
      case 'function':
        return this.#refuse('it is a function; send data, or the name of a task');
      case 'symbol':
        return this.#refuse('it is a symbol; send a text');
    }
  }

  #object(value: object): T | undefined {
    const single = this.#single(value);
    if (single !== undefined) return single;
    if (this.#open.has(value)) this.#refuse('it is part of itself; send an id instead');
    this.#open.add(value);
    const text = typeof toJSONOf(value) === 'function' ? this.#replacement(value) : this.#container(value);
    this.#open.delete(value);
    return text;
  }

  /** An object that is one value: a moment, bytes, a Python value. */
  #single(value: object): T | undefined {
    if (types.isDate(value)) return this.#moment(value);
    if (types.isUint8Array(value)) return this.#form.bytes(value);
    const kind = (value as { readonly [wireType]?: unknown })[wireType];
    if (kind !== undefined) return this.#form.python(kind, value as PythonValue, this.#refuse);
    const custom = customTypeOf(value);
    return custom && this.#custom(value, custom);
  }

  #custom(value: object, { encode, marker }: CustomType): T {
    if (!this.#form.typed) return this.#refuse(`only JSON has a form for the type ${JSON.stringify(marker)}`);
    if (this.#open.has(value) || this.#open.size >= MAX_DEPTH) this.#refuse('it is part of itself');
    this.#open.add(value);
    const written = this.#value(encode(value)) ?? this.#form.nothing;
    this.#open.delete(value);
    return this.#form.typed(marker, written);
  }

  #moment(value: Date): T {
    const ms = Date.prototype.getTime.call(value);
    if (Number.isNaN(ms)) this.#refuse('it is an invalid Date');
    if (!isIsoTime(ms)) this.#refuse('Python has dates from the year 1 to 9999 only');
    return this.#form.moment(ms, this.#refuse);
  }

  /** As in JSON.stringify(): toJSON() is asked once, not what it returns. */
  #replacement(value: object): T | undefined {
    const key = this.#trail.at(-1) ?? '';
    const result = (value as { toJSON(key: string): unknown }).toJSON(String(key));
    if (typeof result !== 'object' || result === null) return this.#value(result);
    if (result === value) return this.#container(value);
    if (this.#open.has(result)) this.#refuse('its toJSON() returns what it is part of');
    return this.#single(result) ?? this.#container(result);
  }

  #container(value: object): T {
    if (this.#trail.length >= MAX_DEPTH) this.#refuse(`it is nested more than ${MAX_DEPTH} levels deep`);
    if (Array.isArray(value)) return this.#list(value);
    if (types.isMap(value)) return this.#map(value);
    if (!hasPlainPrototype(value)) this.#refuse(whyNot(value));
    return this.#members(Object.keys(value), (key) => (value as Record<string, unknown>)[key]);
  }

  #list(values: readonly unknown[]): T {
    const items: T[] = [];
    for (let index = 0; index < values.length; index += 1) {
      this.#trail.push(index);
      items.push(this.#value(values[index]) ?? this.#refuse('a list has no place for undefined; send null'));
      this.#trail.pop();
    }
    return this.#form.list(items);
  }

  #map(value: ReadonlyMap<unknown, unknown>): T {
    const keys = [...value.keys()];
    if (!keys.every((key) => typeof key === 'string')) this.#refuse(whyNot(value));
    return this.#members(keys as string[], (key) => value.get(key));
  }

  #members(keys: readonly string[], read: (key: string) => unknown): T {
    const written: string[] = [];
    const items: T[] = [];
    for (const key of keys) {
      this.#trail.push(key);
      const item = this.#value(read(key));
      this.#trail.pop();
      if (item === undefined) continue;
      written.push(key);
      items.push(item);
    }
    return this.#form.members(written, items, this.#refuse);
  }

  readonly #refuse: Refuse = (why) => {
    const path = pathText(this.#root, this.#trail);
    this.#refusal = new EncodeError(path, `${path || 'The value'} can't be sent: ${why}.`);
    throw this.#refusal;
  };

  #unreadable(cause: unknown): EncodeError {
    const path = pathText(this.#root, this.#trail);
    const message = peek(cause, 'message');
    const reason = typeof message === 'string' && message !== '' ? ` (${message.slice(0, 500)})` : '';
    return new EncodeError(path, `${path || 'The value'} can't be sent: reading it failed${reason}.`, {
      cause,
    });
  }
}

function toJSONOf(value: object): unknown {
  return (value as { readonly toJSON?: unknown }).toJSON;
}

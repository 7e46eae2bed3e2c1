/**
 * Values as Python prints them, shortened: `('hello', [1, {...}])`. For people, in logs and monitors; nobody reads
 * them back. Never throws, whatever it is given. Spec: message.md 3.
 */
import { Buffer, isUtf8 } from 'node:buffer';
import { types } from 'node:util';
import { hasPlainPrototype } from '../serialize/plain.ts';
import type { PythonValue } from '../serialize/typed.ts';
import type { WireError } from '../types/backend.ts';
import { wireType } from '../values.ts';
import { classNameOf, peek } from './peek.ts';
import { bigintRepr, momentRepr, numberRepr, pythonValueRepr } from './python-text.ts';

export interface ReprOptions {
  /** Where shortening begins, in characters; the text may be a dozen longer. @default 1024 */
  readonly maxLength?: number;
  /** From this level on a list or object is only its brackets. @default 3 */
  readonly maxDepth?: number;
}

export function repr(value: unknown, options?: ReprOptions): string {
  const printer = new Printer(options);
  printer.value(value, 0);
  return printer.text;
}

/** Positional arguments, as a tuple: `(2, 2)`. */
export function argsRepr(args: readonly unknown[], options?: ReprOptions): string {
  const printer = new Printer(options);
  printer.guarded(args, () => printer.items('(', args, args.length === 1 ? ',)' : ')', 0));
  return printer.text;
}

/** Named arguments: `{'debug': True}`. */
export function kwargsRepr(kwargs: Readonly<Record<string, unknown>>, options?: ReprOptions): string {
  return repr(kwargs, options);
}

/** `ValueError('boom', 42)` */
export function reprError({ excType, excMessage }: WireError, options?: ReprOptions): string {
  const printer = new Printer(options);
  const name = excType.slice(excType.lastIndexOf('.') + 1);
  printer.guarded(excMessage, () => printer.items(`${name}(`, excMessage, ')', 0));
  return printer.text;
}

const NO_OPTIONS: ReprOptions = {};

/** Prints until the budget is used up, then only closes what is open. */
class Printer {
  text = '';
  #full = false;
  readonly #maxLength: number;
  readonly #maxDepth: number;

  constructor({ maxLength = 1024, maxDepth = 3 }: ReprOptions = NO_OPTIONS) {
    this.#maxLength = maxLength;
    this.#maxDepth = maxDepth;
  }

  value(value: unknown, level: number): void {
    switch (typeof value) {
      case 'string':
        return this.#quoted(value);
      case 'number':
        return this.#scalar(numberRepr(value));
      case 'boolean':
        return this.#scalar(value ? 'True' : 'False');
      case 'undefined':
        return this.#scalar('None');
      case 'bigint':
        return this.#scalar(bigintRepr(value));
      case 'symbol':
        return this.#scalar(`<${String(value)}>`);
      case 'function':
        return this.#scalar(`<function ${nameOf(value)}>`);
      case 'object':
        return value === null ? this.#scalar('None') : this.guarded(value, () => this.#object(value, level));
    }
  }

  /** Replaces what was printed of an object that turns out to be unreadable. */
  guarded(value: object, print: () => void): void {
    const before = this.text;
    try {
      print();
    } catch {
      this.text = `${before}<unprintable ${classNameOf(value) || 'object'}>`;
    }
  }

  items(open: string, values: readonly unknown[], close: string, level: number): void {
    this.text += open;
    for (let index = 0; index < values.length && this.#next(index === 0 ? '' : ', '); index += 1) {
      this.value(values[index], level + 1);
    }
    this.#close(close);
  }

  #object(value: object, level: number, replaced = false): void {
    if (types.isDate(value)) return this.#scalar(momentRepr(Date.prototype.getTime.call(value)));
    if (types.isUint8Array(value)) return this.#bytes(value);
    if (typeof (value as { [wireType]?: unknown })[wireType] === 'string') {
      return this.#scalar(pythonValueRepr(value as PythonValue));
    }
    const toJSON = replaced ? undefined : (value as { readonly toJSON?: unknown }).toJSON;
    if (typeof toJSON === 'function') return this.#replacement(toJSON.call(value, ''), level);
    return this.#container(value, level);
  }

  /** What the object becomes in a message; toJSON() is asked once. */
  #replacement(value: unknown, level: number): void {
    if (typeof value === 'object' && value !== null) this.#object(value, level, true);
    else this.value(value, level);
  }

  #container(value: object, level: number): void {
    const deep = level >= this.#maxDepth;
    if (Array.isArray(value)) return deep ? this.#scalar('[...]') : this.items('[', value, ']', level);
    if (types.isMap(value)) return deep ? this.#scalar('{...}') : this.#members([...value], level);
    if (types.isSet(value)) return this.#set(value, level);
    if (hasPlainPrototype(value))
      return deep ? this.#scalar('{...}') : this.#members(entriesOf(value), level);
    const message = types.isNativeError(value) ? peek(value, 'message') : undefined;
    if (typeof message === 'string') return this.items(`${nameOf(value)}(`, [message], ')', level);
    return this.#scalar(`<${classNameOf(value) || 'object'} object>`);
  }

  #set(value: ReadonlySet<unknown>, level: number): void {
    if (value.size === 0) return this.#scalar('set()');
    return level >= this.#maxDepth ? this.#scalar('{...}') : this.items('{', [...value], '}', level);
  }

  #members(entries: readonly (readonly [unknown, unknown])[], level: number): void {
    this.text += '{';
    for (const [index, [key, value]] of entries.entries()) {
      if (!this.#next(index === 0 ? '' : ', ')) break;
      this.value(key, level + 1);
      if (!this.#next(': ')) break;
      this.value(value, level + 1);
    }
    this.#close('}');
  }

  /** The separator, and true, if there is room for something after it. */
  #next(separator: string): boolean {
    if (this.text.length + separator.length < this.#maxLength && !this.#full) {
      this.text += separator;
      return true;
    }
    this.#stop();
    return false;
  }

  #close(bracket: string): void {
    if (this.text.length >= this.#maxLength) this.#stop();
    this.text += this.#full && bracket === ',)' ? ')' : bracket;
  }

  #stop(): void {
    if (!this.#full) this.text += ', ...';
    this.#full = true;
  }

  #quoted(value: string): void {
    const room = this.#room();
    const text = value.length > room ? value.slice(0, room + 1) : value;
    this.text += `'${shortened(text.includes("'") ? text.replaceAll("'", "\\'") : text, room)}'`;
  }

  /** As text if it is text, otherwise in hexadecimal digits. */
  #bytes(bytes: Uint8Array): void {
    const room = this.#room();
    const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const start = view.subarray(0, 4 * room + 4);
    this.text += `b'${shortened(start.toString(isUtf8(view) ? 'utf8' : 'hex'), room)}'`;
  }

  #scalar(text: string): void {
    this.text += shortened(text, this.#room());
  }

  #room(): number {
    return Math.max(0, this.#maxLength - this.text.length);
  }
}

/** Cut to the room there is, and then at the last space; never within a surrogate pair. */
function shortened(text: string, room: number): string {
  if (text.length < room) return text;
  const start = text.slice(0, room).replace(/[\uD800-\uDBFF]$/, '');
  const space = start.lastIndexOf(' ');
  return `${space === -1 ? start : start.slice(0, space)}...`;
}

function entriesOf(value: object): readonly (readonly [string, unknown])[] {
  return Object.entries(value).filter(([, item]) => item !== undefined);
}

/** Of a function, or of an error. */
function nameOf(value: object): string {
  const name = peek(value, 'name');
  return typeof name === 'string' && name !== '' ? name : '(anonymous)';
}

import { DecodeError } from '../errors.ts';
import { MAX_DIGITS, MAX_READ_DEPTH } from './limits.ts';
import { fromMarker, isMarker, TYPE, VALUE } from './typed.ts';

const SPACE = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y;
const WORD = /true|false|null|NaN|-?Infinity/y;

const WORDS: Readonly<Record<string, unknown>> = {
  true: true,
  false: false,
  null: null,
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  '-Infinity': Number.NEGATIVE_INFINITY,
};

/**
 * Reads Python's JSON, which has NaN, Infinity and integers of any size, where JSON.parse() can't; and tells where a
 * text is malformed. For one text.
 */
export class JsonReader {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  read(): unknown {
    const value = this.#value();
    this.#skipSpace();
    if (this.#at < this.#text.length) this.#fail('the end of the text');
    return value;
  }

  #value(): unknown {
    this.#skipSpace();
    switch (this.#text.charAt(this.#at)) {
      case '{':
        return this.#object();
      case '[':
        return this.#list();
      case '"':
        return this.#string();
      default:
        return this.#wordOrNumber();
    }
  }

  #object(): unknown {
    const value: Record<string, unknown> = {};
    this.#enter();
    if (!this.#take('}')) {
      do {
        this.#skipSpace();
        if (this.#text[this.#at] !== '"') this.#fail('a key in double quotes');
        const key = this.#string();
        if (!this.#take(':')) this.#fail('":"');
        setOwn(value, key, this.#value());
      } while (this.#take(','));
      if (!this.#take('}')) this.#fail('"," or "}"');
    }
    this.#depth -= 1;
    return isMarker(value) ? fromMarker(value[TYPE], value[VALUE]) : value;
  }

  #list(): unknown[] {
    const values: unknown[] = [];
    this.#enter();
    if (!this.#take(']')) {
      do values.push(this.#value());
      while (this.#take(','));
      if (!this.#take(']')) this.#fail('"," or "]"');
    }
    this.#depth -= 1;
    return values;
  }

  #string(): string {
    const start = this.#at;
    let end = this.#text.indexOf('"', start + 1);
    while (end !== -1 && isEscaped(this.#text, end)) end = this.#text.indexOf('"', end + 1);
    if (end === -1) this.#fail('a text that ends');
    this.#at = end + 1;
    try {
      return JSON.parse(this.#text.slice(start, this.#at)) as string;
    } catch (error) {
      throw new DecodeError(
        `Malformed JSON: the text at position ${start} has a bad escape or a control character.`,
        {
          cause: error,
        },
      );
    }
  }

  #wordOrNumber(): unknown {
    const word = this.#match(WORD);
    if (word) return WORDS[word[0]];
    const number = this.#match(NUMBER);
    if (!number) return this.#fail('a value');
    const [text, fraction, exponent] = number;
    return fraction === undefined && exponent === undefined ? integer(text) : Number(text);
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match) this.#at = pattern.lastIndex;
    return match;
  }

  #take(mark: string): boolean {
    this.#skipSpace();
    if (this.#text[this.#at] !== mark) return false;
    this.#at += 1;
    return true;
  }

  #skipSpace(): void {
    SPACE.lastIndex = this.#at;
    SPACE.test(this.#text);
    this.#at = SPACE.lastIndex;
  }

  #enter(): void {
    this.#at += 1;
    this.#depth += 1;
    if (this.#depth > MAX_READ_DEPTH) throw tooDeep();
  }

  #fail(expected: string): never {
    const found = this.#at < this.#text.length ? JSON.stringify(this.#text[this.#at]) : 'the end';
    throw new DecodeError(`Malformed JSON at position ${this.#at}: expected ${expected}, found ${found}.`);
  }
}

export function tooDeep(): DecodeError {
  return new DecodeError(`The JSON text is nested more than ${MAX_READ_DEPTH} levels deep.`);
}

/** As an own property, whatever its name: assigning to `__proto__` would change the prototype. */
export function setOwn(target: object, key: string, value: unknown): void {
  if (key === '__proto__') {
    Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true });
  } else {
    (target as Record<string, unknown>)[key] = value;
  }
}

/** Whether an odd number of backslashes stands before the position. */
function isEscaped(text: string, at: number): boolean {
  let first = at;
  while (text.charCodeAt(first - 1) === 0x5c) first -= 1;
  return (at - first) % 2 === 1;
}

function integer(text: string): number | bigint {
  if (text.length - (text.startsWith('-') ? 1 : 0) > MAX_DIGITS) {
    throw new DecodeError(`An integer of the JSON text has more than ${MAX_DIGITS} digits.`);
  }
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : BigInt(text);
}

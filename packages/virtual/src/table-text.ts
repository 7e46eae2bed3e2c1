import { encodeJson } from '@tq/core/internal';

/** Longer texts are hardly the same twice, and would be kept for nothing. */
const LONGEST = 256;
/** Celery's mark of typed values: a table that has such a key is written with more care. */
const TYPE = '__type__';

/** A field as it was written last. */
interface Field {
  readonly key: string;
  /** With the comma in front and the colon behind. */
  readonly name: string;
  value: unknown;
  text: string;
  /** It has had several values: not part of the text around it. */
  varies: boolean;
  /** What stands between the varying field before and this one's text, if this one varies. */
  before: string;
}

/**
 * Writes tables that differ in little from one to the next, such as the headers of tasks, as JSON. It learns a template:
 * the fields that have been the same in all tables so far are one text, and only the others are filled in.
 */
export class TableText {
  readonly #path: string;
  #fields: Field[] = [];
  /** Behind the last field that varies. */
  #end = '';

  /** `path` names the table in errors. */
  constructor(path: string) {
    this.#path = path;
  }

  /** Its members without the brackets. What can't travel is an `EncodeError`. */
  members(table: Readonly<Record<string, unknown>>): string {
    if (this.#fits(table) || this.#learns(table)) return this.#filledIn();
    this.#fields = [];
    this.#end = '';
    return encodeJson(table, this.#path).slice(1, -1);
  }

  /** Whether the template is one for this table; then the values that vary are up to date. */
  #fits(table: Readonly<Record<string, unknown>>): boolean {
    const prototype: unknown = Object.getPrototypeOf(table);
    if (prototype !== Object.prototype && prototype !== null) return false;
    const fields = this.#fields;
    let place = 0;
    for (const key in table) {
      const value = table[key];
      if (value === undefined) continue;
      const field = fields[place++];
      if (field?.key !== key) return false;
      if (field.value !== value && !(field.varies && update(field, value))) return false;
    }
    return place === fields.length;
  }

  /** Makes the template one for this table, if it is one that templates are for. */
  #learns(table: Readonly<Record<string, unknown>>): boolean {
    const keys = Object.keys(table).filter((key) => table[key] !== undefined);
    if (keys.includes(TYPE)) return false;
    const known = this.#fields;
    this.#fields = [];
    let text = '';
    for (const [place, key] of keys.entries()) {
      const value = table[key];
      const field = known[place]?.key === key ? known[place] : newField(key, place);
      if (field.value !== value) {
        field.varies ||= field.value !== UNKNOWN || !isLasting(value);
        if (!update(field, value)) return false;
      }
      text += field.name;
      if (field.varies) {
        field.before = text;
        text = '';
      } else {
        text += field.text;
      }
      this.#fields.push(field);
    }
    this.#end = text;
    return true;
  }

  #filledIn(): string {
    let text = '';
    for (const field of this.#fields) if (field.varies) text += field.before + field.text;
    return text + this.#end;
  }
}

/** Equal to nothing that a table holds. */
const UNKNOWN = Symbol('unknown');

function newField(key: string, place: number): Field {
  const name = `${place === 0 ? '' : ','}${JSON.stringify(key)}:`;
  return { key, name, value: UNKNOWN, text: '', varies: false, before: '' };
}

/** False where the value can't be written without knowing its path. */
function update(field: Field, value: unknown): boolean {
  try {
    field.text = typeof value === 'string' ? textOf(value) : encodeJson(value);
    field.value = isLasting(value) ? value : UNKNOWN;
    return true;
  } catch {
    return false; // written again, with its path, it says what is wrong
  }
}

const last = { value: '', text: '""' };

/** The id of a task stands in several places. */
function textOf(value: string): string {
  if (value === last.value) return last.text;
  const text = JSON.stringify(value);
  if (value.length > LONGEST) return text;
  last.value = value;
  return (last.text = text);
}

/** Whether it will be written alike as long as it is the same; an object may hold something else the next time. */
function isLasting(value: unknown): boolean {
  if (typeof value === 'string') return value.length <= LONGEST;
  if (typeof value !== 'object' || value === null) return true;
  return Object.isFrozen(value) && Object.values(value).every((each) => each === null);
}

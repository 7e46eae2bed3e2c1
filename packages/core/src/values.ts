/**
 * Values that Python has and JavaScript lacks. Each holds its text, so it comes back exactly as it was sent:
 *
 *     await pay.delay(Decimal.from('10.50'), PlainDate.from('2024-02-29'));
 */
import { EncodeError } from './errors.ts';
import { isIsoDate, normalizeTime } from './message/dates.ts';

/** How the JSON serializer knows these values, also when they come from another copy of this module. */
export const wireType: unique symbol = Symbol.for('tq.wireType');

abstract class WireValue {
  readonly text: string;

  protected constructor(text: string) {
    this.text = text;
    Object.freeze(this);
  }

  toString(): string {
    return this.text;
  }

  toJSON(): string {
    return this.text;
  }
}

const DECIMAL = /^[+-]?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?|inf(?:inity)?|s?nan\d*)$/i;

/** Python's `decimal.Decimal`: every digit is kept. */
export class Decimal extends WireValue {
  static from(value: string | number | bigint): Decimal {
    const text = String(value);
    if (!DECIMAL.test(text)) throw refused(text, 'a decimal number such as 10.50');
    return new Decimal(text);
  }

  get [wireType](): 'decimal' {
    return 'decimal';
  }
}

const UUID = /^([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})$/;

/** Python's `uuid.UUID`; its text is lower-case with hyphens. */
export class Uuid extends WireValue {
  static from(text: string): Uuid {
    const parts = UUID.exec(text.toLowerCase());
    if (!parts) throw refused(text, 'a UUID of 32 hexadecimal digits');
    return new Uuid(parts.slice(1).join('-'));
  }

  /** The 32 digits alone. */
  get hex(): string {
    return this.text.replaceAll('-', '');
  }

  get [wireType](): 'uuid' {
    return 'uuid';
  }
}

/** Python's `datetime.date`: a day without time or zone, `2024-02-29`. */
export class PlainDate extends WireValue {
  static from(text: string): PlainDate {
    if (!isIsoDate(text)) throw refused(text, 'a day such as 2024-02-29');
    return new PlainDate(text);
  }

  get [wireType](): 'date' {
    return 'date';
  }
}

/** Python's `datetime.time`: a time of day, `12:30:15.500000`, with an offset if it has one. */
export class PlainTime extends WireValue {
  static from(text: string): PlainTime {
    const time = normalizeTime(text);
    if (time === undefined) throw refused(text, 'a time of day such as 12:30:15');
    return new PlainTime(time);
  }

  get [wireType](): 'time' {
    return 'time';
  }
}

function refused(text: string, wanted: string): EncodeError {
  return new EncodeError('', `${JSON.stringify(text.slice(0, 80))} is not ${wanted}.`);
}

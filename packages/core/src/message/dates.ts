import { EncodeError } from '../errors.ts';

// 0001-01-01 and the end of 9999: what a Python datetime can hold.
const FIRST_MS = -62_135_596_800_000;
const LAST_MS = 253_402_300_799_999;

const DATE = String.raw`(?<year>\d{4})-(?<month>\d\d)-(?<day>\d\d)`;
const TIME = String.raw`(?<hour>\d\d):(?<minute>\d\d)(?::(?<second>\d\d)(?:[.,](?<fraction>\d+))?)?`;
const ZONE = String.raw`(?:[Zz]|(?<sign>[+-])(?<zoneHour>\d\d)(?::?(?<zoneMinute>\d\d)(?::?(?<zoneSecond>\d\d))?)?)?`;

const EXTENDED = new RegExp(`^${DATE}(?:[Tt ]${TIME}${ZONE})?$`);
const BASIC = new RegExp(`^${DATE.replaceAll('-', '')}(?:[Tt]${TIME.replaceAll(/(?<!\?):/g, '')}${ZONE})?$`);
const DATE_ONLY = new RegExp(`^${DATE}$`);
const TIME_ONLY = new RegExp(`^${TIME}${ZONE}$`);

type Fields = Readonly<Record<string, string | undefined>>;

/** Whether the moment exists in Python too: the years 1 to 9999. */
export function isIsoTime(ms: number): boolean {
  return ms >= FIRST_MS && ms <= LAST_MS;
}

/**
 * `2026-11-22T15:56:43.859838+00:00`. The fraction has six digits or is absent: Celery 5.2 misreads any other.
 * Spec: message.md 5.
 */
export function formatIso(ms: number): string {
  if (!isIsoTime(ms)) throw new EncodeError('', `${ms} is not a moment between the years 1 and 9999.`);
  const second = Math.floor(ms / 1000) * 1000;
  const micros = Math.min(Math.round((ms - second) * 1000), 999_999);
  const text = new Date(second).toISOString().slice(0, 19);
  return micros === 0 ? `${text}+00:00` : `${text}.${String(micros).padStart(6, '0')}+00:00`;
}

/**
 * Unix milliseconds, exact to the microsecond, of an ISO 8601 text; `undefined` for anything else. A text without an
 * offset is UTC, a date alone is its midnight.
 */
export function parseIso(text: string): number | undefined {
  const fields = (EXTENDED.exec(text) ?? BASIC.exec(text))?.groups;
  if (!fields || !isDate(fields) || !isTime(fields)) return undefined;
  const ms = midnight(fields) + timeOfDay(fields) - offset(fields);
  return isIsoTime(ms) ? ms : undefined;
}

/** Whether the text is `YYYY-MM-DD` and that day exists. */
export function isIsoDate(text: string): boolean {
  const fields = DATE_ONLY.exec(text)?.groups;
  return fields !== undefined && isDate(fields);
}

/** A time of day as Python writes it, `HH:MM:SS[.ffffff][+HH:MM]`, or `undefined`. */
export function normalizeTime(text: string): string | undefined {
  const fields = TIME_ONLY.exec(text)?.groups;
  if (!fields || !isTime(fields)) return undefined;
  const {
    hour,
    minute,
    second = '00',
    fraction = '',
    sign,
    zoneHour,
    zoneMinute = '00',
    zoneSecond,
  } = fields;
  if (fraction.length > 6) return undefined;
  const point = Number(fraction) === 0 ? '' : `.${fraction.padEnd(6, '0')}`;
  const named = sign ? `${sign}${zoneHour}:${zoneMinute}${zoneSecond ? `:${zoneSecond}` : ''}` : '';
  const zone = /z$/i.test(text) ? '+00:00' : named;
  return `${hour}:${minute}:${second}${point}${zone}`;
}

function isDate({ year, month, day }: Fields): boolean {
  if (Number(year) < 1 || Number(month) < 1 || Number(month) > 12 || Number(day) < 1) return false;
  return Number(day) <= new Date(Date.UTC(2000 + (Number(year) % 400), Number(month), 0)).getUTCDate();
}

function isTime({ hour, minute, second, zoneHour, zoneMinute, zoneSecond }: Fields): boolean {
  const within = (text: string | undefined, limit: number): boolean => Number(text ?? 0) <= limit;
  return (
    within(hour, 23) &&
    within(zoneHour, 23) &&
    [minute, second, zoneMinute, zoneSecond].every((text) => within(text, 59))
  );
}

function midnight({ year, month, day }: Fields): number {
  // Date.UTC() takes the years 0 to 99 for 1900 to 1999.
  return new Date(0).setUTCFullYear(Number(year), Number(month) - 1, Number(day));
}

function timeOfDay({ hour, minute, second, fraction }: Fields): number {
  const micros = fraction ? Number(fraction.slice(0, 6).padEnd(6, '0')) : 0;
  return clockMs(hour, minute, second) + micros / 1000;
}

function offset({ sign, zoneHour, zoneMinute, zoneSecond }: Fields): number {
  return (sign === '-' ? -1 : 1) * clockMs(zoneHour, zoneMinute, zoneSecond);
}

function clockMs(hour: string | undefined, minute: string | undefined, second: string | undefined): number {
  return (Number(hour ?? 0) * 3600 + Number(minute ?? 0) * 60 + Number(second ?? 0)) * 1000;
}

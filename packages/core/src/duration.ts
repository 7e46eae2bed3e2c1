import { isIsoTime, parseIso } from './message/dates.ts';
import { ImproperlyConfigured } from './errors.ts';

/** Seconds, or a number with its unit: `'250ms'`, `'10s'`, `'5m'`, `'1h'`, `'2d'`. */
export type Duration = number | string;

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds of a duration. `what` names the setting or option in the error. */
export function durationMs(value: Duration, what: string): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value * 1000;
  if (typeof value === 'string') {
    const match = /^\s*(-?\d+(?:\.\d+)?)\s*(ms|s|m|h|d)?\s*$/.exec(value);
    if (match) return Number(match[1]) * (UNIT_MS[match[2] ?? 's'] as number);
  }
  throw new ImproperlyConfigured(
    `${what} must be seconds or a text such as '250ms', '10s', '5m', '1h' or '2d', not ${describe(value)}.`,
  );
}

/** Seconds of a duration. */
export function durationSeconds(value: Duration, what: string): number {
  return durationMs(value, what) / 1000;
}

/** A moment: a Date, an ISO 8601 text, or a duration from now. */
export type Instant = Date | Duration;

/** Whether a moment was given as a duration from now. */
export function isDuration(value: unknown): value is Duration {
  return typeof value === 'number' || (typeof value === 'string' && parseIso(value) === undefined);
}

/** Unix milliseconds of a moment. */
export function instantMs(value: Instant, nowMs: number, what: string): number {
  if (value instanceof Date) return onTheWire(value.getTime(), what);
  const iso = typeof value === 'string' ? parseIso(value) : undefined;
  return iso ?? onTheWire(nowMs + durationMs(value, what), what);
}

/** Unix milliseconds of a Date or an ISO 8601 text. */
export function dateMs(value: Date | string, what: string): number {
  if (value instanceof Date) return onTheWire(value.getTime(), what);
  const ms = typeof value === 'string' ? parseIso(value) : undefined;
  if (ms !== undefined) return ms;
  throw new ImproperlyConfigured(
    `${what} must be a Date or an ISO 8601 text such as '2026-11-22T15:56:43Z', not ${describe(value)}.`,
  );
}

function onTheWire(ms: number, what: string): number {
  if (Number.isNaN(ms)) throw new ImproperlyConfigured(`${what} is an invalid Date.`);
  if (isIsoTime(ms)) return ms;
  throw new ImproperlyConfigured(`${what} is out of range: messages hold dates of the years 1 to 9999.`);
}

function describe(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}

import { isIsoTime } from './dates.ts';
import type { PythonValue } from '../serialize/typed.ts';
import { wireType } from '../values.ts';

// More digits than any shortened text shows.
const HUGE = 10n ** 1100n;

export function numberRepr(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  if (Object.is(value, -0)) return '-0.0';
  const size = Math.abs(value);
  if (size === 0 || (size >= 1e-4 && size < 1e16)) return String(value);
  return value.toExponential().replace(/(?<=e[+-])(?=\d$)/, '0');
}

export function bigintRepr(value: bigint): string {
  return value < HUGE && value > -HUGE ? String(value) : '<huge integer>';
}

/** `datetime.datetime(2024, 2, 29, 12, 30, tzinfo=datetime.timezone.utc)` */
export function momentRepr(ms: number): string {
  if (!isIsoTime(ms)) return '<invalid Date>';
  const at = new Date(ms);
  const day = [at.getUTCFullYear(), at.getUTCMonth() + 1, at.getUTCDate()];
  const time = clockFields(
    at.getUTCHours(),
    at.getUTCMinutes(),
    at.getUTCSeconds(),
    at.getUTCMilliseconds() * 1000,
  );
  return `datetime.datetime(${[...day, ...time].join(', ')}, tzinfo=datetime.timezone.utc)`;
}

/** `Decimal('10.50')`, `UUID('…')`, `datetime.date(2024, 2, 29)`, `datetime.time(12, 30)` */
export function pythonValueRepr(value: PythonValue): string {
  const { text } = value;
  switch (value[wireType]) {
    case 'decimal':
      return `Decimal('${text}')`;
    case 'uuid':
      return `UUID('${text}')`;
    case 'date':
      return `datetime.date(${text.split('-').map(Number).join(', ')})`;
    case 'time':
      return timeRepr(text);
  }
}

function timeRepr(text: string): string {
  const [, hour, minute, second, fraction = '', zone] =
    /^(\d\d):(\d\d):(\d\d)(?:\.(\d+))?(.*)$/.exec(text) ?? [];
  if (zone !== '') return `datetime.time.fromisoformat('${text}')`;
  return `datetime.time(${clockFields(Number(hour), Number(minute), Number(second), Number(fraction)).join(', ')})`;
}

/** Python leaves out zero microseconds, then zero seconds. */
function clockFields(hour: number, minute: number, second: number, micros: number): readonly number[] {
  if (micros !== 0) return [hour, minute, second, micros];
  return second === 0 ? [hour, minute] : [hour, minute, second];
}

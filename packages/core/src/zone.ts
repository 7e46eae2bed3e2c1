import type { Config } from './config.ts';

/** The zone in which times are shown and schedules count: the setting `timezone`; the wire is UTC whatever it says. */
export function zoneOf({ timezone, enableUtc }: Pick<Config, 'timezone' | 'enableUtc'>): string {
  return enableUtc || timezone !== 'UTC' ? timezone : Intl.DateTimeFormat().resolvedOptions().timeZone;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** How far a zone's clocks are ahead of UTC at a moment. Milliseconds. */
export function offsetMs(ms: number, zone: string): number {
  const { year, month, day, hour, minute, second } = Object.fromEntries(
    formatOf(zone)
      .formatToParts(ms)
      .map(({ type, value }) => [type, Number(value)]),
  ) as Record<'year' | 'month' | 'day' | 'hour' | 'minute' | 'second', number>;
  const local = Date.UTC(year, month - 1, day, hour, minute, second);
  return local - Math.floor(ms / 1000) * 1000;
}

/** `2026-03-29 02:30:00.500+01:00`: the moment as the clocks of a zone show it. */
export function formatInZone(ms: number, zone: string): string {
  const offset = offsetMs(ms, zone);
  const local = new Date(ms + offset).toISOString().replace('T', ' ').slice(0, -1);
  const minutes = Math.round(Math.abs(offset) / 60_000);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${local}${offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

/** Making one takes a hundred times as long as using it. */
function formatOf(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      calendar: 'gregory',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    formats.set(zone, format);
  }
  return format;
}

/** What group stores have in common. */
import { durationMs } from './duration.ts';
import { camelCase } from './spelling.ts';
import type { ChordPart, ChordProgress } from './types/backend.ts';

/** How long a chord that is over is remembered, for members that are delivered late. */
export const CHORD_MEMORY_MS = 300_000;

export const WAITING: ChordProgress = { kind: 'waiting' };

/**
 * How long a worker has to send the body of a chord before another may: the option `chord_lease`, in the URL or among
 * `resultBackendTransportOptions`. Milliseconds. @default 30 s
 */
export function chordLeaseMs(url: URL, options: Readonly<Record<string, unknown>>): number {
  const name = 'chord_lease';
  const camel = camelCase(name);
  const given = url.searchParams.get(name) ?? url.searchParams.get(camel) ?? options[name] ?? options[camel];
  return durationMs((given ?? '30s') as string, name);
}

/** By position; those without one come last, in the order of their arrival. */
export function inHeaderOrder(parts: readonly ChordPart[]): readonly ChordPart[] {
  const place = ({ index }: ChordPart): number => index ?? Number.MAX_SAFE_INTEGER;
  return parts.toSorted((a, b) => place(a) - place(b));
}

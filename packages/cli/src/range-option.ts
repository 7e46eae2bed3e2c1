import { UsageError } from './errors.ts';

/** `10,3`, in either order; one number alone is the most. */
export function readRange(text: string): { readonly max: number; readonly min: number } {
  const match = /^\s*(\d+)\s*(?:,\s*(\d+)\s*)?$/.exec(text);
  const [a, b] = [Number(match?.[1]), Number(match?.[2] ?? 1)];
  if (!match || Math.max(a, b) < 1)
    throw new UsageError(`must be the most and the fewest slots, such as 10,3, not ${JSON.stringify(text)}`);
  return { max: Math.max(a, b), min: Math.max(1, Math.min(a, b)) };
}

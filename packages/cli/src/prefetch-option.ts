import { UsageError } from './errors.ts';

/** `auto`, or messages for each slot; 0 = no limit. */
export function readPrefetch(text: string): number | 'auto' {
  if (text.toLowerCase() === 'auto') return 'auto';
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 0 || text.trim() === '')
    throw new UsageError(`must be auto or a whole number, not ${JSON.stringify(text)}`);
  return number;
}

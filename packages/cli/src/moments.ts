import { UsageError } from './errors.ts';

const SECONDS = /^\d+(\.\d+)?(ms|s|m|h|d)?$/;
const ISO = /^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?$/i;

/** A moment in ISO 8601. */
export function moment(text: string): Date {
  const date = ISO.test(text) ? new Date(text.replace(' ', 'T')) : undefined;
  if (date === undefined || Number.isNaN(date.getTime()))
    throw new UsageError(`must be a time such as 2030-01-31T12:00:00Z, not ${JSON.stringify(text)}`);
  return date;
}

/** A moment in ISO 8601, or seconds from now. */
export function momentOrSeconds(text: string): Date | number | string {
  if (SECONDS.test(text)) return Number.isNaN(Number(text)) ? text : Number(text);
  try {
    return moment(text);
  } catch (error) {
    throw new UsageError(
      `must be seconds from now, or a time such as 2030-01-31T12:00:00Z, not ${JSON.stringify(text)}`,
      { cause: error },
    );
  }
}

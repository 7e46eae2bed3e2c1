import type { Option } from './command.ts';
import { UsageError } from './errors.ts';

type Extras = Partial<Pick<Option, 'short' | 'also' | 'otherwise' | 'env' | 'group' | 'hidden' | 'choices'>>;
type Flag = Option<true> & { readonly kind: 'flag' };
type Value<T> = Option<T> & { readonly kind: 'value' };
type List = Option<string> & { readonly kind: 'list' };

export function flag(help: string, extras: Extras = {}): Flag {
  return { kind: 'flag', placeholder: '', help, read: () => true, ...extras };
}

/** An option with a value of any kind. */
export function value<T>(
  placeholder: string,
  help: string,
  read: (text: string) => T,
  extras: Extras = {},
): Value<T> {
  return { kind: 'value', placeholder, help, read, ...extras };
}

export function text(placeholder: string, help: string, extras: Extras = {}): Value<string> {
  return value(placeholder, help, (given) => given, extras);
}

/** A comma-separated list; may be given several times. */
export function list(placeholder: string, help: string, extras: Extras = {}): List {
  return { kind: 'list', placeholder, help, read: (given) => given, ...extras };
}

/** One word of several, in any case. */
export function choice<const T extends string>(
  placeholder: string,
  choices: readonly T[],
  help: string,
  extras: Extras = {},
): Value<T> {
  const read = (given: string): T => {
    const found = choices.find((one) => one.toLowerCase() === given.toLowerCase());
    if (found === undefined)
      throw new UsageError(`must be one of ${choices.join(', ')}, not ${JSON.stringify(given)}`, {
        mistaken: { word: given, choices },
      });
    return found;
  };
  return value(placeholder, `${help}: ${choices.join(', ')}`, read, { choices, ...extras });
}

export function wholeNumber(
  placeholder: string,
  help: string,
  extras: Extras & { readonly least?: number; readonly most?: number } = {},
): Value<number> {
  const { least = 0, most = Number.MAX_SAFE_INTEGER, ...others } = extras;
  const range = extras.most === undefined ? `of at least ${least}` : `from ${least} to ${most}`;
  const read = (given: string): number => {
    const number = Number(given);
    if (!Number.isSafeInteger(number) || number < least || number > most || given.trim() === '') {
      throw new UsageError(`must be a whole number ${range}, not ${JSON.stringify(given)}`);
    }
    return number;
  };
  return value(placeholder, help, read, others);
}

const DURATION = /^\d+(\.\d+)?(ms|s|m|h|d)?$/;

/** Seconds, or a number with its unit. */
export function duration(help: string, extras: Extras = {}): Value<number | string> {
  const read = (given: string): number | string => {
    if (!DURATION.test(given))
      throw new UsageError(
        `must be seconds, or a number with its unit such as 250ms, 10s, 5m or 1h, not ${JSON.stringify(given)}`,
      );
    return Number.isNaN(Number(given)) ? given : Number(given);
  };
  return value('SECONDS', help, read, extras);
}

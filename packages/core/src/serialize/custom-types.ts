import { ImproperlyConfigured } from '../errors.ts';

export interface CustomType {
  readonly marker: string;
  readonly encode: (value: object) => unknown;
}

/** Known to the process, as kombu's are: values are read and written wherever they pass. */
const byClass = new Map<abstract new (...args: never[]) => object, CustomType>();
const readers = new Map<unknown, (value: unknown) => unknown>();

const BUILT_IN = ['datetime', 'date', 'time', 'decimal', 'uuid', 'bytes', 'base64'];

/**
 * Lets instances of a class travel as JSON: `{"__type__": marker, "__value__": encode(value)}`. The counterpart of
 * kombu's `register_type(cls, marker, encoder, decoder)`; a Python peer needs it with the same marker. What `encode`
 * gives may be anything that can be sent. Child processes need it too: call this where the app is made. Calling it
 * again replaces what was said of the class or the marker.
 *
 * @throws ImproperlyConfigured for a marker that Celery's JSON has a meaning for
 */
export function registerType<T extends object, W>(
  type: abstract new (...args: never[]) => T,
  marker: string,
  encode: (value: T) => W,
  decode: (value: W) => T,
): void {
  if (marker === '' || BUILT_IN.includes(marker))
    throw new ImproperlyConfigured(
      `A type can't be registered as ${JSON.stringify(marker)}, which means something in JSON already: choose another name, such as "shop.${type.name || 'Type'}".`,
    );
  byClass.set(type, { marker, encode: encode as CustomType['encode'] });
  readers.set(marker, decode as (value: unknown) => unknown);
}

/** How a value of a registered class, or of one derived from it, is written; the class registered last goes first. */
export function customTypeOf(value: object): CustomType | undefined {
  if (byClass.size === 0) return undefined;
  for (const [type, custom] of [...byClass].reverse()) if (value instanceof type) return custom;
  return undefined;
}

export function customReader(marker: unknown): ((value: unknown) => unknown) | undefined {
  return readers.get(marker);
}

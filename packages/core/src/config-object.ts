import { isAbsolute, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { settingName } from './config.ts';
import { ImproperlyConfigured, toError } from './errors.ts';

/** Settings from an object or a module. Exports of a module that aren't settings are left alone, unless a namespace marks them. */
export async function readConfigObject(
  source: Readonly<Record<string, unknown>> | string,
  options: { readonly namespace?: string; readonly folder: string },
): Promise<Record<string, unknown>> {
  const values = typeof source === 'string' ? await importValues(source, options.folder) : source;
  if (options.namespace === undefined) return { ...values };
  const prefix = `${options.namespace}_`.toLowerCase();
  const own = Object.entries(values).filter(([key]) => key.toLowerCase().startsWith(prefix));
  return Object.fromEntries(own.map(([key, value]) => [settingName(key.slice(prefix.length)), value]));
}

async function importValues(specifier: string, folder: string): Promise<Readonly<Record<string, unknown>>> {
  const target =
    specifier.startsWith('.') || isAbsolute(specifier)
      ? pathToFileURL(resolve(folder, specifier)).href
      : specifier;
  try {
    const module = (await import(target)) as Readonly<Record<string, unknown>>;
    const given = module['default'];
    return typeof given === 'object' && given !== null
      ? (given as Readonly<Record<string, unknown>>)
      : { ...module };
  } catch (error) {
    throw new ImproperlyConfigured(
      `Can't load the configuration module ${JSON.stringify(specifier)}: ${toError(error).message}`,
      { cause: error },
    );
  }
}

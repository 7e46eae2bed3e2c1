import { isAbsolute, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { settingName } from './config.ts';
import { ImproperlyConfigured, toError } from './errors.ts';
import { importOptional } from './optional-package.ts';

type Values = Readonly<Record<string, unknown>>;

/**
 * Settings from an object, or from a module: its default export if that is an object, else its named exports. With a namespace
 * only names with that prefix count, without one all of them must be settings.
 */
export async function readConfigObject(
  source: Values | string,
  options: { readonly namespace?: string; readonly folder: string },
): Promise<Record<string, unknown>> {
  const values = exported(typeof source === 'string' ? await importModule(source, options.folder) : source);
  const entries = Object.entries(values).filter(([key]) => !NO_SETTINGS.has(key));
  if (options.namespace === undefined) return Object.fromEntries(entries);
  const prefix = `${options.namespace.replace(/_$/, '')}_`.toLowerCase();
  const own = entries.filter(([key]) => key.toLowerCase().startsWith(prefix));
  return Object.fromEntries(own.map(([key, value]) => [settingName(key.slice(prefix.length)), value]));
}

/** What a module exports besides values: its default export and the marks of transpilers. */
const NO_SETTINGS = new Set(['default', '__esModule', 'module.exports']);

function exported(values: Values): Values {
  const given = values['default'];
  return typeof given === 'object' && given !== null ? (given as Values) : values;
}

async function importModule(specifier: string, folder: string): Promise<Values> {
  try {
    if (specifier.startsWith('.') || isAbsolute(specifier))
      return (await import(pathToFileURL(resolve(folder, specifier)).href)) as Values;
    return await importOptional(specifier, folder, 'There is no such package; a path begins with ./ or /.');
  } catch (error) {
    throw new ImproperlyConfigured(
      `Can't load the configuration module ${JSON.stringify(specifier)}: ${toError(error).message}`,
      { cause: error },
    );
  }
}

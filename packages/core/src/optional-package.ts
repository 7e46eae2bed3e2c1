import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { MissingPackage } from './errors.ts';

/**
 * Imports a package that core doesn't depend on: the one beside core, else the one that the application sees.
 * @throws MissingPackage with the sentence `missing`
 */
export async function importOptional(
  name: string,
  from: string,
  missing: string,
): Promise<Readonly<Record<string, unknown>>> {
  try {
    return (await import(name)) as Readonly<Record<string, unknown>>;
  } catch (error) {
    if (!isNotFound(error, name)) throw error;
  }
  let path: string;
  try {
    path = createRequire(join(from, 'resolve.js')).resolve(name);
  } catch (error) {
    if (isNotFound(error, name)) throw new MissingPackage(name, missing, { cause: error });
    throw error;
  }
  return (await import(pathToFileURL(path).href)) as Readonly<Record<string, unknown>>;
}

/**
 * The same at once, for a package that can be had by `require()`.
 * @throws MissingPackage with the sentence `missing`
 */
export function requireOptional(
  name: string,
  from: string,
  missing: string,
): Readonly<Record<string, unknown>> {
  let absent: unknown;
  for (const place of [import.meta.url, join(from, 'resolve.js')]) {
    try {
      return createRequire(place)(name) as Readonly<Record<string, unknown>>;
    } catch (error) {
      if (!isNotFound(error, name)) throw error;
      absent = error;
    }
  }
  throw new MissingPackage(name, missing, { cause: absent });
}

/** Whether this very package is missing, rather than something that it imports. */
function isNotFound(error: unknown, name: string): boolean {
  const { code, message = '' } = error as { readonly code?: string; readonly message?: string };
  return (code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND') && message.includes(`'${name}'`);
}

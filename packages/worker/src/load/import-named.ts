import { ModuleNotFound } from './errors.ts';
import { findModule } from './find-module.ts';
import type { ModuleExports } from './import-file.ts';
import { importFound } from './import-module.ts';

/** Imports a module named on a command line: a path, with or without its extension. @throws ModuleNotFound, ModuleFailed */
export async function importNamed(
  name: string,
  options: { readonly what: string; readonly workdir: string },
): Promise<ModuleExports> {
  const file = findModule(name, options.workdir);
  if (file === undefined)
    throw new ModuleNotFound(`No module ${name} (${options.what}) in ${options.workdir}.`);
  return importFound(file, options.what, options.workdir);
}

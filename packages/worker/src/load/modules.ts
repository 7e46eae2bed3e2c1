import { ModuleNotFound } from './errors.ts';
import { findModule, pathsOf } from './find-module.ts';
import { isGlob, modulesMatching } from './glob.ts';
import { resolvePackage } from './import-file.ts';
import { importFound } from './import-module.ts';

export interface ImportOptions {
  /** Names are paths from here. */
  readonly workdir: string;
  /** Which setting or option names them, for errors. @default 'setting include' */
  readonly from?: string;
}

/**
 * Imports modules with tasks, in order: `proj/tasks`, `proj.tasks`, `./proj/tasks.ts`, `proj/tasks/*`, or a package.
 * @throws ModuleNotFound, ModuleFailed
 */
export async function importModules(names: readonly string[], options: ImportOptions): Promise<void> {
  const from = options.from ?? 'setting include';
  for (const name of names) {
    for (const file of filesOf(name, options.workdir, from))
      await importFound(file, `named by ${from}`, options.workdir);
  }
}

function filesOf(name: string, workdir: string, from: string): readonly string[] {
  if (isGlob(name)) {
    const files = modulesMatching(name, workdir);
    if (files.length > 0) return files;
    throw new ModuleNotFound(
      `No module matches "${name}" (named by ${from}) in ${workdir}. Patterns are paths from there, such as proj/tasks/*.`,
    );
  }
  const file = findModule(name, workdir) ?? fromPackage(name, workdir);
  if (file !== undefined) return [file];
  const paths = pathsOf(name).map((path) => `${path}.{js,mjs,cjs,ts,mts,cts}`);
  throw new ModuleNotFound(
    `There is no module "${name}" (named by ${from}): neither ${paths.join(' nor ')} in ${workdir}, nor a package of that name. ` +
      'Names are paths from the working directory; --workdir changes it.',
  );
}

/** `name` or `@scope/name`, and what may follow a slash. */
const PACKAGE = /^(?:@[^/\\:]+\/)?[^./\\:@][^\\:]*$/;

function fromPackage(name: string, workdir: string): string | undefined {
  return PACKAGE.test(name) ? resolvePackage(name, workdir) : undefined;
}

import { isApp } from '@tq/core';
import type { App } from '@tq/core';
import { exportNamed, exportNames } from './app-export.ts';
import { shortPath } from './blame.ts';
import { ModuleNotFound, WrongApp } from './errors.ts';
import { findModule, pathsOf } from './find-module.ts';
import { isGlob, modulesMatching } from './glob.ts';
import { resolvePackage } from './import-file.ts';
import type { ModuleExports } from './import-file.ts';
import { importFound } from './import-module.ts';
import { rootsOf } from './roots.ts';

export interface ImportOptions {
  /** Names are paths from here, unless they are found beside the app. */
  readonly workdir: string;
  /** Which setting or option names them, for errors. @default 'setting include' */
  readonly from?: string;
  /** The app whose tasks they are; tasks of another app of its name are refused. */
  readonly app?: App;
  /** File or URL of the app's module. @default the app's `module` */
  readonly appFile?: string | undefined;
}

/** Modules with tasks, and who names them. JSON. */
export interface NamedModules {
  readonly from: string;
  readonly names: readonly string[];
}

/** What a worker of an app imports; `include` is what its command line adds. */
export function taskModules(app: App, include: readonly string[] = []): readonly NamedModules[] {
  const { config } = app;
  return [
    { from: 'setting imports', names: config.imports },
    { from: 'setting include', names: config.include },
    { from: 'option include, -I', names: include },
  ];
}

/** Imports all modules with an app's tasks. @throws ModuleNotFound, ModuleFailed, WrongApp */
export async function importTasks(
  app: App,
  options: Pick<ImportOptions, 'workdir' | 'appFile'> & { readonly modules?: readonly NamedModules[] },
): Promise<void> {
  const { modules = taskModules(app), ...place } = options;
  for (const { from, names } of modules) await importModules(names, { ...place, app, from });
}

/**
 * Imports modules with tasks, in order: `proj/tasks`, `proj.tasks`, `./proj/tasks.ts`, `proj/tasks/*`, or a package.
 * @throws ModuleNotFound, ModuleFailed, WrongApp
 */
export async function importModules(names: readonly string[], options: ImportOptions): Promise<void> {
  const { workdir, from = 'setting include', app } = options;
  const roots = rootsOf(options.appFile ?? app?.module, workdir);
  for (const name of names) {
    for (const file of filesOf(name, roots, from)) {
      const exports = await importFound(file, `named by ${from}`, workdir);
      if (app) refuseStranger(exports, app, `${shortPath(file, workdir)} (named by ${from})`);
    }
  }
}

function filesOf(name: string, roots: readonly string[], from: string): readonly string[] {
  const workdir = roots.at(-1) as string;
  if (isGlob(name)) {
    const files = firstOf(roots, (root) => nonEmpty(modulesMatching(name, root)));
    if (files !== undefined) return files;
    throw new ModuleNotFound(
      `No module matches "${name}" (named by ${from}) in ${workdir}. Patterns are paths from there, such as proj/tasks/*.`,
    );
  }
  const file =
    firstOf(roots, (root) => findModule(name, root)) ?? firstOf(roots, (root) => fromPackage(name, root));
  if (file !== undefined) return [file];
  const paths = pathsOf(name).map((path) => `${path}.{js,mjs,cjs,ts,mts,cts}`);
  throw new ModuleNotFound(
    `There is no module "${name}" (named by ${from}): neither ${paths.join(' nor ')} in ${workdir}, nor a package of that name. ` +
      'Names are paths from the working directory; --workdir changes it.',
  );
}

function firstOf<T>(roots: readonly string[], find: (root: string) => T | undefined): T | undefined {
  for (const root of roots) {
    const found = find(root);
    if (found !== undefined) return found;
  }
  return undefined;
}

function nonEmpty(files: readonly string[]): readonly string[] | undefined {
  return files.length > 0 ? files : undefined;
}

/** `name` or `@scope/name`, and what may follow a slash. */
const PACKAGE = /^(?:@[^/\\:]+\/)?[^./\\:@][^\\:]*$/;

function fromPackage(name: string, folder: string): string | undefined {
  return PACKAGE.test(name) ? resolvePackage(name, folder) : undefined;
}

/** Tasks on an app that only has the name of this one would never run here. */
function refuseStranger(exports: ModuleExports, app: App, what: string): void {
  const stranger = exportNames(exports)
    .map((name) => exportNamed(exports, name))
    .map((value) => (isTask(value) ? value.app : value))
    .find((value) => isApp(value) && value !== app && value.name === app.name);
  if (stranger !== undefined) throw new WrongApp(what, app.name);
}

function isTask(value: unknown): value is { readonly app: unknown } {
  return typeof value === 'function' && 'taskName' in value && 'app' in value;
}

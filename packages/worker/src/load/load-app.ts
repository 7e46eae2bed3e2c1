import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { App, isApp } from '@tq/core';
import { didYouMean } from '@tq/core/internal';
import { exportNamed, exportNames, findApp } from './app-export.ts';
import { shortPath } from './blame.ts';
import { AppNotFound } from './errors.ts';
import { findModule, isFileName, pathsOf } from './find-module.ts';
import { useTranspiler } from './import-file.ts';
import { importFound } from './import-module.ts';

export interface LoadedApp {
  readonly app: App;
  readonly file: string;
  readonly exportName: string;
}

/** Where an app may be below the module that was named. */
const SUBMODULES = ['tq', 'celery'];

/**
 * The app of `-A`: of `module:export` this very export, of the modules `tq` and `celery` below where there is no such module; else
 * in the module its export `app`, `tq`, `celery`, `default`, or any that is an app; else the same in the modules `tq` and `celery`
 * below it.
 * @throws AppNotFound, ModuleFailed
 */
export async function loadApp(spec: string, options: { readonly workdir: string }): Promise<LoadedApp> {
  const { workdir } = options;
  const { module, attribute } = parseSpec(spec);
  useTranspiler();
  if (attribute !== undefined) return loadExport(module, attribute, workdir);
  const tried: string[] = [];
  for (const name of placesOf(module)) {
    const file = fileOf(name, workdir);
    if (file === undefined) {
      tried.push(`no module ${name}`);
      continue;
    }
    const exports = await importFound(file, 'named by -A', workdir);
    const found = findApp(exports);
    if (found) return checked({ ...found, file });
    tried.push(`${shortPath(file, workdir)} exports ${listed(exportNames(exports))}`);
  }
  throw new AppNotFound(
    `There is no app at "${spec}" in ${workdir}: ${tried.join('; ')}. An app is what createApp() returns. ` +
      (nearHint(module, workdir) ||
        'Name the module that exports it (-A proj/tq, -A proj.tq or -A ./proj/tq.ts:app), or say where from with --workdir.'),
  );
}

/** The app that `loadApp()` has found in another process. @throws AppNotFound, ModuleFailed */
export async function loadAppFrom(place: {
  readonly file: string;
  readonly exportName: string;
}): Promise<App> {
  useTranspiler();
  const exports = await importFound(place.file, 'the module of the app', process.cwd());
  const app = exportNamed(exports, place.exportName);
  if (isApp(app)) return app;
  throw new AppNotFound(
    `${place.file} exports no app named "${place.exportName}" in this process; it does in the one that started it.`,
  );
}

/** `module:export`; the colon of a drive letter is none. */
export function parseSpec(spec: string): { readonly module: string; readonly attribute: string | undefined } {
  const match = /^(.+):([\p{ID_Start}$_][\p{ID_Continue}$]*)$/u.exec(spec);
  return match ? { module: match[1] as string, attribute: match[2] } : { module: spec, attribute: undefined };
}

async function loadExport(module: string, attribute: string, workdir: string): Promise<LoadedApp> {
  const places = placesOf(module);
  const file = firstFound(places, workdir);
  if (file === undefined) {
    const tried = places.map((name) => `no module ${name}`).join('; ');
    throw new AppNotFound(
      `There is no app at "${module}:${attribute}" in ${workdir}: ${tried}. ${nearHint(module, workdir) || '--workdir says where from.'}`,
    );
  }
  const exports = await importFound(file, 'named by -A', workdir);
  const app = exportNamed(exports, attribute);
  if (isApp(app)) return checked({ app, file, exportName: attribute });
  const names = exportNames(exports);
  const near = app === undefined ? didYouMean(attribute, names) : undefined;
  const what =
    app === undefined
      ? `has no export "${attribute}"; it exports ${listed(names)}.`
      : `exports "${attribute}", which is not an app made by createApp().`;
  throw new AppNotFound(
    `${shortPath(file, workdir)} ${what}${near ? ` Did you mean ${module}:${near}?` : ''}`,
  );
}

/** The modules that may have the app; a file, with its extension, is only itself. */
function placesOf(module: string): readonly string[] {
  const below = module.replace(/[\\/]+$/, '');
  return isFileName(module) ? [module] : [module, ...SUBMODULES.map((submodule) => `${below}/${submodule}`)];
}

/** Two copies of core know nothing of each other: `current()`, retries and errors of the one are lost on the other. */
function checked(loaded: LoadedApp): LoadedApp {
  if (loaded.app instanceof App) return loaded;
  throw new AppNotFound(
    `The app of ${loaded.file} was made by another copy of @tq/core than this program has. ` +
      'Run the tq that is installed with it (npx tq), and see that npm ls @tq/core shows one version.',
  );
}

function firstFound(places: readonly string[], workdir: string): string | undefined {
  for (const name of places) {
    const file = fileOf(name, workdir);
    if (file !== undefined) return file;
  }
  return undefined;
}

function fileOf(name: string, workdir: string): string | undefined {
  return findModule(name, workdir) ?? findBelow(name, workdir);
}

/** `proj.app/tq` is `proj/app/tq`. */
function findBelow(name: string, workdir: string): string | undefined {
  const slash = name.lastIndexOf('/');
  const [, dotted] = pathsOf(name.slice(0, slash));
  return dotted === undefined ? undefined : findModule(dotted + name.slice(slash), workdir);
}

/** The module beside it that was meant, if a name is near. */
function nearHint(module: string, workdir: string): string {
  const at = resolve(workdir, module);
  if (!existsSync(dirname(at))) return '';
  const names = readdirSync(dirname(at), { withFileTypes: true })
    .filter((entry) => !entry.name.startsWith('.') && entry.name !== 'node_modules')
    .filter((entry) => entry.isDirectory() || isFileName(entry.name))
    .map(({ name }) => (isFileName(module) ? name : name.replace(/\.[cm]?[jt]s$/, '')));
  const near = names.includes(basename(at)) ? undefined : didYouMean(basename(at), names);
  return near === undefined ? '' : `Did you mean ${join(dirname(module), near)}?`;
}

function listed(names: readonly string[]): string {
  if (names.length === 0) return 'nothing';
  return names.length > 12 ? `${names.slice(0, 12).join(', ')}, …` : names.join(', ');
}

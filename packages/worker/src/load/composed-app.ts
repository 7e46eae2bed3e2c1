import { fileURLToPath } from 'node:url';
import { isApp } from '@tq/core';
import type { App } from '@tq/core';
import { exportNamed, exportNames } from './app-export.ts';
import { shortPath } from './blame.ts';
import { AppNotFound } from './errors.ts';
import { importFound } from './import-module.ts';

/** The app of a worker composed by hand, of which only the module and the app's name are known. @throws AppNotFound, ModuleFailed */
export async function appOfModule(moduleUrl: string, name: string): Promise<App> {
  const file = moduleUrl.startsWith('file:') ? fileURLToPath(moduleUrl) : moduleUrl;
  const exports = await importFound(file, `the module of the app ${name}`, process.cwd());
  const found = exportNames(exports)
    .map((exportName) => exportNamed(exports, exportName))
    .find((value) => isApp(value) && value.name === name);
  if (isApp(found)) return found;
  throw new AppNotFound(
    `${shortPath(file, process.cwd())} exports no app named ${JSON.stringify(name)}, and child processes load it from there. ` +
      `Export it: export const app = createApp(${JSON.stringify(name)}, { module: import.meta.url, … });`,
  );
}

/**
 * Finds and imports an app and its modules, as `tq -A proj` does; nothing of the worker comes along.
 *
 *     import { loadApp } from '@tq/worker/load';
 *     const { app } = await loadApp('proj', { workdir: process.cwd() });
 */
export {
  appOfModule,
  AppNotFound,
  importFile,
  importModules,
  importNamed,
  importTasks,
  loadApp,
  loadAppFrom,
  ModuleFailed,
  ModuleNotFound,
  WrongApp,
} from './load/index.ts';
export type { ImportOptions, LoadedApp, NamedModules } from './load/index.ts';

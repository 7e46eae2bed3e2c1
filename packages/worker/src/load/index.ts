export { appOfModule } from './composed-app.ts';
export { AppNotFound, ModuleFailed, ModuleNotFound, WrongApp } from './errors.ts';
export { importFile } from './import-file.ts';
export { importNamed } from './import-named.ts';
export { loadApp, loadAppFrom } from './load-app.ts';
export type { LoadedApp } from './load-app.ts';
export { importModules, importTasks, taskModules } from './modules.ts';
export type { ImportOptions, NamedModules } from './modules.ts';

import { isApp } from '@tq/core';
import type { App } from '@tq/core';
import type { ModuleExports } from './import-file.ts';

/** The order in which exports are asked. */
const NAMES = ['app', 'tq', 'celery', 'default'] as const;

/** The app among a module's exports, by its usual names, else whichever there is. */
export function findApp(
  exports: ModuleExports,
): { readonly app: App; readonly exportName: string } | undefined {
  const names = [...NAMES, ...exportNames(exports)];
  const exportName = names.find((name) => isApp(exportNamed(exports, name)));
  return exportName === undefined ? undefined : { app: exportNamed(exports, exportName) as App, exportName };
}

/** An export by name; of a CommonJS module also what Node couldn't see the name of. */
export function exportNamed(exports: ModuleExports, name: string): unknown {
  return exports[name] ?? insideDefault(exports)?.[name];
}

export function exportNames(exports: ModuleExports): readonly string[] {
  const inside = Object.keys(insideDefault(exports) ?? {});
  return [...new Set([...Object.keys(exports), ...inside])].filter(
    (name) => name !== 'module.exports' && name !== '__esModule',
  );
}

function insideDefault(exports: ModuleExports): ModuleExports | undefined {
  const inside = exports['default'];
  return typeof inside === 'object' && inside !== null && !isApp(inside)
    ? (inside as ModuleExports)
    : undefined;
}

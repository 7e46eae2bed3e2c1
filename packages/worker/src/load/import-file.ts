import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Jiti } from 'jiti';
import { cacheFolder } from './cache-folder.ts';
import { isTypeScript } from './find-module.ts';

export type ModuleExports = Readonly<Record<string, unknown>>;

/** One import at a time: two that reach the same TypeScript module at once would each evaluate it. */
let line: Promise<unknown> = Promise.resolve();
let transpiler: Jiti | undefined;
let prefersTranspiler = false;

/**
 * Imports a module of the user's. JavaScript is Node's own affair; TypeScript is transpiled, with enums, `.js` for `.ts`
 * and left-out extensions, and what it imports of JavaScript and packages comes from Node again. So whichever way a module is
 * reached, there is one of it. Where Node itself has imported TypeScript (type stripping, a loader), it goes on doing so,
 * unless `useTranspiler()` was called.
 */
export function importFile(file: string): Promise<ModuleExports> {
  const turn = line.then(() => (prefersTranspiler && isTypeScript(file) ? transpiled(file) : natively(file)));
  line = turn.catch(() => undefined);
  return turn;
}

/** From now on TypeScript is transpiled, also where Node could strip its types: enums work everywhere. */
export function useTranspiler(): void {
  prefersTranspiler = true;
}

/** Resolves a package as an `import` in the folder would. */
export function resolvePackage(specifier: string, folder: string): string | undefined {
  transpiler ??= makeTranspiler();
  const url = transpiler.esmResolve(specifier, {
    parentURL: pathToFileURL(`${folder}/resolve.js`).href,
    try: true,
  });
  return url?.startsWith('file:') ? fileURLToPath(url) : undefined;
}

async function natively(file: string): Promise<ModuleExports> {
  try {
    return (await import(pathToFileURL(file).href)) as ModuleExports;
  } catch (error) {
    if (!isForTranspiler(error)) throw error;
    return transpiled(file);
  }
}

function transpiled(file: string): Promise<ModuleExports> {
  prefersTranspiler = true;
  transpiler ??= makeTranspiler();
  return transpiler.import<ModuleExports>(file);
}

/**
 * TypeScript that Node can't read, in the module or in what it imports; or a syntax error of which Node doesn't tell the
 * place, where the transpiler will. Both are noticed before anything is evaluated.
 */
function isForTranspiler(error: unknown): boolean {
  const { code, stack = '' } = error as { readonly code?: unknown; readonly stack?: string };
  if (code === 'ERR_UNKNOWN_FILE_EXTENSION' || code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX') return true;
  const isPlaceless = stack
    .split('\n')
    .every((text) => !text.startsWith('    at ') || text.includes('node:internal'));
  return error instanceof SyntaxError && stack.startsWith('SyntaxError') && isPlaceless;
}

/** Required, not imported: that spares Node a search for export names in 190 kB. */
function makeTranspiler(): Jiti {
  const { createJiti } = createRequire(import.meta.url)('jiti') as typeof import('jiti');
  return createJiti(import.meta.url, { fsCache: cacheFolder(), interopDefault: false });
}

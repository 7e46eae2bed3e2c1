import { existsSync, realpathSync, statSync } from 'node:fs';
import { extname, join, resolve } from 'node:path';

/** JavaScript first: where both lie side by side the one is built from the other, and built files import built files. */
export const EXTENSIONS = ['.js', '.mjs', '.cjs', '.ts', '.mts', '.cts'] as const;

const TYPESCRIPT_OF: Readonly<Record<string, string>> = { '.js': '.ts', '.mjs': '.mts', '.cjs': '.cts' };

export function isTypeScript(file: string): boolean {
  return /\.[cm]?ts$/.test(file);
}

/**
 * The file of a module named as a path (`./proj/tq.ts`, `proj/tq`), with dots (`proj.tq`) or as a folder with an index.
 * Its real path, so that one file is one module however it was reached.
 */
export function findModule(name: string, workdir: string): string | undefined {
  for (const base of pathsOf(name)) {
    const at = resolve(workdir, base);
    const file = exactly(at) ?? withExtension(at) ?? withExtension(join(at, 'index'));
    if (file !== undefined) return realpathSync(file);
  }
  return undefined;
}

/** What a module's name may stand for, as paths without an extension. */
export function pathsOf(name: string): readonly string[] {
  const isDotted = name.includes('.') && !/^\.|[\\/]/.test(name);
  return isDotted ? [name, name.replaceAll('.', '/')] : [name];
}

/** Whether a name is that of a file, with its extension. */
export function isFileName(name: string): boolean {
  return (EXTENSIONS as readonly string[]).includes(extname(name));
}

/** The file itself; for a `.js` that only exists as `.ts`, that one. */
function exactly(path: string): string | undefined {
  if (!isFileName(path)) return undefined;
  if (isFile(path)) return path;
  const extension = extname(path);
  const source = TYPESCRIPT_OF[extension];
  const sourcePath = source === undefined ? undefined : path.slice(0, -extension.length) + source;
  return sourcePath !== undefined && isFile(sourcePath) ? sourcePath : undefined;
}

function withExtension(path: string): string | undefined {
  return EXTENSIONS.map((extension) => path + extension).find(isFile);
}

function isFile(path: string): boolean {
  return existsSync(path) && statSync(path).isFile();
}

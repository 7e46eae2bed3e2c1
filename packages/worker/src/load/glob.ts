import { existsSync, readdirSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { EXTENSIONS } from './find-module.ts';

export function isGlob(name: string): boolean {
  return name.includes('*');
}

/** The modules a pattern with `*` and `**` matches under a folder, in the order of their names; each of them once. */
export function modulesMatching(pattern: string, workdir: string): readonly string[] {
  const matches = matcher(pattern.replace(/^\.\//, ''));
  const found = new Map<string, string>();
  for (const file of filesUnder(workdir, firstFolder(pattern))) {
    const path = relative(workdir, file).replaceAll(sep, '/');
    const bare = path.replace(/\.[^./]+$/, '');
    if (matches(path) || matches(bare)) found.set(bare, preferred(found.get(bare), file));
  }
  return [...found.keys()].sort().map((bare) => found.get(bare) as string);
}

function matcher(pattern: string): (path: string) => boolean {
  const source = pattern
    .replace(/[.+?^${}()|[\]\\]/g, '\\$&')
    .replace(/\*\*\/|\*\*|\*/g, (stars) => (stars === '**/' ? '(?:.*/)?' : stars === '**' ? '.*' : '[^/]*'));
  const regex = new RegExp(`^${source}$`);
  return (path) => regex.test(path);
}

/** The part of a pattern before its first star, up to a slash. */
function firstFolder(pattern: string): string {
  const [before = ''] = pattern.split('*');
  return before.slice(0, before.lastIndexOf('/') + 1);
}

function* filesUnder(workdir: string, folder: string): Generator<string> {
  if (!existsSync(join(workdir, folder))) return;
  for (const entry of readdirSync(join(workdir, folder), { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && entry.name !== 'node_modules' && !entry.name.startsWith('.'))
      yield* filesUnder(workdir, path);
    else if (isModule(entry.name)) yield join(workdir, path);
  }
}

function isModule(name: string): boolean {
  return EXTENSIONS.some((extension) => name.endsWith(extension)) && !/\.d\.[cm]?ts$/.test(name);
}

/** Of a module in two languages, the one `findModule()` would take. */
function preferred(present: string | undefined, file: string): string {
  const rank = (path: string): number => EXTENSIONS.findIndex((extension) => path.endsWith(extension));
  return present !== undefined && rank(present) <= rank(file) ? present : file;
}

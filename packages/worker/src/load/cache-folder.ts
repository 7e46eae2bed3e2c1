import { lstatSync, mkdirSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Where compiled modules are kept between runs: `TQ_CACHE_DIR`, else the user's cache folder, else one of the user's own
 * under the temporary folder. False where there is no folder that only this user can write: its content is code.
 */
export function cacheFolder(): string | false {
  const given = process.env['TQ_CACHE_DIR'];
  const folders = given
    ? [() => given]
    : [() => join(userCache(), 'tq'), () => join(tmpdir(), `tq-${uid() ?? 'cache'}`)];
  for (const folder of folders) {
    const modules = tryTo(() => {
      const root = folder();
      return makeOurs(root) && makeOurs(join(root, 'modules')) ? join(root, 'modules') : undefined;
    });
    if (modules !== undefined) return modules;
  }
  return false;
}

function userCache(): string {
  const { XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
  if (XDG_CACHE_HOME) return XDG_CACHE_HOME;
  if (process.platform === 'win32' && LOCALAPPDATA) return LOCALAPPDATA;
  return process.platform === 'darwin' ? join(homedir(), 'Library', 'Caches') : join(homedir(), '.cache');
}

/** Makes a folder where there is none, and tells whether nobody else can write to it. */
function makeOurs(folder: string): boolean {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const stats = lstatSync(folder);
  return uid() === undefined || (stats.isDirectory() && stats.uid === uid() && (stats.mode & 0o022) === 0);
}

/** No home, no permission, no space: then there's no cache there. */
function tryTo<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch {
    return undefined;
  }
}

function uid(): number | undefined {
  return process.getuid?.();
}

import { readdirSync } from 'node:fs';
import { hostname } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { shortName } from './names.ts';
import { DEFAULT_PIDFILE } from './node.ts';
import { readPidFile } from './pid-file.ts';
import { nameOfWorker } from './worker-process.ts';

/** Short names of the workers whose pid files lie where a pattern says, for who has forgotten what they are called. Never throws. */
export function runningHere(pidfile = DEFAULT_PIDFILE, cwd = process.cwd()): readonly string[] {
  const folder = resolve(cwd, dirname(pidfile));
  const ending = basename(pidfile).split('%').at(-1)?.slice(1) ?? '';
  if (dirname(pidfile).includes('%') || !basename(pidfile).includes('%')) return [];
  return filesIn(folder)
    .filter((name) => name.endsWith(ending))
    .flatMap((name) => nameIn(join(folder, name)) ?? [])
    .map((name) => (name.endsWith(`@${hostname()}`) ? shortName(name) : name))
    .toSorted();
}

function nameIn(path: string): string | undefined {
  try {
    const pid = readPidFile(path);
    return pid === undefined ? undefined : nameOfWorker(pid);
  } catch {
    // A file that can't be read is nobody's we could name.
    return undefined;
  }
}

function filesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

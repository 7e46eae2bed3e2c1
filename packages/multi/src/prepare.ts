import { spawnSync } from 'node:child_process';
import { chownSync } from 'node:fs';
import { CantCreate } from './errors.ts';
import { makeFolder } from './folders.ts';
import type { Node } from './node.ts';

/**
 * Makes the folders of pid and log files. Where the administrator starts nodes that change to another user, those that are new
 * belong to that one. @throws CantCreate
 */
export function prepareFolders(nodes: readonly Node[]): void {
  const done = new Set<string>();
  for (const { folders, owner } of nodes) {
    for (const folder of folders.filter((path) => !done.has(path))) {
      done.add(folder);
      if (makeFolder(folder) && owner.user !== undefined && process.getuid?.() === 0)
        giveTo(folder, owner.user, owner.group);
    }
  }
}

/** A group that is given by name may be entered only later, by the worker: the folder is its user's in any case. */
function giveTo(folder: string, user: string, group = ''): void {
  const uid = idOf(user, '-u');
  const gid = /^\d+$/.test(group) ? Number(group) : idOf(user, '-g');
  try {
    chownSync(folder, uid, gid);
  } catch (error) {
    throw new CantCreate(`Can't give the folder ${folder} to ${user}: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

function idOf(user: string, which: '-u' | '-g'): number {
  const { status, stdout } = spawnSync('id', [which, user], { encoding: 'utf8' });
  if (status === 0) return Number(stdout.trim());
  if (/^\d+$/.test(user)) return Number(user);
  throw new CantCreate(`There is no user ${user} here, so no folder can be made for it.`);
}

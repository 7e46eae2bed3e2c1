import { lstatSync, mkdirSync, statSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { CantCreate } from './errors.ts';

/**
 * Makes a folder for files of a service, with those above it: others may look into it, nobody but its owner may write. One that is
 * there stays as it is, unless it is a link that another user has put there. Tells whether it is new. @throws CantCreate
 */
export function makeFolder(path: string): boolean {
  const isNew = make(path);
  const there = lstatSync(path);
  if (there.isSymbolicLink() && !isTrusted(there))
    throw new CantCreate(
      `The folder ${path} is a link that user ${there.uid} has made; files of a service don't follow it. Remove it, or name another folder.`,
    );
  if (!statSync(path).isDirectory()) throw new CantCreate(`${path} is not a folder. Name another one.`);
  return isNew;
}

function make(path: string): boolean {
  try {
    return mkdirSync(path, { recursive: true, mode: 0o755 }) !== undefined;
  } catch (error) {
    throw new CantCreate(`Can't make the folder ${path}: ${reasonOf(error as NodeJS.ErrnoException)}`, {
      cause: error,
    });
  }
}

/** Links of this user, or of the administrator, are meant. */
function isTrusted({ uid }: Stats): boolean {
  return uid === 0 || uid === process.getuid?.();
}

function reasonOf({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS')
    return 'this user may not. Make it beforehand and give it to the user of the workers, or name another one.';
  if (code === 'EEXIST' || code === 'ENOTDIR')
    return 'a file of that name, or a link to nowhere, is in the way.';
  return message;
}

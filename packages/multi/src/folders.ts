import { lstatSync, mkdirSync, statSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { dirname } from 'node:path';
import { CantCreate } from './errors.ts';

/**
 * Makes a folder for files of a service, with those above it: others may look into it, nobody but its owner may write. One that is
 * there stays as it is, unless it is a link that another user has put there. Tells whether it is new. @throws CantCreate
 */
export function makeFolder(path: string): boolean {
  let isNew: boolean;
  try {
    isNew = make(path);
  } catch (error) {
    throw new CantCreate(`Can't make the folder ${path}: ${reasonOf(error as NodeJS.ErrnoException)}`, {
      cause: error,
    });
  }
  const there = lstatSync(path);
  if (there.isSymbolicLink() && !isTrusted(there))
    throw new CantCreate(
      `The folder ${path} is a link that user ${there.uid} has made; files of a service don't follow it. Remove it, or name another folder.`,
    );
  return isNew;
}

/** Not by mkdir's `recursive`, which tries for ever where a parent is there and takes no folders, as /proc does. */
function make(path: string): boolean {
  try {
    return makeOne(path);
  } catch (error) {
    const parent = dirname(path);
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || parent === path) throw error;
    if (!make(parent)) throw error;
  }
  return makeOne(path);
}

/** False when there is such a folder. */
function makeOne(path: string): boolean {
  try {
    mkdirSync(path, { mode: 0o755 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST' && isFolder(path)) return false;
    throw error;
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/** Links of this user, or of the administrator, are meant. */
function isTrusted({ uid }: Stats): boolean {
  return uid === 0 || uid === process.getuid?.();
}

function reasonOf({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS' || code === 'ENOENT')
    return 'this user may not make it there. Make it beforehand and give it to the user of the workers, or name another one.';
  if (code === 'EEXIST' || code === 'ENOTDIR')
    return 'a file of that name, or a link to nowhere, is in the way.';
  return message;
}

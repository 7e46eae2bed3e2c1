import { linkSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { CantCreate } from './errors.ts';
import { makeFolder } from './folders.ts';
import { startedMs, wordsOf } from './process-words.ts';
import { identify, isOfTq } from './worker-process.ts';

/**
 * Writes this process's id to a file that no other running worker has; one that was left behind is taken over, also when its id
 * has gone to another program meanwhile. Returns what removes it. `name` is the node's, `w1@host`. @throws CantCreate
 */
export function takePidFile(path: string, name: string): () => void {
  try {
    take(path, name);
  } catch (error) {
    if (error instanceof CantCreate) throw error;
    throw new CantCreate(`Can't write the pid file ${path}: ${(error as Error).message}`, { cause: error });
  }
  return () => {
    if (readPidFile(path) === process.pid) rmSync(path, { force: true });
  };
}

/** The id in a pid file; undefined when there is none that makes sense. @throws CantCreate when it can't be read */
export function readPidFile(path: string): number | undefined {
  try {
    const pid = Number(readFileSync(path, 'utf8').trim());
    return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new CantCreate(`Can't read the pid file ${path}: ${(error as Error).message}`, { cause: error });
  }
}

/** Removes a pid file that no running worker holds any more. `name` is the node's, `w1@host`. */
export function dropStalePidFile(path: string, name: string): void {
  if (readPidFile(path) === undefined || holderOf(path, name) !== undefined) return;
  moveAside(path, (aside) => {
    if (holderOf(aside, name) !== undefined) linked(aside, path);
  });
}

/** Linking fails where there is a file already, and shows nobody a half-written one. */
function take(path: string, name: string): void {
  makeFolder(dirname(path));
  const mine = `${path}.${process.pid}`;
  rmSync(mine, { force: true });
  // Refuses what somebody may have put there since, a link to elsewhere say.
  writeFileSync(mine, `${process.pid}\n`, { flag: 'wx', mode: 0o644 });
  try {
    if (linked(mine, path)) return;
    clearStale(path, name);
    if (!linked(mine, path))
      throw new CantCreate(`The pid file ${path} was taken by another process this very moment.`);
  } finally {
    rmSync(mine, { force: true });
  }
}

function clearStale(path: string, name: string): void {
  refuseHolder(path, path, name);
  moveAside(path, (aside) => {
    if (holderOf(aside, name) !== undefined) linked(aside, path);
    refuseHolder(path, aside, name);
  });
}

/** Looks at a file when nobody can change it: between reading and removing it, another process may have put its own there. */
function moveAside(path: string, look: (aside: string) => void): void {
  const aside = `${path}.${process.pid}.stale`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  try {
    look(aside);
  } finally {
    rmSync(aside, { force: true });
  }
}

function refuseHolder(path: string, file: string, name: string): void {
  const pid = holderOf(file, name);
  if (pid === undefined) return;
  throw new CantCreate(
    `The pid file ${path} is in use: process ${pid} runs. Stop it first, or give this worker another --pidfile.`,
  );
}

/** The process whose file this is; undefined when it's gone. */
function holderOf(file: string, name: string): number | undefined {
  const pid = readPidFile(file);
  // Our own id in a file we have not written is of an earlier process: in a container every first process is 1.
  if (pid === undefined || pid === process.pid) return undefined;
  return isHeldBy(pid, file, name) ? pid : undefined;
}

/**
 * A file may be shared by workers of different names, so any worker may hold it; but one of another name that began after the file
 * was written, like any other program, has only got the id of the one that did.
 */
function isHeldBy(pid: number, file: string, name: string): boolean {
  const words = wordsOf(pid);
  if (words === 'gone') return false;
  if (words === 'unknown' || identify(pid, { name }) === 'worker') return true;
  if (!isOfTq(words)) return false;
  const began = startedMs(pid);
  return began === undefined || began <= statSync(file).mtimeMs + CLOCK_TOLERANCE_MS;
}

/** Start and file come from different clocks. */
const CLOCK_TOLERANCE_MS = 2000;

function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

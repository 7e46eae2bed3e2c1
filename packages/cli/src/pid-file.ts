import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { CantCreate } from './errors.ts';

/**
 * Writes this process's id to a file that no other running process has; one that was left behind by a process that is gone
 * is taken over. Returns what removes it. @throws CantCreate
 */
export function takePidFile(path: string): () => void {
  try {
    take(path);
  } catch (error) {
    if (error instanceof CantCreate) throw error;
    throw new CantCreate(`Can't write the pid file ${path}: ${(error as Error).message}`, { cause: error });
  }
  return () => {
    if (pidIn(path) === process.pid) rmSync(path, { force: true });
  };
}

/** Linking fails where there is a file already, and shows nobody a half-written one. */
function take(path: string): void {
  const mine = `${path}.${process.pid}`;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(mine, `${process.pid}\n`);
  try {
    if (linked(mine, path)) return;
    clearStale(path);
    if (!linked(mine, path))
      throw new CantCreate(`The pid file ${path} was taken by another process this very moment.`);
  } finally {
    rmSync(mine, { force: true });
  }
}

/** Moves a stale file away first: between reading and removing it, another process may have put its own there. */
function clearStale(path: string): void {
  refuseRunning(path, pidIn(path));
  const aside = `${path}.${process.pid}.stale`;
  renameSync(path, aside);
  const moved = pidIn(aside);
  if (isRunning(moved)) linked(aside, path);
  rmSync(aside, { force: true });
  refuseRunning(path, moved);
}

function refuseRunning(path: string, pid: number | undefined): void {
  if (!isRunning(pid)) return;
  throw new CantCreate(
    `The pid file ${path} is in use: process ${pid} runs. Stop it first, or give this worker another --pidfile.`,
  );
}

/** The id in a pid file; undefined when there is none that makes sense. */
function pidIn(path: string): number | undefined {
  try {
    const pid = Number(readFileSync(path, 'utf8').trim());
    return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Our own id in a file we have not written is of an earlier process: in a container every first process is 1. */
function isRunning(pid: number | undefined): pid is number {
  if (pid === undefined || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

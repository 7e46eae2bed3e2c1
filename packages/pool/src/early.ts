/**
 * A head start for a program that knows that it will have a prefork pool before it has loaded what a pool needs: the first
 * child process starts Node and loads its modules meanwhile. Loads next to nothing itself.
 */
import type { ChildProcess } from 'node:child_process';
import { closeSync } from 'node:fs';
import { flagsForHosts, forkHost, openHostFiles } from './fork-host.ts';
import type { HostFiles } from './fork-host.ts';

/** A child process that waits for its pool. */
export interface EarlyHost {
  readonly entry: string;
  readonly child: ChildProcess;
  readonly files: HostFiles;
}

let waiting: EarlyHost | undefined;

/**
 * Forks the entry module (a file URL) for the first prefork pool of this process that wants the same one. The child has
 * this process's environment and working directory as they are now. Whatever fails here is tried again by the pool.
 */
export function startEarlyHost(entry: string): void {
  if (waiting) return;
  let files: HostFiles | undefined;
  try {
    files = openHostFiles();
    if (!files) return;
    const child = forkHost(entry, flagsForHosts(), files);
    child.on('error', ignore); // whoever takes it sees that it has ended
    waiting = { entry, child, files };
  } catch {
    if (files) close(files);
  }
}

/** Hands over the child that waits, if it is the one that is wanted. */
export function takeEarlyHost(entry: string): EarlyHost | undefined {
  const host = waiting;
  if (!host || host.entry !== entry) return undefined;
  if (host.child.exitCode !== null || host.child.signalCode !== null || !host.child.connected) {
    dropEarlyHost();
    return undefined;
  }
  waiting = undefined;
  host.child.off('error', ignore);
  return host;
}

/** Ends the child that nobody has wanted. */
export function dropEarlyHost(): void {
  const host = waiting;
  if (!host) return;
  waiting = undefined;
  host.child.kill('SIGKILL');
  for (const stream of host.child.stdio) stream?.destroy();
  if (host.child.connected) host.child.disconnect();
  close(host.files);
}

function close({ gate, notes }: HostFiles): void {
  gate.close();
  closeSync(notes);
}

function ignore(): void {}

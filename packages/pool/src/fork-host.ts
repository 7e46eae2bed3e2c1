import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { FileGate } from './gate-file.ts';
import { openNamelessFile } from './nameless-file.ts';
import { GATE_FD } from './wire.ts';

/** What a process shares with the child process that it has forked. */
export interface HostFiles {
  readonly gate: FileGate;
  readonly notes: number;
}

/** @throws when no temporary file can be made */
export function openHostFiles(): HostFiles | undefined {
  if (process.platform === 'win32') return undefined;
  const gate = new FileGate(GATE_FD);
  try {
    return { gate, notes: openNamelessFile() };
  } catch (error) {
    gate.close();
    throw error;
  }
}

/** Starts Node afresh on the entry module, with the descriptors where wire.ts says. */
export function forkHost(
  entry: string,
  execArgv: readonly string[],
  files: HostFiles | undefined,
): ChildProcess {
  return fork(fileURLToPath(entry), [], {
    execArgv: [...execArgv],
    serialization: 'json',
    stdio: ['ignore', 'pipe', 'pipe', 'ipc', 'pipe', files?.gate.fd ?? 'ignore', files?.notes ?? 'ignore'],
  });
}

/** The flags of this process for its children. A child that wanted the debugger's port too would fail to start. */
export function flagsForHosts(): string[] {
  return process.execArgv.filter((flag) => !flag.startsWith('--inspect'));
}

import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** Which process this is, for ever: ids of processes are used again. */
export interface ProcessIdentity {
  /** Where the process id means something: a boot of a machine and, in containers, a namespace. */
  readonly machine: string;
  readonly pid: number;
  /** When it was started, in the kernel's words; null where that can't be read. */
  readonly started: string | null;
}

export type Fate = 'alive' | 'dead' | 'unknown';

export function thisProcess(): ProcessIdentity {
  const stat = statOf('self');
  // A sandbox may show the processes of another namespace: then their start times say nothing about ours.
  const started = stat?.pid === process.pid ? stat.started : null;
  return { machine: thisMachine(), pid: process.pid, started };
}

/** Whether a process still lives, as far as can be told from here. */
export function fateOf(other: ProcessIdentity, here: ProcessIdentity): Fate {
  if (other.machine !== here.machine) return 'unknown';
  if (!exists(other.pid)) return 'dead';
  if (other.started === null) return 'unknown';
  const stat = statOf(other.pid);
  if (!stat) return 'unknown';
  // A process that its parent has not noticed to be dead still has its id; a new one may have taken it over.
  return stat.state === 'Z' || stat.state === 'X' || stat.started !== other.started ? 'dead' : 'alive';
}

function thisMachine(): string {
  const boot = read('/proc/sys/kernel/random/boot_id')?.trim();
  return boot ? `${boot} ${namespace()}` : hostname();
}

function namespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return hostname();
  }
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/** The fields after the command name, which is in brackets and may itself contain some: `pid (a b) S ppid …`. */
function statOf(pid: number | 'self'): ProcessStat | undefined {
  const text = read(`/proc/${pid}/stat`);
  const fields = text?.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state, started] = [fields?.[0], fields?.[19]];
  return text && state && started ? { pid: Number.parseInt(text, 10), state, started } : undefined;
}

interface ProcessStat {
  readonly pid: number;
  readonly state: string;
  readonly started: string;
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

/**
 * What a process says it is: the words of its command line, or its title if it has given itself one. `gone` when there is no
 * such process, or only its exit code is left of it; `unknown` where a system tells nothing.
 */
export function wordsOf(pid: number): readonly string[] | 'gone' | 'unknown' {
  if (!exists(pid)) return 'gone';
  if (process.platform === 'win32') return 'unknown';
  return existsSync('/proc/self/cmdline') ? fromProc(pid) : fromPs(pid);
}

/** Whether there is such a process, of whatever user. */
export function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** A zombie's is empty. What processes of others are may be hidden. */
function fromProc(pid: number): ReturnType<typeof wordsOf> {
  try {
    const text = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replace(/\0+$/, '');
    return text === '' ? 'gone' : text.split('\0');
  } catch {
    return exists(pid) ? 'unknown' : 'gone';
  }
}

function fromPs(pid: number): ReturnType<typeof wordsOf> {
  const { status, stdout, error } = spawnSync('ps', ['-o', 'args=', '-p', String(pid)], { encoding: 'utf8' });
  if (error) return 'unknown';
  const line = stdout.trim();
  return status !== 0 || line === '' || line.startsWith('<defunct>') ? 'gone' : line.split(/\s+/);
}

/** When a process began, as Linux tells it; undefined elsewhere. */
export function startedMs(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is a name in parentheses, which may hold anything; the 22nd is the start, in ticks since boot.
    const ticks = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
    const boot = Number(/^btime (\d+)$/m.exec(readFileSync('/proc/stat', 'utf8'))?.[1]);
    const atMs = boot * 1000 + ticks * (1000 / TICKS_A_SECOND);
    return Number.isFinite(atMs) ? atMs : undefined;
  } catch {
    return undefined;
  }
}

/** What the kernel shows to programs is in these, whatever it counts in itself. */
const TICKS_A_SECOND = 100;

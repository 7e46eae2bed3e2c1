// Running a program that may hang, or leave processes behind, without letting either outlive the run.
import { spawn } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { exitCodeOf } from './child.mjs';
import { ROOT } from './repository.mjs';

const GRACE_MS = 3000;

/**
 * Runs `node <command>` in a process group of its own, without stdin and with its output on our stdout; `isQuiet` shows
 * the output of failures only. True when it exits with 0 within `limitMs` and nothing of its group is left.
 */
export async function runGuarded(command, { limitMs, isQuiet = false }) {
  const output = isQuiet ? 'pipe' : process.stdout;
  const child = spawn(process.execPath, command, {
    cwd: ROOT,
    detached: true,
    env: process.stdout.isTTY ? process.env : { ...process.env, NO_COLOR: '1' },
    stdio: ['ignore', output, output],
  });
  const said = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => said.push(chunk));
  const end = (signal) => {
    endGroup(child.pid, 'SIGKILL');
    process.kill(process.pid, signal);
  };
  process.once('SIGINT', end).once('SIGTERM', end).once('SIGHUP', end);
  let isLate = false;
  const limit = setTimeout(() => {
    isLate = true;
    endGroup(child.pid, 'SIGKILL');
  }, limitMs);
  const code = await exitCodeOf(child).finally(() => {
    clearTimeout(limit);
    process.off('SIGINT', end).off('SIGTERM', end).off('SIGHUP', end);
  });
  if (code !== 0) process.stdout.write(Buffer.concat(said));
  if (isLate) console.log(`Not finished within ${limitMs / 60_000} minutes, so it was ended.`);
  return code === 0 && (await isAlone(child.pid));
}

/** Whether a group has ended; what still lives after a grace is named and killed. */
async function isAlone(group) {
  for (const until = performance.now() + GRACE_MS; performance.now() < until;) {
    if (membersOf(group).length === 0) return true;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  for (const { pid, line } of membersOf(group)) console.log(`Left running: ${pid} ${line}`);
  endGroup(group, 'SIGKILL');
  return false;
}

function endGroup(group, signal) {
  try {
    process.kill(-group, signal);
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

/** The living processes of a group, as Linux tells them; elsewhere nobody is asked. */
function membersOf(group) {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        // pid (name) state parent group …; a name may hold anything, parentheses too.
        const [state, , itsGroup] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1).split(' ');
        if (Number(itsGroup) !== group || state === 'Z') return [];
        return [{ pid, line: readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim() }];
      } catch {
        return []; // It has ended meanwhile.
      }
    });
}

// Starting Node programs from the tools: from the root of the repository, never through a shell.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { join } from 'node:path';
import { ROOT, readJson } from './repository.mjs';

/** Jest for native ES modules; the flag reaches its workers too. */
export const JEST = ['--experimental-vm-modules', '--no-warnings', 'node_modules/jest/bin/jest.js'];

/** The file of a program that a dependency of the repository ships. */
export function bin(name, packageName = name) {
  const entry = readJson(join(ROOT, 'node_modules', packageName, 'package.json')).bin;
  return join('node_modules', packageName, typeof entry === 'string' ? entry : entry[name]);
}

/** Runs `node <command>` in the foreground and resolves with its exit code. */
export function run(command, options = {}) {
  const child = spawn(process.execPath, command, {
    cwd: ROOT,
    env: { ...process.env, ...options.env },
    stdio: 'inherit',
  });
  // Ctrl-C reaches the whole terminal group by itself: the child decides, and we wait for it.
  const ignore = () => {};
  const pass = (signal) => child.kill(signal);
  process.on('SIGINT', ignore).on('SIGTERM', pass).on('SIGHUP', pass);
  return exitCodeOf(child).finally(() => {
    process.off('SIGINT', ignore).off('SIGTERM', pass).off('SIGHUP', pass);
  });
}

/** The exit code as a shell gives it: 128 and the signal's number when a signal ended the process. */
export function exitCodeOf(child) {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(code ?? 128 + constants.signals[signal]));
  });
}

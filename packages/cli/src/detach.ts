import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { EXIT } from './exit-codes.ts';
import type { Program } from './program.ts';

/** What a background process tells the one that started it. */
export type DetachedReport =
  | { readonly kind: 'running' }
  | { readonly kind: 'failed'; readonly message: string; readonly exitCode: number };

const MARK = 'TQ_DETACHED';

/** Whether this process is the one in the background; what it starts itself is not. */
export const isDetached = process.env[MARK] === '1';
delete process.env[MARK];

/** Starts this command line again in the background; resolves with the exit code once it runs or has failed. */
export async function startDetached(
  program: Program,
  options: { readonly executable: string | undefined; readonly logfile: string },
): Promise<number> {
  const [, script = '', ...words] = process.argv;
  const child = fork(script, words, {
    cwd: program.startedIn,
    detached: true,
    // No terminal: what it has to say goes to its log file.
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    env: { ...process.env, [MARK]: '1' },
    ...(options.executable === undefined ? {} : { execPath: options.executable }),
  });
  const first = await firstReport(child);
  if (child.connected) child.disconnect();
  child.unref();
  if (first.kind === 'failed') {
    program.out.complain(first.message);
    return first.exitCode;
  }
  program.out.note(`Started in the background: process ${child.pid}, log ${options.logfile}`);
  return EXIT.ok;
}

/** Says that this background process runs; whoever started it goes its way. */
export async function reportRunning(): Promise<void> {
  if (!isDetached) return;
  await report({ kind: 'running' });
  if (process.connected) process.disconnect();
}

export async function reportFailed(message: string, exitCode: number): Promise<void> {
  if (isDetached) await report({ kind: 'failed', message, exitCode });
}

/** To nobody, when whoever started this process has gone meanwhile. */
function report(what: DetachedReport): Promise<void> {
  return new Promise((resolve) => {
    if (process.connected) process.send?.(what, undefined, undefined, () => resolve());
    else resolve();
  });
}

function firstReport(child: ChildProcess): Promise<DetachedReport> {
  return new Promise((resolve) => {
    const failed = (message: string, exitCode: number): void =>
      resolve({ kind: 'failed', message, exitCode });
    child.once('message', (message) => resolve(message as DetachedReport));
    child.once('error', (error) =>
      failed(`tq: the background process can't be started: ${error.message}`, EXIT.failure),
    );
    child.once('exit', (code, signal) =>
      failed(`tq: the background process ended with ${signal ?? code} before it ran.`, code ?? EXIT.failure),
    );
  });
}

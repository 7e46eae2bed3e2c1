import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import type { Node } from './node.ts';
import { readPidFile } from './pid-file.ts';

/** What became of starting a node. */
export type StartOutcome =
  | { readonly kind: 'started'; readonly pid: number | undefined }
  /** It ended with this code, and said this. */
  | { readonly kind: 'failed'; readonly exitCode: number; readonly said: string }
  | { readonly kind: 'killed'; readonly signal: NodeJS.Signals; readonly said: string };

export interface StartOptions {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Gives up, and ends what hasn't come to the background yet. */
  readonly abort?: AbortSignal | undefined;
}

/** Starts a node, and waits until it runs in the background. Never rejects. */
export async function startNode(node: Node, options: StartOptions): Promise<StartOutcome> {
  try {
    return await started(node, options);
  } catch (error) {
    // A program that can't be run, or a pid file that can't be read.
    return { kind: 'failed', exitCode: 1, said: (error as Error).message };
  }
}

async function started(node: Node, { cwd, env, abort }: StartOptions): Promise<StartOutcome> {
  const [program = '', ...words] = node.command;
  const child = spawn(program, words, { cwd, env, stdio: ['ignore', 'ignore', 'pipe'] });
  const end = (): void => void child.kill('SIGTERM');
  abort?.addEventListener('abort', end, { once: true });
  if (abort?.aborted) end();
  try {
    const { code, signal, said } = await endOf(child);
    if (signal !== null) return { kind: 'killed', signal, said };
    if (code !== 0) return { kind: 'failed', exitCode: code ?? 1, said };
    return { kind: 'started', pid: readPidFile(node.pidFile) };
  } finally {
    abort?.removeEventListener('abort', end);
  }
}

interface End {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly said: string;
}

/** How long something in the background may keep our end of its stderr open after the program has ended. */
const LAST_WORDS_MS = 500;

function endOf(child: ChildProcess): Promise<End> {
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (said += text));
  return new Promise((resolve, reject) => {
    const settle = (code: number | null, signal: NodeJS.Signals | null): void => {
      child.stderr?.destroy();
      resolve({ code, signal, said: said.trim() });
    };
    child.once('error', reject);
    child.once('close', settle);
    child.once('exit', (code, signal) => {
      const timer = setTimeout(settle, LAST_WORDS_MS, code, signal);
      child.once('close', () => clearTimeout(timer));
    });
  });
}

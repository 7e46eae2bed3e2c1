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
export async function startNode(node: Node, { cwd, env, abort }: StartOptions): Promise<StartOutcome> {
  const [program = '', ...words] = node.command;
  const child = spawn(program, words, { cwd, env, stdio: ['ignore', 'ignore', 'pipe'] });
  const end = (): void => void child.kill('SIGTERM');
  abort?.addEventListener('abort', end, { once: true });
  if (abort?.aborted) end();
  try {
    return await outcomeOf(child, node);
  } finally {
    abort?.removeEventListener('abort', end);
  }
}

/** How long something in the background may keep our end of its stderr open after the program has ended. */
const LAST_WORDS_MS = 500;

function outcomeOf(child: ChildProcess, node: Node): Promise<StartOutcome> {
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (said += text));
  return new Promise((resolve) => {
    const settle = (code: number | null, signal: NodeJS.Signals | null): void => {
      child.stderr?.destroy();
      if (signal !== null) resolve({ kind: 'killed', signal, said: said.trim() });
      else if (code === 0) resolve({ kind: 'started', pid: readPidFile(node.pidFile) });
      else resolve({ kind: 'failed', exitCode: code ?? 1, said: said.trim() });
    };
    child.once('error', ({ message }) => resolve({ kind: 'failed', exitCode: 1, said: message }));
    child.once('close', settle);
    child.once('exit', (code, signal) => setTimeout(settle, LAST_WORDS_MS, code, signal).unref());
  });
}

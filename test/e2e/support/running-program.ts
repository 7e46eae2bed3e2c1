import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { userEnvironment } from './run-program.ts';

/** A program in the background, in a process group of its own; disposing of it ends the whole group. */
export class RunningProgram implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #exit: Promise<number | null>;
  #said = '';
  #hasEnded = false;

  constructor(command: string, args: readonly string[], options: { readonly cwd: string }) {
    this.#child = spawn(command, args, {
      cwd: options.cwd,
      env: userEnvironment(),
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#said += text;
        this.#child.emit('said');
      });
    }
    this.#exit = once(this.#child, 'close').then(([code]) => code as number | null);
    // Whoever waits for words hears of the end too.
    const ended = (): void => {
      this.#hasEnded = true;
      this.#child.emit('said');
    };
    void this.#exit.then(ended, ended);
  }

  /** Everything it has printed so far. */
  get said(): string {
    return this.#said;
  }

  /** Waits until its output holds the words. */
  async says(words: RegExp, limitMs = 30_000): Promise<void> {
    const signal = AbortSignal.timeout(limitMs);
    while (!words.test(this.#said)) {
      if (this.#hasEnded) throw new Error(`It ended without saying ${String(words)}:\n${this.#said}`);
      await once(this.#child, 'said', { signal }).catch((error: unknown) => {
        throw new Error(`It didn't say ${String(words)} in ${limitMs} ms, but:\n${this.#said}`, {
          cause: error,
        });
      });
    }
  }

  /** Sends a signal and waits for the exit code; null when a signal ended it. */
  async stop(signal: NodeJS.Signals, limitMs = 30_000): Promise<number | null> {
    this.#child.kill(signal);
    const limit = setTimeout(() => this.#endGroup(), limitMs);
    try {
      return await this.#exit;
    } finally {
      clearTimeout(limit);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#endGroup();
    await this.#exit.catch(() => undefined);
  }

  #endGroup(): void {
    const { pid } = this.#child;
    if (pid === undefined) return;
    try {
      process.kill(-pid, 'SIGKILL');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}

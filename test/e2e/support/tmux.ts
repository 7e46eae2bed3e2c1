import { execFileSync, spawnSync } from 'node:child_process';
import { eventually } from '@tq/testkit';

/** Whether there is a tmux to test with. */
export const hasTmux = spawnSync('tmux', ['-V']).status === 0;

let serial = 0;

/** A terminal of its own, with a program in it; disposing of it ends both. */
export class Tmux implements Disposable {
  readonly #name = `tq-test-${process.pid}-${++serial}`;

  constructor(options: {
    readonly cwd: string;
    readonly env: NodeJS.ProcessEnv;
    readonly columns: number;
    readonly rows: number;
  }) {
    const { cwd, env, columns, rows } = options;
    // A plain shell, so that the same is shown everywhere.
    const shell = 'exec env PS1="$ " sh';
    this.#tmux(['-f', '/dev/null', 'new-session', '-d', '-x', `${columns}`, '-y', `${rows}`, shell], {
      cwd,
      env,
    });
  }

  /** Types keys by tmux's names: `Enter`, `C-c`, `j`. */
  press(...keys: readonly string[]): void {
    this.#tmux(['send-keys', ...keys]);
  }

  /** Types a line for the shell. */
  run(line: string): void {
    this.#tmux(['send-keys', '-l', line]);
    this.press('Enter');
  }

  resize(columns: number, rows: number): void {
    this.#tmux(['resize-window', '-x', `${columns}`, '-y', `${rows}`]);
  }

  /** What stands on the screen now. */
  capture(): string[] {
    return this.#tmux(['capture-pane', '-p'])
      .replace(/\n$/, '')
      .split('\n')
      .map((line) => line.trimEnd());
  }

  /** Waits until something stands on the screen. */
  async shows(words: RegExp, timeoutMs = 20_000): Promise<string[]> {
    let seen: string[] = [];
    await eventually(() => words.test((seen = this.capture()).join('\n')), {
      timeoutMs,
      everyMs: 50,
      what: `${String(words)} on the screen`,
    }).catch((error: unknown) => {
      throw new Error(`${(error as Error).message}. It shows:\n${seen.join('\n')}`, { cause: error });
    });
    return seen;
  }

  [Symbol.dispose](): void {
    spawnSync('tmux', ['-L', this.#name, 'kill-server']);
  }

  #tmux(
    args: readonly string[],
    options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
  ): string {
    return execFileSync('tmux', ['-L', this.#name, ...args], { encoding: 'utf8', ...options });
  }
}

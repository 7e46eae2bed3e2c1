import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** A process that does nothing, under a title. */
export class OtherProcess {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static async called(title: string, ...words: readonly string[]): Promise<OtherProcess> {
    const named = title === '' ? '' : `process.title = ${JSON.stringify(title)}; `;
    const script = `${named}process.stdout.write('.'); setInterval(() => {}, 1000)`;
    // Room for the title: it can't be longer than the command line.
    const child = spawn(process.execPath, ['-e', script, '--', ...words], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout as NodeJS.ReadableStream, 'data');
    return new OtherProcess(child);
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  get isAlive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  async end(): Promise<void> {
    if (!this.isAlive) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
  }
}

// A server's process: started in a group of its own, watched until it answers, ended with everything in the group.
import { spawn } from 'node:child_process';

const STEP_MS = 20;
const KEPT_OUTPUT = 4000;

export class Program {
  #child;
  #said = '';
  #ended = Promise.resolve();

  /** Resolves when `isReady`, given the last output, says so. */
  async start({ file, args, env, cwd, isReady, limitMs }) {
    this.#said = '';
    const child = spawn(file, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    let failure;
    this.#ended = new Promise((resolve) => {
      child.once('error', (error) => resolve((failure = error.message)));
      child.once('exit', (code, signal) => resolve((failure = `it ended with ${signal ?? code}`)));
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => (this.#said = (this.#said + chunk).slice(-KEPT_OUTPUT)));
    }
    for (const until = performance.now() + limitMs; ;) {
      if (await isReady(this.#said)) return;
      if (failure === undefined && performance.now() >= until)
        failure = `no answer within ${limitMs / 1000} s`;
      if (failure !== undefined) {
        await this.kill();
        throw new Error(`${file} didn't start: ${failure}. It said:\n${this.#said}`);
      }
      await new Promise((resolve) => setTimeout(resolve, STEP_MS));
    }
  }

  /** Ends it at once, as a crash would. */
  async kill(signal = 'SIGKILL') {
    const child = this.#child;
    this.#child = undefined;
    if (child?.pid === undefined) return;
    signalGroup(child.pid, signal);
    const limit = setTimeout(() => signalGroup(child.pid, 'SIGKILL'), 10_000);
    await this.#ended;
    clearTimeout(limit);
    // Helpers of its own that took no notice.
    signalGroup(child.pid, 'SIGKILL');
  }

  /** Stops it where it stands, or lets it go on. */
  pause(isPaused) {
    if (this.#child?.pid !== undefined) signalGroup(this.#child.pid, isPaused ? 'SIGSTOP' : 'SIGCONT');
  }
}

function signalGroup(pid, signal) {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

// Starting the programs that are measured, each in a process group of its own so that nothing of it outlives the run.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

export const APPS = join(import.meta.dirname, 'apps');

/** No program takes longer; whoever does hangs. */
const LIMIT_MS = 60_000;
/** How long a worker may take to stop when it is asked to. */
const STOP_MS = 15_000;
/** How often to look for what a program does. */
const LOOK_MS = 5;

const running = new Set();
process.on('exit', () => {
  for (const program of running) program.kill('SIGKILL');
});

/** Milliseconds of unix time, finer than Date.now(), and comparable among the processes of a machine. */
export function nowMs() {
  return performance.timeOrigin + performance.now();
}

/** Starts `node <args>`, or another command. */
export function start(args, { env = {}, cwd = APPS, command = process.execPath } = {}) {
  return new Program(args, { env, cwd, command });
}

/** Runs a program to its end and resolves with the JSON that it printed. Fails if the program `beside` it ends before. */
export async function ask(args, options) {
  const program = start(args, options);
  await (options?.beside ? options.beside.alive(program.succeeded) : program.succeeded);
  return JSON.parse(program.printed);
}

/** Milliseconds from the start of a program to its end. */
export async function lifetime(args, options) {
  const startedMs = nowMs();
  const program = start(args, options);
  await program.succeeded;
  return program.endedMs - startedMs;
}

class Program {
  printed = '';
  endedMs = 0;
  #complaints = '';
  #what;
  #child;

  constructor(args, { env, cwd, command }) {
    this.#what = `${command} ${args.join(' ')}`;
    this.#child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    running.add(this);
    this.#child.stdout.setEncoding('utf8').on('data', (text) => (this.printed += text));
    this.#child.stderr.setEncoding('utf8').on('data', (text) => (this.#complaints += text));
    this.#child.once('exit', () => (this.endedMs = nowMs()));
    this.succeeded = this.#untilEnd();
    this.succeeded.catch(() => undefined); // whoever waits hears of it
  }

  /** What comes of `work`, if the program doesn't end before. */
  alive(work) {
    return Promise.race([work, this.succeeded.then(() => this.#refuse('ended too early'))]);
  }

  /** Resolves when it has printed this. */
  says(text) {
    return this.alive(found(() => this.printed.includes(text) || undefined, `"${text}" was not said`));
  }

  /** Asks a worker to stop warmly. */
  async stop() {
    this.#child.kill('SIGTERM');
    const late = setTimeout(() => this.kill('SIGKILL'), STOP_MS);
    await this.succeeded.finally(() => clearTimeout(late));
  }

  /** The program with all its children. */
  kill(signal) {
    const { pid } = this.#child;
    try {
      if (pid !== undefined) process.kill(-pid, signal);
    } catch (error) {
      if (error.code !== 'ESRCH') throw error;
    }
  }

  async #untilEnd() {
    const late = setTimeout(() => this.kill('SIGKILL'), LIMIT_MS);
    try {
      const [code, signal] = await once(this.#child, 'close');
      if (code !== 0) this.#refuse(`ended with ${signal ?? code}`);
    } finally {
      clearTimeout(late);
      this.kill('SIGKILL'); // children that it has left behind
      running.delete(this);
    }
  }

  #refuse(reason) {
    throw new Error(`${this.#what} ${reason}.\n${this.printed}${this.#complaints}`);
  }
}

/** Waits for something to be found, looking often. */
export async function found(look, what) {
  const endMs = nowMs() + LIMIT_MS;
  for (;;) {
    const it = look();
    if (it !== undefined) return it;
    if (nowMs() > endMs) throw new Error(`${what} within ${LIMIT_MS / 1000} s.`);
    await delay(LOOK_MS);
  }
}

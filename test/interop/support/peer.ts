import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { within } from '@tq/testkit';

export interface SideOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** A program of either side, in a process group of its own; disposing of it ends the group. */
export class Side implements AsyncDisposable {
  readonly child: ChildProcess;
  readonly #exited: Promise<unknown>;
  output = '';

  constructor(command: string, args: readonly string[], { cwd, env }: SideOptions) {
    this.child = spawn(command, args, {
      cwd,
      env: { ...cleanEnvironment(), ...env },
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#exited = new Promise((resolve) => {
      this.child.once('exit', resolve);
      this.child.once('error', (error) => {
        this.output += error.message;
        resolve(error);
      });
    });
    for (const stream of [this.child.stdout, this.child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => (this.output += text));
  }

  async says(words: RegExp | string, timeoutMs = 40_000): Promise<void> {
    for (const end = Date.now() + timeoutMs; Date.now() < end;) {
      if (typeof words === 'string' ? this.output.includes(words) : words.test(this.output)) return;
      if (this.child.exitCode !== null) break;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error(`It never said ${String(words)}:\n${this.output.slice(-4000)}`);
  }

  /** SIGKILL to all of it. */
  kill(signal: NodeJS.Signals = 'SIGKILL'): void {
    const { pid } = this.child;
    if (pid === undefined) return;
    try {
      process.kill(-pid, signal);
    } catch {
      // It has ended.
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.kill();
    await this.#exited;
  }
}

/** What Python tells of a result. */
export interface Told {
  readonly state: string;
  readonly result: unknown;
  readonly repr: string;
  readonly error: { readonly type: string; readonly args: readonly string[] } | null;
  readonly traceback: string | null;
  readonly children: readonly string[];
}

/** What Python has made of events, by node name and by id. */
export interface SeenCluster {
  readonly workers: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly tasks: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** A Python expression as a value. */
export function py(expression: string): { readonly $py: string } {
  return { $py: expression };
}

/** A Python client that does what it is told. */
export class Peer extends Side {
  readonly ready: Promise<void>;
  readonly #waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  #lastId = 0;

  constructor(command: string, args: readonly string[], options: SideOptions) {
    super(command, args, options);
    this.ready = new Promise((resolve, reject) => {
      const lines = createInterface({ input: this.child.stdout! });
      lines.on('line', (line) => {
        if (line.startsWith('{"ready"')) resolve();
        else if (line.startsWith('{"id"')) this.#hear(JSON.parse(line) as Answer);
      });
      lines.on('close', () => reject(new Error(`The Python client has ended:\n${this.output}`)));
    });
    this.ready.catch(() => undefined); // whoever waits for it hears
  }

  call(
    task: string,
    args: readonly unknown[] = [],
    options: Readonly<Record<string, unknown>> = {},
    kwargs: Readonly<Record<string, unknown>> = {},
  ): Promise<string> {
    return this.#ask('call', { task, args, kwargs, options: { queue: 'tq', ...options } });
  }

  /** Sends a work-flow that a Python expression builds; `s('tq.add', 1)` is a signature of either side. */
  canvas(
    expression: string,
    args: readonly unknown[] = [],
    options: Readonly<Record<string, unknown>> = {},
  ): Promise<string> {
    return this.#ask('canvas', { expression, args, options });
  }

  get(id: string, timeout = 20): Promise<Told> {
    return this.#ask('get', { id, timeout });
  }

  states(id: string): Promise<readonly (readonly [string, unknown])[]> {
    return this.#ask('states', { id });
  }

  /** What Python's own state of the cluster knows, once these tasks have ended and these workers were seen. */
  cluster(tasks: readonly string[], workers: readonly string[]): Promise<SeenCluster> {
    return this.#ask('cluster', { tasks, workers });
  }

  /** Calls and waits. */
  async result(...call: Parameters<Peer['call']>): Promise<Told> {
    return this.get(await this.call(...call));
  }

  #ask<T>(verb: string, args: Readonly<Record<string, unknown>>): Promise<T> {
    const id = ++this.#lastId;
    const answer = new Promise<unknown>((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
    this.child.stdin!.write(`${JSON.stringify({ id, verb, with: args })}\n`);
    return within(answer, 40_000, `Python's ${verb}`) as Promise<T>;
  }

  #hear({ id, value, error }: Answer): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) waiting?.resolve(value);
    else waiting?.reject(new Error(error));
  }
}

interface Answer {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: string;
}

function cleanEnvironment(): NodeJS.ProcessEnv {
  const ours = /^(npm_|NODE_|JEST_|TQ_|CELERY_|PYTHON)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !ours.test(name)));
}

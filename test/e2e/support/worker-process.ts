import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../../..');
export const bin = join(root, 'packages/cli/dist/bin.js');

type Environment = Readonly<Record<string, string | undefined>>;

export interface WorkplaceOptions {
  /** A folder of fixtures. @default app */
  readonly fixture?: string;
  /** Of the broker. @default an SQLite file */
  readonly broker?: string;
  /** Of the results. @default the broker's */
  readonly backend?: string;
  /** For its workers; undefined takes a variable away. */
  readonly env?: Environment;
}

/** A folder with the fixture app, where packages resolve as if installed. */
export class Workplace implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'tq-e2e-'));
  readonly ledgerFile = join(this.folder, 'ledger');
  readonly url: string;
  readonly backend: string;
  readonly #env: Environment;
  readonly #workers: WorkerProcess[] = [];

  constructor({ fixture = 'app', broker, backend, env = {} }: WorkplaceOptions = {}) {
    this.url = broker ?? `sqlite://${join(this.folder, 'queue.db')}`;
    this.backend = backend ?? this.url;
    this.#env = env;
    cpSync(join(import.meta.dirname, '../fixtures', fixture), join(this.folder, 'app'), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(this.folder, 'node_modules'));
  }

  get env(): NodeJS.ProcessEnv {
    return {
      ...process.env,
      NODE_OPTIONS: '',
      LEDGER: this.ledgerFile,
      TQ_BROKER_URL: this.url,
      TQ_RESULT_BACKEND: this.backend,
      PLACE_BROKER: this.url,
      PLACE_BACKEND: this.backend,
      NO_COLOR: '1',
      ...this.#env,
    };
  }

  /** Lines that tasks wrote outside of the system. */
  ledger(): string[] {
    try {
      return readFileSync(this.ledgerFile, 'utf8')
        .split('\n')
        .filter((line) => line !== '');
    } catch {
      return [];
    }
  }

  worker(...args: string[]): WorkerProcess {
    return this.workerWith({}, ...args);
  }

  /** With an environment of its own. */
  workerWith(env: Environment, ...args: string[]): WorkerProcess {
    const worker = new WorkerProcess(this, args, env);
    this.#workers.push(worker);
    return worker;
  }

  [Symbol.dispose](): void {
    for (const worker of this.#workers) worker.killAll();
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** A `tq worker` in a process group of its own. */
export class WorkerProcess {
  readonly child: ChildProcess;
  readonly exited: Promise<number | NodeJS.Signals>;
  output = '';

  constructor(place: Workplace, args: readonly string[], env: Environment = {}) {
    this.child = spawn(process.execPath, [bin, '-A', 'app/tq', 'worker', '-l', 'info', ...args], {
      cwd: place.folder,
      env: { ...place.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    this.exited = new Promise((resolve, reject) => {
      this.child.once('error', reject);
      this.child.once('exit', (code, signal) => resolve(code ?? (signal as NodeJS.Signals)));
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.setEncoding('utf8').on('data', (chunk: string) => (this.output += chunk));
    }
  }

  get pid(): number {
    return this.child.pid as number;
  }

  /** Waits for a text in the output. */
  async says(text: string | RegExp, timeoutMs = 20_000): Promise<void> {
    for (const end = Date.now() + timeoutMs; Date.now() < end;) {
      if (typeof text === 'string' ? this.output.includes(text) : text.test(this.output)) return;
      if (this.child.exitCode !== null) break;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    throw new Error(`The worker never said ${String(text)}:\n${this.output}`);
  }

  async ready(): Promise<this> {
    await this.says(' ready.', 60_000); // on a busy machine
    return this;
  }

  /** Processes of the worker's group that are alive. */
  children(): number[] {
    return processesOfGroup(this.pid).filter((pid) => pid !== this.pid);
  }

  /** The whole group at once: parent and children. */
  killAll(): void {
    try {
      process.kill(-this.pid, 'SIGKILL');
    } catch {
      // Nobody is left.
    }
  }
}

function processesOfGroup(group: number): number[] {
  return readdirPids().filter((pid) => {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return Number(fields[2]) === group && fields[0] !== 'Z';
    } catch {
      return false;
    }
  });
}

function readdirPids(): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0);
}

import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach } from '@jest/globals';
import { within } from '@tq/testkit';

interface Word {
  readonly ready?: true;
  readonly id?: number;
  readonly value?: unknown;
  readonly error?: { readonly name: string; readonly code?: string; readonly message: string };
  readonly [other: string]: unknown;
}

/** What a child took. */
export interface ChildTaken {
  readonly tag: string;
  readonly text: string;
  readonly deliveries: number;
  readonly redelivered: boolean;
}

const running = new Set<Child>();

afterEach(async () => {
  for (const child of running) await child.kill();
});

/** A process of its own on a queue file. Killed at the end of its test, if not before. */
export class Child {
  readonly process: ChildProcess;
  readonly exited: Promise<unknown>;
  readonly words: Word[] = [];
  readonly #waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  #lastId = 0;

  private constructor(process: ChildProcess) {
    this.process = process;
    this.exited = once(process, 'exit');
    process.on('message', (word: Word) => this.#hear(word));
  }

  static async start(): Promise<Child> {
    const process = fork(fileURLToPath(new URL('child.mjs', import.meta.url)), { execArgv: [] });
    const child = new Child(process);
    running.add(child);
    await within(once(process, 'message'), 20_000, 'the child to start');
    return child;
  }

  /** A child with the file open. */
  static async on(url: URL, options: Readonly<Record<string, unknown>> = {}): Promise<Child> {
    const child = await Child.start();
    await child.do('open', url.href, options);
    return child;
  }

  do<T = unknown>(verb: string, ...args: readonly unknown[]): Promise<T> {
    const id = ++this.#lastId;
    const answer = new Promise<unknown>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
    });
    this.process.send([id, verb, args]);
    return within(answer, 60_000, `a child's ${verb}`) as Promise<T>;
  }

  /** Begins what has no end, or whose end nobody waits for. */
  begin(verb: string, ...args: readonly unknown[]): void {
    this.process.send([0, verb, args]);
  }

  /** All that the child has told under a name. */
  told(name: string): string[] {
    return this.words.flatMap((word) => (word[name] as readonly string[] | undefined) ?? []);
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    running.delete(this);
    this.process.kill(signal);
    if (this.process.exitCode === null && this.process.signalCode === null) await this.exited;
  }

  #hear(word: Word): void {
    const waiting = word.id === undefined ? undefined : this.#waiting.get(word.id);
    if (!waiting) this.words.push(word);
    else if (word.error) waiting.reject(Object.assign(new Error(word.error.message), word.error));
    else waiting.resolve(word.value);
  }
}

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { ClosedError, ImproperlyConfigured } from '@tq/core';
import { deferred, toError } from '@tq/core/internal';
import type { Deferred } from '@tq/core/internal';
import type { Failure } from './failure.ts';
import { END_AT_ONCE } from './wire.ts';
import type { CallName, Calls, Report, Request, ThreadData } from './wire.ts';

/** The thread has said no. Its message says what happened to the file and what to do. */
export class ThreadFailure extends Error {
  readonly code: string;

  constructor(failure: Failure) {
    super(failure.message);
    this.name = 'ThreadFailure';
    this.code = failure.code;
  }
}

type Listener = (report: Report) => void;

/** How long the thread may take to end when it is asked to. */
const END_MS = 5000;
/** And when it has to. */
const GIVE_UP_MS = 2000;

/**
 * The process's end of the thread. What is asked in one tick goes over in one message. Keeps the process alive while
 * it waits for an answer, and only then.
 */
export class Link {
  /** Resolves, never rejects, when the thread is gone: `undefined` after `end()`, otherwise the reason. */
  readonly closed: Promise<Error | undefined>;
  readonly opened: Promise<void>;
  readonly #worker: Worker;
  readonly #file: string;
  readonly #closed = deferred<Error | undefined>();
  readonly #opened = deferred();
  readonly #pending = new Map<number, Deferred<never>>();
  readonly #listeners = new Set<Listener>();
  readonly #holds = new Set<object>();
  #outbox: Request[] = [];
  #lastId = 0;
  #ending = false;
  #over = false;
  /** Runs while the thread is to end at once. */
  #given: NodeJS.Timeout | undefined;
  #reason: Error | undefined;

  constructor(data: ThreadData) {
    this.#file = data.file;
    this.closed = this.#closed.promise;
    this.opened = this.#opened.promise;
    this.#worker = new Worker(threadEntry(), { workerData: data, execArgv: [], name: 'tq sqlite' });
    this.#worker.on('message', (report: Report) => this.#onReport(report));
    this.#worker.on('error', (error) => this.#lose(error));
    this.#worker.on('messageerror', (error) => this.#lose(error));
    this.#worker.on('exit', (code) => this.#onExit(code));
  }

  /** Whether the thread is lost, or has ended: whatever is asked now is refused. */
  get over(): boolean {
    return this.#over;
  }

  /** Asks the thread. */
  call<K extends CallName>(name: K, args: Parameters<Calls[K]>): Promise<ReturnType<Calls[K]>> {
    return this.request(name, args).answer;
  }

  /** As `call`, with the number by which a `take` can be cancelled. */
  request<K extends CallName>(
    name: K,
    args: Parameters<Calls[K]>,
  ): { readonly id: number; readonly answer: Promise<ReturnType<Calls[K]>> } {
    const id = ++this.#lastId;
    if (this.#over) return { id, answer: Promise.reject(this.#reason ?? new ClosedError('The queue file')) };
    const answer = deferred<ReturnType<Calls[K]>>();
    if (this.#pending.size === 0) this.#worker.ref();
    this.#pending.set(id, answer as unknown as Deferred<never>);
    this.#send([id, name, args]);
    return { id, answer: answer.promise };
  }

  /** Tells the thread, and expects no answer. */
  tell<K extends CallName>(name: K, args: Parameters<Calls[K]>): void {
    if (!this.#over) this.#send([0, name, args]);
  }

  /** Keeps the process alive for something that comes unasked, until it is released. */
  hold(): () => void {
    const hold = {};
    this.#holds.add(hold);
    this.#worker.ref();
    return () => {
      if (this.#holds.delete(hold)) this.#rest();
    };
  }

  /** Hears what the thread says unasked. */
  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Lets the thread finish and end. Settles always. */
  async end(): Promise<void> {
    await Promise.allSettled([...this.#pending.values()].map((each) => each.promise));
    this.#ending = true;
    this.tell('close', []);
    this.#worker.ref();
    const late = setTimeout(() => this.kill(), END_MS);
    await this.closed;
    clearTimeout(late);
  }

  /**
   * Ends the thread as soon as it has done what it does. By its own hand: a thread that is ended from outside in the middle of a
   * native call aborts the whole process. One that never returns is given up.
   */
  kill(): void {
    if (this.#given) return;
    this.#worker.postMessage(END_AT_ONCE);
    this.#given = setTimeout(() => {
      this.#worker.unref();
      this.#onExit(1);
    }, GIVE_UP_MS);
  }

  #send(request: Request): void {
    if (this.#outbox.push(request) === 1) process.nextTick(() => this.#flush());
  }

  #flush(): void {
    const requests = this.#outbox;
    this.#outbox = [];
    this.#worker.postMessage(requests);
  }

  #onReport(report: Report): void {
    if (report.opened) this.#opened.resolve();
    if (report.ping) this.tell('pong', []);
    if (report.failed) this.#lose(new ThreadFailure(report.failed));
    for (const [id, value, failure] of report.replies) {
      const answer = this.#pending.get(id);
      this.#pending.delete(id);
      if (failure) answer?.reject(new ThreadFailure(failure));
      else answer?.resolve(value as never);
    }
    this.#rest();
    if (report.heard || report.news) for (const listener of this.#listeners) listener(report);
  }

  /** Nobody waits for anything: the process may end. */
  #rest(): void {
    if (this.#pending.size === 0 && this.#holds.size === 0 && !this.#ending) this.#worker.unref();
  }

  #onExit(code: number): void {
    clearTimeout(this.#given);
    const unasked = new Error(`The thread that serves ${this.#file} has ended (${code}).`);
    this.#finish(this.#ending ? undefined : unasked);
    this.#closed.resolve(this.#reason);
  }

  /** The thread is of no use any more; it ends by itself, or has ended. */
  #lose(error: unknown): void {
    this.#finish(toError(error));
    this.kill();
  }

  #finish(reason: Error | undefined): void {
    if (this.#over) return;
    this.#over = true;
    this.#reason = reason;
    const left = [...this.#pending.values()];
    this.#pending.clear();
    for (const answer of left) answer.reject(reason ?? new ClosedError('The queue file'));
    this.#opened.reject(reason ?? new ClosedError('The queue file'));
  }
}

/** From the sources (tests), the thread still runs from the built files: Node does not run TypeScript. */
function threadEntry(): URL {
  if (!import.meta.url.endsWith('.ts')) return new URL('./thread.js', import.meta.url);
  const built = new URL('../dist/thread.js', import.meta.url);
  if (existsSync(fileURLToPath(built))) return built;
  throw new ImproperlyConfigured(
    '@tq/sqlite is used from its sources, and the thread for its database has not been built. Run: npx tsc -b packages/sqlite',
  );
}

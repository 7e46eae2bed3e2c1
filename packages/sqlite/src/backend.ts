import { BackendUnavailableError, ClosedError, TqError } from '@tq/core';
import type { BackendDriver, BackendOptions, Encoded, ResultBackend, TaskMeta } from '@tq/core';
import { chordLeaseMs, decodeMeta, encodeMeta, isFinal, toError } from '@tq/core/internal';
import { SqliteGroups } from './group-store.ts';
import { Lifeline } from './lifeline.ts';
import type { Line } from './lifeline.ts';
import { ThreadFailure } from './link.ts';
import { shareLink } from './links.ts';
import type { Share } from './links.ts';
import { locate, placeOf } from './location.ts';
import { ResultBatch } from './result-batch.ts';
import type { Ask, CallName, Calls } from './wire.ts';

/** Results in an SQLite file, usually the one that the queues are in. */
export const sqliteBackend: BackendDriver = {
  place: placeOf,
  async connect(url: URL, options: BackendOptions): Promise<ResultBackend> {
    try {
      const location = locate(url, options.options);
      const join = (): Promise<Share> => shareLink(location, options.timeoutMs);
      const lifeline = new Lifeline({ share: await join(), join, unavailable });
      return new SqliteBackend(lifeline, {
        expiresMs: options.expiresMs,
        leaseMs: chordLeaseMs(url, options.options),
      });
    } catch (error) {
      throw unavailable(error);
    }
  },
};

/** How long things last. Milliseconds. */
export interface SqliteLives {
  /** A result after its last change; undefined = for ever. */
  readonly expiresMs: number | undefined;
  /** A claim on the body of a chord. */
  readonly leaseMs: number;
}

/** The result side of a file. Calls of one tick go over together; nothing is polled. */
export class SqliteBackend implements ResultBackend {
  readonly traits = { driver: 'sqlite', persistent: true, expiresByItself: true };
  readonly groups: SqliteGroups;
  readonly #lifeline: Lifeline;
  readonly #batch: ResultBatch;
  readonly #expiresMs: number | undefined;
  #disposing: Promise<void> | undefined;

  constructor(lifeline: Lifeline, { expiresMs, leaseMs }: SqliteLives) {
    const ask: Ask = (name, ...args) => this.#ask(name, args);
    this.#lifeline = lifeline;
    this.#expiresMs = expiresMs;
    this.#batch = new ResultBatch((rows) => this.#send('keep', [rows]));
    this.groups = new SqliteGroups(ask, { expiresAt: () => this.#expiresAt(), leaseMs });
  }

  /** Results stay, so none can be missed. */
  expect(): Promise<void> | undefined {
    return this.#disposing && Promise.reject(closed());
  }

  store(meta: TaskMeta<Encoded>): Promise<void> {
    try {
      this.#ensureOpen();
      return this.#batch.add([meta.taskId, meta.status, encodeMeta(meta), this.#expiresAt()]);
    } catch (error) {
      return Promise.reject(toError(error));
    }
  }

  async load(taskId: string): Promise<TaskMeta | undefined> {
    const row = await this.#ask('load', [taskId]);
    return row && decodeMeta(row[2]);
  }

  async *watch(taskId: string, { signal }: { readonly signal: AbortSignal }): AsyncIterable<TaskMeta> {
    this.#ensureOpen();
    const { watches } = await this.#line();
    if (signal.aborted) return;
    for await (const text of watches.watch(taskId, signal)) {
      const meta = decodeMeta(text);
      yield meta;
      if (isFinal(meta.status)) return;
    }
  }

  async forget(taskId: string): Promise<void> {
    await this.#ask('forget', [taskId]);
  }

  /** What was given before is stored. Settles always. */
  [Symbol.asyncDispose](): Promise<void> {
    return (this.#disposing ??= this.#dispose());
  }

  async #dispose(): Promise<void> {
    this.#lifeline.endWatches(closed());
    await this.#batch.flush();
    await this.#lifeline.close();
  }

  #expiresAt(): number | null {
    return this.#expiresMs === undefined ? null : Date.now() + this.#expiresMs;
  }

  #ask<K extends CallName>(name: K, args: Parameters<Calls[K]>): Promise<ReturnType<Calls[K]>> {
    if (this.#disposing) return Promise.reject(closed());
    return this.#send(name, args);
  }

  async #send<K extends CallName>(name: K, args: Parameters<Calls[K]>): Promise<ReturnType<Calls[K]>> {
    try {
      return await this.#call(name, args);
    } catch (error) {
      // Refused before anything was done: the new file takes it.
      if (error instanceof ThreadFailure && error.code === 'REPLACED')
        return await this.#callAgain(name, args);
      throw unavailable(error);
    }
  }

  async #callAgain<K extends CallName>(name: K, args: Parameters<Calls[K]>): Promise<ReturnType<Calls[K]>> {
    try {
      return await this.#call(name, args);
    } catch (error) {
      throw unavailable(error);
    }
  }

  async #call<K extends CallName>(name: K, args: Parameters<Calls[K]>): Promise<ReturnType<Calls[K]>> {
    const line = this.#lifeline.current;
    const { share } = line instanceof Promise ? await line : line;
    return await share.link.call(name, args);
  }

  async #line(): Promise<Line> {
    try {
      return await this.#lifeline.current;
    } catch (error) {
      throw unavailable(error);
    }
  }

  #ensureOpen(): void {
    if (this.#disposing) throw closed();
  }
}

function closed(): ClosedError {
  return new ClosedError('The result backend');
}

function unavailable(error: unknown): TqError {
  if (error instanceof TqError) return error;
  return new BackendUnavailableError(toError(error).message, { cause: error });
}

import { setMaxListeners } from 'node:events';
import { ClosedError } from '@tq/core';
import type {
  BackendDriver,
  BackendOptions,
  Encoded,
  GroupStore,
  ReplyRoute,
  ResultBackend,
  TaskMeta,
} from '@tq/core';
import { chordLeaseMs, decodeMeta, deferred, encodeMeta, isFinal, toError } from '@tq/core/internal';
import type { Deferred } from '@tq/core/internal';
import { MemoryGroups } from './groups.ts';
import type { Life } from './groups.ts';
import { MemoryResults } from './results.ts';
import type { StoredMeta } from './results.ts';
import { nameOf } from './transport.ts';

const stores = new Map<string, MemoryResults>();

/** Results in this very process. `memory://name`: equal names see the same results. */
export const memoryBackend: BackendDriver = {
  async connect(url, options) {
    const name = nameOf(url);
    const results = stores.get(name) ?? new MemoryResults();
    stores.set(name, results);
    return new MemoryBackend(results, options, chordLeaseMs(url, options.options));
  },
};

/** Forgets the results of one name, or of all. */
export function resetResults(name?: string): void {
  for (const [each, results] of stores) if (name === undefined || each === name) results.clear();
}

/** What was stored in one tick. */
interface Batch {
  readonly metas: [taskId: string, stored: StoredMeta][];
  readonly done: Deferred<void>;
}

class MemoryBackend implements ResultBackend {
  readonly traits = { driver: 'memory', persistent: true, expiresByItself: true };
  readonly groups: GroupStore;
  readonly #results: MemoryResults;
  readonly #options: BackendOptions;
  readonly #gone = new AbortController();
  #batch: Batch | undefined;

  constructor(results: MemoryResults, options: BackendOptions, leaseMs: number) {
    this.#results = results;
    this.#options = options;
    setMaxListeners(0, this.#gone.signal); // one for each watcher
    this.groups = new MemoryGroups(results.groups, () => this.#life(), leaseMs);
  }

  expect(): Promise<void> | undefined {
    try {
      this.#life();
      return undefined;
    } catch (error) {
      return Promise.reject(toError(error));
    }
  }

  store(meta: TaskMeta<Encoded>, _route: ReplyRoute): Promise<void> {
    try {
      this.#life();
      const stored = { status: meta.status, text: encodeMeta(meta) };
      const batch = (this.#batch ??= this.#newBatch());
      batch.metas.push([meta.taskId, stored]);
      return batch.done.promise;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async load(taskId: string): Promise<TaskMeta | undefined> {
    const stored = this.#results.metas.get(taskId, this.#life().nowMs);
    return stored && decodeMeta(stored.text);
  }

  async *watch(taskId: string, options: { readonly signal: AbortSignal }): AsyncGenerator<TaskMeta> {
    const { signal } = options;
    const came: StoredMeta[] = [];
    let wake = (): void => undefined;
    const onStored = (stored: StoredMeta): void => {
      came.push(stored);
      wake();
    };
    const present = this.#results.metas.get(taskId, this.#life().nowMs);
    if (present) came.push(present);
    this.#subscribe(taskId, onStored);
    const awake = new AbortController();
    for (const stop of [signal, this.#gone.signal])
      stop.addEventListener('abort', () => wake(), { signal: awake.signal });
    try {
      while (!signal.aborted) {
        this.#life(); // throws once closed
        const stored = came.shift();
        if (stored) {
          yield decodeMeta(stored.text);
          if (isFinal(stored.status)) return;
          continue;
        }
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    } finally {
      awake.abort();
      this.#unsubscribe(taskId, onStored);
    }
  }

  async forget(taskId: string): Promise<void> {
    this.#life();
    this.#results.metas.delete(taskId);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#write();
    this.#gone.abort();
  }

  /** Now, and for how long. */
  #life(): Life {
    if (this.#gone.signal.aborted) throw new ClosedError('The memory result backend');
    return { nowMs: this.#options.clock.now(), expiresMs: this.#options.expiresMs };
  }

  #newBatch(): Batch {
    setImmediate(() => this.#write());
    return { metas: [], done: deferred() };
  }

  #write(): void {
    const batch = this.#batch;
    this.#batch = undefined;
    for (const [taskId, stored] of batch?.metas ?? []) this.#keep(taskId, stored);
    batch?.done.resolve();
  }

  #keep(taskId: string, stored: StoredMeta): void {
    const life = this.#life();
    if (this.#results.metas.get(taskId, life.nowMs)?.status === 'SUCCESS') return;
    this.#results.metas.set(taskId, stored, life);
    for (const onStored of this.#results.watchers.get(taskId) ?? []) onStored(stored);
  }

  #subscribe(taskId: string, onStored: (stored: StoredMeta) => void): void {
    const watchers = this.#results.watchers.get(taskId) ?? new Set();
    this.#results.watchers.set(taskId, watchers.add(onStored));
  }

  #unsubscribe(taskId: string, onStored: (stored: StoredMeta) => void): void {
    const watchers = this.#results.watchers.get(taskId);
    watchers?.delete(onStored);
    if (watchers?.size === 0) this.#results.watchers.delete(taskId);
  }
}

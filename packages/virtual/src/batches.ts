import { deferred } from '@tq/core/internal';
import type { Deferred } from '@tq/core/internal';

interface Batch<T> {
  readonly items: T[];
  readonly done: Deferred<void>;
}

/**
 * Sends things in batches: what is added in one turn of the event loop, and whatever is added while a batch is on its
 * way, travels together. One batch at a time, so that the order is kept.
 */
export class Batches<T> {
  readonly #send: (items: readonly T[]) => Promise<void>;
  readonly #max: number;
  readonly #waiting: Batch<T>[] = [];
  #current: Batch<T> | undefined;
  #scheduled = false;

  constructor(options: { readonly max: number; send(items: readonly T[]): Promise<void> }) {
    this.#max = options.max;
    this.#send = (items) => options.send(items);
  }

  /** The promise is shared by the whole batch and settles with it. */
  add(item: T): Promise<void> {
    let batch = this.#waiting.at(-1);
    if (!batch || batch.items.length >= this.#max) {
      batch = { items: [], done: deferred() };
      this.#waiting.push(batch);
    }
    batch.items.push(item);
    this.#schedule();
    return batch.done.promise;
  }

  /** Resolves when everything added so far is through, whatever became of it. */
  async flush(): Promise<void> {
    const batches = this.#current ? [this.#current, ...this.#waiting] : this.#waiting;
    await Promise.allSettled(batches.map((batch) => batch.done.promise));
  }

  /** Sends no more. What isn't through by now is rejected with the reason, or just let go without one. */
  abandon(reason: Error | undefined): void {
    const left = this.#waiting.splice(0);
    if (this.#current) left.push(this.#current);
    for (const batch of left) {
      if (reason) batch.done.reject(reason);
      else batch.done.resolve();
    }
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => void this.#drain());
  }

  async #drain(): Promise<void> {
    for (let batch = this.#waiting.shift(); batch; batch = this.#waiting.shift()) {
      this.#current = batch;
      try {
        await this.#send(batch.items);
        batch.done.resolve();
      } catch (error) {
        batch.done.reject(error);
      }
    }
    this.#current = undefined;
    this.#scheduled = false;
  }
}

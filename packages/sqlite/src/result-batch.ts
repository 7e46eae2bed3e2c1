import { deferred } from '@tq/core/internal';
import type { Deferred } from '@tq/core/internal';
import type { KeptRow } from './results.ts';

/** What is stored in one turn of the event loop is written in one step, and shares one promise. */
export class ResultBatch {
  readonly #keep: (rows: readonly KeptRow[]) => Promise<void>;
  readonly #sent = new Set<Promise<void>>();
  #rows: KeptRow[] = [];
  #done: Deferred<void> | undefined;

  constructor(keep: (rows: readonly KeptRow[]) => Promise<void>) {
    this.#keep = keep;
  }

  add(row: KeptRow): Promise<void> {
    this.#rows.push(row);
    if (!this.#done) {
      this.#done = deferred();
      setImmediate(() => this.#send());
    }
    return this.#done.promise;
  }

  /** Resolves when everything given so far has been written, or refused. */
  async flush(): Promise<void> {
    this.#send();
    await Promise.allSettled(this.#sent);
  }

  #send(): void {
    const done = this.#done;
    if (!done) return;
    this.#done = undefined;
    this.#sent.add(done.promise);
    void this.#write(this.#rows.splice(0), done); // never rejects
  }

  async #write(rows: readonly KeptRow[], done: Deferred<void>): Promise<void> {
    try {
      await this.#keep(rows);
      done.resolve();
    } catch (error) {
      done.reject(error);
    } finally {
      this.#sent.delete(done.promise);
    }
  }
}

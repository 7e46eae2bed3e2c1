import type { App } from '@tq/core';

/** Publishes all the time, as a busy client does: one call for each queue now and then, whatever became of those before. */
export class Load {
  /** Calls that the broker has taken responsibility for. */
  readonly confirmed = new Set<string>();
  /** Calls that failed: they may run, or not. */
  readonly failed = new Map<string, Error>();
  /** When each call was made. */
  readonly madeAtMs = new Map<string, number>();
  readonly #calls = new Set<Promise<void>>();
  readonly #timer: NodeJS.Timeout;
  #serial = 0;

  constructor(app: App, queues: readonly string[], everyMs: number) {
    this.#timer = setInterval(() => {
      this.#serial += 1;
      for (const queue of queues) this.#call(app, queue, `${queue} ${this.#serial}`);
    }, everyMs);
  }

  /** Resolves when the fate of every call is known. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#calls);
  }

  #call(app: App, queue: string, words: string): void {
    this.madeAtMs.set(words, Date.now());
    const call = this.#send(app, queue, words).finally(() => this.#calls.delete(call));
    this.#calls.add(call);
  }

  async #send(app: App, queue: string, words: string): Promise<void> {
    try {
      await app.sendTask('outage.note', [words], { queue, ignoreResult: true });
      this.confirmed.add(words);
    } catch (error) {
      this.failed.set(words, error as Error);
    }
  }
}

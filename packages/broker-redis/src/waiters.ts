interface Waiter {
  readonly keys: ReadonlySet<string>;
  wake(): void;
}

/**
 * Who waits for which lists. The server tells of the next change of every list that was read, to whomever and by
 * whomever (`CLIENT TRACKING`); nothing has to be taken off a list to learn that it isn't empty any more.
 */
export class Waiters {
  readonly #waiting = new Set<Waiter>();
  /** Keys that anybody has asked for; the server may tell of others, too. */
  readonly #heeded = new Set<string>();
  #changes = 0;

  /** Changes of these keys count from now on. */
  heed(keys: readonly string[]): void {
    for (const key of keys) this.#heeded.add(key);
  }

  /** Grows with every change that counts; whoever reads it before looking knows whether to look again. */
  get changes(): number {
    return this.#changes;
  }

  changed(key: string): void {
    if (!this.#heeded.has(key)) return;
    this.#changes += 1;
    for (const waiter of this.#waiting) if (waiter.keys.has(key)) waiter.wake();
  }

  allChanged(): void {
    this.#changes += 1;
    for (const waiter of this.#waiting) waiter.wake();
  }

  /** Resolves with true when a key has changed, with false when time is up or the signal says so. */
  wait(keys: ReadonlySet<string>, ms: number, signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const end = (woken: boolean): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', stop);
        this.#waiting.delete(waiter);
        resolve(woken);
      };
      const stop = (): void => end(false);
      const waiter = { keys, wake: () => end(true) };
      const timer = setTimeout(stop, ms);
      if (signal.aborted) return end(false);
      signal.addEventListener('abort', stop);
      this.#waiting.add(waiter);
    });
  }
}

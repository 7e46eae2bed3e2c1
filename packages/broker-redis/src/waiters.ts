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
  #changes = 0;

  /** Grows with every change; whoever reads it before looking knows whether to look again. */
  get changes(): number {
    return this.#changes;
  }

  changed(key: string): void {
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

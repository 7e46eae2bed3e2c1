interface Entry {
  readonly atMs: number;
  expire(): void;
}

/** Time-outs of many promises with one timer. */
export class Deadlines {
  readonly #waiting = new Set<Entry>();
  #timer: NodeJS.Timeout | undefined;

  /**
   * The same promise, rejected with `makeError()` when it hasn't settled after `ms`. If it fails before, `rescue` may begin
   * something else in its place.
   */
  guard<T>(
    work: Promise<T>,
    ms: number,
    makeError: () => Error,
    rescue?: (error: unknown) => Promise<T>,
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const entry: Entry = { atMs: performance.now() + ms, expire: () => reject(makeError()) };
      this.#add(entry, ms);
      const succeed = (value: T): void => {
        this.#remove(entry);
        resolve(value);
      };
      const fail = (error: unknown): void => {
        this.#remove(entry);
        reject(error as Error);
      };
      work.then(succeed, rescue ? (error: unknown) => void rescue(error).then(succeed, fail) : fail);
    });
  }

  #add(entry: Entry, ms: number): void {
    this.#waiting.add(entry);
    if (!this.#timer) this.#arm(ms);
    else if (this.#waiting.size === 1) this.#timer.ref();
  }

  #remove(entry: Entry): void {
    this.#waiting.delete(entry);
    // The timer runs on, so that a stream of short calls doesn't set and clear one each; but nothing waits for it.
    if (this.#waiting.size === 0) this.#timer?.unref();
  }

  /** Looks after a quarter of a second at the latest, then 20 times a second while somebody waits: nobody's time-out is late by more. */
  #arm(ms: number): void {
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        const now = performance.now();
        for (const entry of this.#waiting) {
          if (entry.atMs > now) continue;
          this.#waiting.delete(entry);
          entry.expire();
        }
        if (this.#waiting.size > 0) this.#arm(50);
      },
      Math.min(ms, 250),
    );
  }
}

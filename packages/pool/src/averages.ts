/** Names remembered; a pool rarely sees more, and then the oldest goes. */
const MOST = 2000;

/** A running average for each task name: how long its jobs hold a slot. */
export class Averages {
  readonly #ms = new Map<string, number>();

  /** Milliseconds, or undefined before the first job. */
  of(task: string): number | undefined {
    return this.#ms.get(task);
  }

  /** Rises fast and falls slowly: a task that is sometimes slow is no short task. */
  add(task: string, ms: number): void {
    const before = this.#ms.get(task);
    if (before === undefined) {
      if (this.#ms.size >= MOST) this.#ms.delete(this.#ms.keys().next().value as string);
      this.#ms.set(task, ms);
    } else {
      this.#ms.set(task, before + (ms - before) * (ms > before ? 0.3 : 0.1));
    }
  }
}

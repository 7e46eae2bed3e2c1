import { LATE_MS } from '@tq/virtual';

interface Life {
  readonly expiresMs: number;
  /** When to look at the queue again. Unix milliseconds. */
  lookMs: number;
  /** Since when it is gone; undefined while it is there. */
  goneMs: number | undefined;
}

/** The queues that go when nobody uses them, and those that have gone lately. */
export class Lives {
  readonly #lives = new Map<string, Life>();

  declare(queue: string, expiresMs: number | undefined, nowMs: number): void {
    if (expiresMs === undefined) this.#lives.delete(queue);
    else this.#lives.set(queue, { expiresMs, lookMs: nowMs + expiresMs, goneMs: undefined });
  }

  use(queue: string, nowMs: number): number | undefined {
    const expiresMs = this.#lives.get(queue)?.expiresMs;
    if (expiresMs !== undefined) this.declare(queue, expiresMs, nowMs);
    return expiresMs;
  }

  /** The queue was removed. */
  dropped(queue: string, nowMs: number): void {
    const life = this.#lives.get(queue);
    if (!life) return;
    life.goneMs ??= nowMs;
    const sinceMs = nowMs - life.goneMs;
    life.lookMs = nowMs + Math.max(sinceMs, life.expiresMs);
    if (sinceMs > LATE_MS) this.#lives.delete(queue);
  }

  /** Queues to remove now, and whether each is there at all. */
  overdue(nowMs: number): readonly { readonly queue: string; readonly there: boolean }[] {
    return [...this.#lives]
      .filter(([, life]) => life.lookMs <= nowMs)
      .map(([queue, life]) => ({ queue, there: life.goneMs === undefined }));
  }

  clear(): void {
    this.#lives.clear();
  }
}

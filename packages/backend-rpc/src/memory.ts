import type { Clock } from '@tq/core';
import { decodeMeta } from '@tq/core/internal';

interface Entry {
  readonly text: string;
  readonly untilMs: number;
}

export interface MemoryLimits {
  /** Life of a result after its last change; undefined = for ever. Milliseconds. */
  readonly expiresMs: number | undefined;
  readonly maxResults: number;
  readonly maxSize: number;
}

/** The answers that have come, as text: decoded by whoever reads them. The oldest go when there are too many. */
export class Memory {
  readonly #clock: Clock;
  readonly #limits: MemoryLimits;
  /** The least recently changed first, which is also the first to expire. */
  readonly #entries = new Map<string, Entry>();
  #size = 0;

  constructor(clock: Clock, limits: MemoryLimits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  get(taskId: string): string | undefined {
    const entry = this.#entries.get(taskId);
    return entry && entry.untilMs > this.#clock.monotonic() ? entry.text : undefined;
  }

  /** Whether it is news: nothing follows a SUCCESS, and a message may come twice. */
  keep(taskId: string, text: string): boolean {
    const before = this.get(taskId);
    if (before !== undefined && (before === text || decodeMeta(before).status === 'SUCCESS')) return false;
    this.forget(taskId);
    const untilMs = this.#clock.monotonic() + (this.#limits.expiresMs ?? Infinity);
    this.#entries.set(taskId, { text, untilMs });
    this.#size += text.length;
    this.#trim();
    return true;
  }

  forget(taskId: string): void {
    const entry = this.#entries.get(taskId);
    if (!entry) return;
    this.#size -= entry.text.length;
    this.#entries.delete(taskId);
  }

  #trim(): void {
    const { maxResults, maxSize } = this.#limits;
    const nowMs = this.#clock.monotonic();
    for (const [taskId, { untilMs }] of this.#entries) {
      if (untilMs > nowMs && this.#entries.size <= maxResults && this.#size <= maxSize) return;
      this.forget(taskId);
    }
  }
}

import TinyQueue from 'tinyqueue';
import type { Clock } from '@tq/core';

interface Entry<T> {
  readonly atMs: number;
  readonly order: number;
  readonly item: T;
}

/** Items waiting for their moment, the earliest first. Wakes once, for the earliest. */
export class Timetable<T> {
  readonly #clock: Clock;
  readonly #onDue: (item: T) => void;
  #waiting = new TinyQueue<Entry<T>>([], compare);
  #order = 0;
  #timer: NodeJS.Timeout | undefined;
  #wakesAtMs = Infinity;

  constructor(options: { readonly clock: Clock; readonly onDue: (item: T) => void }) {
    this.#clock = options.clock;
    this.#onDue = options.onDue;
  }

  get size(): number {
    return this.#waiting.length;
  }

  add(item: T, atMs: number): void {
    this.#waiting.push({ atMs, order: this.#order++, item });
    this.#arm();
  }

  /** What waits, the next one first. */
  get entries(): readonly { readonly item: T; readonly atMs: number }[] {
    return [...this.#waiting.data].sort(compare);
  }

  /** Takes out what fits, in order. */
  take(fits: (item: T) => boolean): T[] {
    const all = this.entries as Entry<T>[];
    const taken = all.filter(({ item }) => fits(item));
    if (taken.length === 0) return [];
    const left = new Set(taken);
    this.#waiting = new TinyQueue(
      all.filter((entry) => !left.has(entry)),
      compare,
    );
    this.#arm();
    return taken.map(({ item }) => item);
  }

  /** Takes out everything that still waits, in order. */
  clear(): T[] {
    const items: T[] = [];
    for (let entry = this.#waiting.pop(); entry; entry = this.#waiting.pop()) items.push(entry.item);
    this.#arm();
    return items;
  }

  #arm(): void {
    const next = this.#waiting.peek();
    if (next && this.#timer && this.#wakesAtMs <= next.atMs) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (!next) return;
    this.#wakesAtMs = next.atMs;
    this.#timer = setTimeout(
      () => this.#release(),
      Math.min(MAX_TIMEOUT_MS, Math.max(0, Math.ceil(next.atMs - this.#clock.now()))),
    );
  }

  #release(): void {
    this.#timer = undefined;
    const now = this.#clock.now();
    for (let next = this.#waiting.peek(); next && next.atMs <= now; next = this.#waiting.peek()) {
      this.#waiting.pop();
      this.#onDue(next.item);
    }
    this.#arm();
  }
}

/** Node's timers hold 31 bits of milliseconds. Waking an hour early now and then also follows a clock that was set. */
const MAX_TIMEOUT_MS = 3_600_000;

function compare(a: Entry<unknown>, b: Entry<unknown>): number {
  return a.atMs - b.atMs || a.order - b.order;
}

import { randomUUID } from 'node:crypto';

/** Delivery tags: they look like UUIDs to peers, are as unique, and cost less. */
export class Tags {
  /** What all have in front of their number. */
  readonly base = randomUUID().slice(0, 24);
  #serial = 0;

  next(): string {
    this.#serial += 1;
    return this.base + this.#serial.toString(16).padStart(12, '0');
  }

  /** Sets so many numbers aside, for a script that makes tags itself: those behind this one. */
  reserve(count: number): number {
    const before = this.#serial;
    this.#serial += count;
    return before;
  }
}

/** Lamport's logical clock: orders the events of a cluster without synchronised time. */
export class LamportClock {
  #value = 0;

  /** The present moment. */
  get value(): number {
    return this.#value;
  }

  /** The next moment, for something that happens here. */
  forward(): number {
    return ++this.#value;
  }

  /** Takes over a moment seen in a message; what is no moment counts as none. */
  adjust(other: number): number {
    this.#value = Math.max(this.#value, Number.isSafeInteger(other) ? other : 0) + 1;
    return this.#value;
  }
}

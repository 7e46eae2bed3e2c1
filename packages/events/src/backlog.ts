/** Things that wait to be sent: at most so many, the oldest are dropped and counted. */
export class Backlog<T> {
  readonly #limit: number;
  #items: T[] = [];
  #dropped = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#items.length;
  }

  /** How many were dropped so far. */
  get dropped(): number {
    return this.#dropped;
  }

  add(item: T): void {
    this.#items.push(item);
    // Half of what is too much goes at once: taking one off the front each time would move all the others.
    if (this.#items.length > this.#limit) this.#drop(this.#items.length - Math.ceil(this.#limit / 2));
  }

  take(max: number): T[] {
    if (this.#items.length <= max) {
      const all = this.#items;
      this.#items = [];
      return all;
    }
    return this.#items.splice(0, max);
  }

  /** Puts back what could not be sent. */
  putBack(items: readonly T[]): void {
    this.#items = [...items, ...this.#items];
    if (this.#items.length > this.#limit) this.#drop(this.#items.length - this.#limit);
  }

  /** Nobody wants them; that isn't a loss. */
  clear(): void {
    this.#items = [];
  }

  lost(count: number): void {
    this.#dropped += count;
  }

  #drop(count: number): void {
    this.#items.splice(0, count);
    this.#dropped += count;
  }
}

/** Lets a few pieces of work run at one time, in the order they come. */
export class Turns {
  readonly #width: number;
  readonly #turns: Promise<unknown>[] = [];

  constructor(width: number) {
    this.#width = Math.max(1, width);
  }

  /** `work` must not reject. */
  run<R>(work: () => Promise<R>): Promise<R> {
    const before = this.#turns[this.#turns.length - this.#width] ?? Promise.resolve();
    const turn = before.then(work);
    this.#turns.push(turn);
    return turn;
  }
}

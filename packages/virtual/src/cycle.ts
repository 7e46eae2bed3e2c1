/** Whose turn it is: queues that gave something go to the end, the one that gave least in front. */
export class Cycle {
  #names: string[] = [];

  get names(): readonly string[] {
    return this.#names;
  }

  add(name: string): void {
    if (!this.#names.includes(name)) this.#names.push(name);
  }

  remove(name: string): void {
    this.#names = this.#names.filter((each) => each !== name);
  }

  clear(): void {
    this.#names = [];
  }

  /** Takes note of how many messages each queue has just given. */
  served(counts: ReadonlyMap<string, number>): void {
    const gave = (name: string): number => counts.get(name) ?? 0;
    this.#names = this.#names.toSorted((a, b) => gave(a) - gave(b)); // stable: the others keep their turn
  }
}

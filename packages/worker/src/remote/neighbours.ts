/** Other nodes of the fleet that are known to run: told by themselves, by mingle, or by their events. */
export class Neighbours {
  readonly #names = new Set<string>();

  get names(): readonly string[] {
    return [...this.#names];
  }

  seen(name: string): void {
    this.#names.add(name);
  }

  left(name: string): void {
    this.#names.delete(name);
  }
}

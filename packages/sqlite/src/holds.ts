/** `taken` counts how often a message has been taken and never goes back, so a tag is never given twice. */
export function tagOf(id: number, taken: number): string {
  return `${id}.${taken}`;
}

/** What a connection holds. Tags that it has lost, or that were never its own, mean nothing here. */
export class Holds {
  readonly #held = new Map<number, number>();

  add(id: number, taken: number): void {
    this.#held.set(id, taken);
  }

  /** The ids of the tags that are held, as a JSON array; they are held no longer. Undefined if there are none. */
  release(tags: readonly string[]): string | undefined {
    return this.#idsOf(tags, (id) => this.#held.delete(id));
  }

  /** As `release`, and they stay held. */
  keep(tags: readonly string[]): string | undefined {
    return this.#idsOf(tags, () => undefined);
  }

  #idsOf(tags: readonly string[], each: (id: number) => unknown): string | undefined {
    let ids = '';
    for (const tag of tags) {
      const dot = tag.indexOf('.');
      const id = Number(tag.slice(0, dot));
      if (this.#held.get(id) !== Number(tag.slice(dot + 1))) continue;
      each(id);
      ids += ids === '' ? id : `,${id}`;
    }
    return ids === '' ? undefined : `[${ids}]`;
  }
}

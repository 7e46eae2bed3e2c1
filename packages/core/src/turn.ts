import { deferred } from './deferred.ts';
import type { Deferred } from './deferred.ts';

/** Where an item stands in its turn. */
export interface Place<Answer> {
  readonly index: number;
  /** The answers to everything that was given in the same turn; one promise for all of them. */
  readonly all: Promise<readonly Answer[]>;
}

/** What is asked in one turn of the event loop goes to the server together. */
export class Turn<Item, Answer> {
  readonly #ask: (items: readonly Item[]) => Promise<readonly Answer[]>;
  readonly #sent = new Set<Deferred<readonly Answer[]>>();
  #items: Item[] = [];
  #answers: Deferred<readonly Answer[]> | undefined;

  constructor(ask: (items: readonly Item[]) => Promise<readonly Answer[]>) {
    this.#ask = ask;
  }

  add(item: Item): Place<Answer> {
    const index = this.#items.push(item) - 1;
    if (!this.#answers) {
      this.#answers = deferred();
      setImmediate(() => this.#send());
    }
    return { index, all: this.#answers.promise };
  }

  /** The answer to this item alone. */
  async ask(item: Item): Promise<Answer> {
    const { index, all } = this.add(item);
    return (await all)[index] as Answer;
  }

  /** Resolves when everything given so far has been answered, or refused. */
  async flush(): Promise<void> {
    this.#send();
    await Promise.allSettled([...this.#sent].map(({ promise }) => promise));
  }

  /** Whatever has not been answered is refused. */
  abandon(reason: Error): void {
    this.#send();
    for (const answers of this.#sent) answers.reject(reason);
  }

  #send(): void {
    const answers = this.#answers;
    if (!answers) return;
    this.#answers = undefined;
    this.#sent.add(answers);
    void this.#run(this.#items.splice(0), answers); // never rejects
  }

  async #run(items: readonly Item[], answers: Deferred<readonly Answer[]>): Promise<void> {
    try {
      answers.resolve(await this.#ask(items));
    } catch (error) {
      answers.reject(error);
    } finally {
      this.#sent.delete(answers);
    }
  }
}

/** In pieces of at most `count` items and about `size` characters, so that no single one keeps the server busy for long. */
export function pieces<Item>(
  items: readonly Item[],
  limits: { readonly count: number; readonly size: number },
  sizeOf: (item: Item) => number,
): readonly (readonly Item[])[] {
  const found: Item[][] = [];
  let piece: Item[] | undefined;
  let size = 0;
  for (const item of items) {
    if (!piece || piece.length >= limits.count || size >= limits.size) {
      found.push((piece = []));
      size = 0;
    }
    piece.push(item);
    size += sizeOf(item);
  }
  return found;
}

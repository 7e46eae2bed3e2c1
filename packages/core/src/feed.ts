import { deferred } from './deferred.ts';
import type { Deferred } from './deferred.ts';

/** Encoded states of one task for one watcher, in their order; for backends that are told of news. */
export class Feed {
  readonly #texts: string[] = [];
  /** What was heard while the present state is being asked for. */
  #held: string[] | undefined = [];
  /** Answers that are under way; only the last one counts. */
  #asked = 0;
  #last: string | undefined;
  #over = false;
  #reason: Error | undefined;
  #waiting: Deferred<void> | undefined;

  /** The present state is being asked for, perhaps once more. */
  hold(): void {
    this.#asked += 1;
    this.#held ??= [];
  }

  /** What was asked will not be answered; it is going to be asked again. */
  unanswered(): void {
    this.#asked -= 1;
  }

  /** A state that was published. */
  hear(text: string): void {
    if (this.#held) this.#held.push(text);
    else this.#push(text);
  }

  /**
   * The answer to what was asked. It came on the connection that the news come on, so news before it are not newer: what
   * was heard up to the same text is in it already, and where the text was not heard, all the news came later.
   */
  present(text: string | null): void {
    this.#asked -= 1;
    if (this.#asked > 0) return;
    this.#asked = 0;
    const held = this.#held ?? [];
    this.#held = undefined;
    const newer = text === null ? held : held.slice(held.lastIndexOf(text) + 1);
    if (text !== null && text !== this.#last) this.#push(text);
    for (const each of newer) this.#push(each);
  }

  /** Nothing comes any more, for this reason if there is one. */
  end(reason?: Error): void {
    this.#over = true;
    this.#reason ??= reason;
    this.#waiting?.resolve();
  }

  async *read(): AsyncIterable<string> {
    while (!this.#over) {
      const text = this.#texts.shift();
      if (text === undefined) await (this.#waiting = deferred()).promise;
      else yield text;
    }
    if (this.#reason) throw this.#reason;
  }

  #push(text: string): void {
    this.#last = text;
    this.#texts.push(text);
    this.#waiting?.resolve();
  }
}

import { ClosedError } from '@tq/core';
import type { Share } from './links.ts';
import { Watches } from './watches.ts';

/** A share of a thread, and who watches results through it. */
export interface Line {
  readonly share: Share;
  readonly watches: Watches;
}

export interface LifelineOptions {
  readonly share: Share;
  /** Joins the thread of the file, or starts another. */
  readonly join: () => Promise<Share>;
  readonly unavailable: (error: unknown) => Error;
}

/** A result backend is opened once and outlives the threads it uses: when one is lost, the next call gets another. */
export class Lifeline {
  readonly #options: LifelineOptions;
  #line: Line;
  #mending: Promise<Line> | undefined;
  #closed = false;

  constructor(options: LifelineOptions) {
    this.#options = options;
    this.#line = this.#lineOf(options.share);
  }

  /** The line that works, at once, or the one that will. */
  get current(): Line | Promise<Line> {
    if (this.#closed || !this.#line.share.link.over) return this.#line;
    this.#mending ??= this.#mend().finally(() => {
      this.#mending = undefined;
    });
    return this.#mending;
  }

  /** Ends all watches; calls still go through. */
  endWatches(reason: Error): void {
    this.#line.watches.close(reason);
  }

  /** Settles always. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#mending?.catch(() => undefined); // told to those who asked
    await this.#line.share.release();
  }

  async #mend(): Promise<Line> {
    await this.#line.share.release();
    const share = await this.#options.join();
    if (this.#closed) {
      await share.release();
      throw new ClosedError('The result backend');
    }
    this.#line = this.#lineOf(share);
    return this.#line;
  }

  #lineOf(share: Share): Line {
    return { share, watches: new Watches(share.link, this.#options.unavailable) };
  }
}

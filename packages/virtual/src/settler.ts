import { toError } from '@tq/core/internal';
import { Batches } from './batches.ts';
import type { QueueStore } from './store.ts';
import type { Origin } from './unacked.ts';

/** Ends holds on the store's messages, a batch a turn of the event loop. */
export class Settler implements Origin {
  readonly #done: Batches<string>;
  readonly #requeue: Batches<string>;

  /** A store that can't settle can't be worked with: `onError` closes the connection. */
  constructor(store: QueueStore, onError: (error: Error) => void) {
    const batches = (how: 'done' | 'requeue'): Batches<string> =>
      new Batches({
        max: 5000,
        send: (tags) => store.settle(tags, how).catch((error: unknown) => onError(toError(error))),
      });
    this.#done = batches('done');
    this.#requeue = batches('requeue');
  }

  settle(tag: string, how: 'done' | 'requeue'): void {
    void (how === 'done' ? this.#done : this.#requeue).add(tag); // never rejects, see above
  }

  async flush(): Promise<void> {
    await Promise.all([this.#done.flush(), this.#requeue.flush()]);
  }

  /** The store is gone; its messages come back when their leases end. */
  abandon(): void {
    this.#done.abandon(undefined);
    this.#requeue.abandon(undefined);
  }
}

import { Recurring } from './recurring.ts';
import type { TimedWork } from './recurring.ts';
import type { QueueStore } from './store.ts';

/** Longest time for which a store is left with queues that should be gone. */
const SWEEP_MS = 30_000;

export type UsesOptions = Pick<TimedWork, 'clock' | 'logger'> & { readonly store: QueueStore };

interface Use {
  consumers: number;
  readonly telling: Recurring | undefined;
}

/** Which queues the consumers of a connection use: the store is told, so that those that expire don't while they do. */
export class Uses implements Disposable {
  readonly #options: UsesOptions;
  readonly #uses = new Map<string, Use>();

  constructor(options: UsesOptions) {
    this.#options = options;
  }

  /** A consumer has come. `expiresMs` of a queue that stays is undefined. */
  begin(queue: string, expiresMs: number | undefined): void {
    const use = this.#uses.get(queue);
    if (use) use.consumers += 1;
    else this.#uses.set(queue, { consumers: 1, telling: this.#tell(queue, expiresMs) });
  }

  end(queue: string): void {
    const use = this.#uses.get(queue);
    if (!use) return;
    use.consumers -= 1;
    if (use.consumers > 0) return;
    this.#uses.delete(queue);
    use.telling?.[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    for (const { telling } of this.#uses.values()) telling?.[Symbol.dispose]();
    this.#uses.clear();
  }

  /** Three times in the life of an unused queue, so that one failure costs nothing. */
  #tell(queue: string, expiresMs: number | undefined): Recurring | undefined {
    if (expiresMs === undefined) return undefined;
    const { clock, logger, store } = this.#options;
    const telling = new Recurring({
      everyMs: expiresMs / 3,
      clock,
      logger,
      what: 'The store could not be told that a queue is in use',
      async run() {
        return (await store.use(queue)) !== undefined;
      },
    });
    telling.start();
    return telling;
  }
}

/** Removes queues that expired, whoever had declared them. */
export function sweeping({ clock, logger, store }: UsesOptions): Recurring {
  return new Recurring({
    everyMs: SWEEP_MS * (0.8 + 0.4 * Math.random()),
    clock,
    logger,
    what: 'Unused queues could not be looked for',
    async run() {
      const count = await store.removeUnused();
      if (count > 0) logger.info('Removed queues that nobody used for as long as they said', { count });
      return true;
    },
  });
}

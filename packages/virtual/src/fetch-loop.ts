import { deferred, toError } from '@tq/core/internal';
import type { QueueStore, Taken } from './store.ts';

/** Takes for little room come at most this often: each is a transaction, whatever it brings. */
const PACE_MS = 2;

/** What to fetch next. */
export interface FetchPlan {
  readonly queues: readonly string[];
  readonly max: number;
  /** Little room, in a window that is well filled: more will be free in a moment. */
  readonly little: boolean;
}

export interface FetchParts {
  readonly store: QueueStore;
  /** With so many about to be delivered. Undefined when nothing may be fetched: no consumer, or a full window. */
  plan(arrived: number): FetchPlan | undefined;
  /** Must not throw. */
  deliver(taken: readonly Taken[]): void;
  /** The store failed; the loop has ended. */
  fail(error: Error): void;
}

/** What a take has brought, and whom to tell once it is delivered. */
interface Brought {
  readonly taken: readonly Taken[];
  readonly delivered: () => void;
}

/**
 * Takes from the store while there is a plan. Rests without one, until it is woken. The next take is under way while
 * what the last one brought is worked on.
 */
export class FetchLoop {
  readonly #parts: FetchParts;
  #running = false;
  #stopped = false;
  #abort: AbortController | undefined;
  #turn: Promise<void> = Promise.resolve();
  #lastAt = -Infinity;

  constructor(parts: FetchParts) {
    this.#parts = parts;
  }

  /** Looks for a plan again. */
  wake(): void {
    if (this.#running || this.#stopped) return;
    this.#running = true;
    void this.#run(); // never rejects: a turn reports its failure
  }

  /** Ends the take in flight, since its plan no longer holds. Resolves when what it brought has been dealt with. */
  interrupt(): Promise<void> {
    this.#abort?.abort();
    return this.#turn;
  }

  /** No take begins after this. Resolves as `interrupt` does. */
  stop(): Promise<void> {
    this.#stopped = true;
    return this.interrupt();
  }

  async #run(): Promise<void> {
    let brought: Brought | undefined;
    for (;;) {
      const plan = this.#stopped ? undefined : this.#parts.plan(brought?.taken.length ?? 0);
      const tooSoon = plan?.little === true && performance.now() - this.#lastAt < PACE_MS;
      const fetching = plan && !tooSoon ? this.#fetch(plan) : undefined;
      if (brought) this.#deliver(brought);
      else if (!plan) break;
      else if (tooSoon) await new Promise((resolve) => setTimeout(resolve, PACE_MS));
      const turn = turnOfTheEventLoop();
      brought = await fetching;
      await turn;
    }
    this.#running = false;
  }

  async #fetch({ max, queues }: FetchPlan): Promise<Brought> {
    const dealtWith = deferred();
    this.#turn = dealtWith.promise;
    const delivered = (): void => dealtWith.resolve();
    this.#lastAt = performance.now();
    this.#abort = new AbortController();
    try {
      const taken = await this.#parts.store.take(queues, { max, signal: this.#abort.signal });
      return { taken, delivered };
    } catch (error) {
      this.#stopped = true;
      this.#parts.fail(toError(error));
      return { taken: [], delivered };
    } finally {
      this.#abort = undefined;
    }
  }

  #deliver({ delivered, taken }: Brought): void {
    if (taken.length > 0) this.#parts.deliver(taken);
    delivered();
  }
}

/** A backlog must not keep acknowledgements, timers and sockets waiting. */
function turnOfTheEventLoop(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

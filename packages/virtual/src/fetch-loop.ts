import { toError } from '@tq/core/internal';
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
  /** Undefined when nothing may be fetched: no consumer, or a full window. */
  plan(): FetchPlan | undefined;
  /** Must not throw. */
  deliver(taken: readonly Taken[]): void;
  /** The store failed; the loop has ended. */
  fail(error: Error): void;
}

/** Takes from the store while there is a plan. Rests without one, until it is woken. */
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
    while (!this.#stopped) {
      const plan = this.#parts.plan();
      if (!plan) break;
      if (plan.little && performance.now() - this.#lastAt < PACE_MS) {
        await new Promise((resolve) => setTimeout(resolve, PACE_MS));
        continue;
      }
      this.#lastAt = performance.now();
      this.#turn = this.#fetch(plan);
      await this.#turn;
      await turnOfTheEventLoop();
    }
    this.#running = false;
  }

  async #fetch(plan: FetchPlan): Promise<void> {
    this.#abort = new AbortController();
    try {
      const { max, queues } = plan;
      const taken = await this.#parts.store.take(queues, { max, signal: this.#abort.signal });
      if (taken.length > 0) this.#parts.deliver(taken);
    } catch (error) {
      this.#stopped = true;
      this.#parts.fail(toError(error));
    } finally {
      this.#abort = undefined;
    }
  }
}

/** A backlog must not keep acknowledgements, timers and sockets waiting. */
function turnOfTheEventLoop(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

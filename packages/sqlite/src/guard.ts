import type { Holders } from './holders.ts';

/** A process that is blocked for longer than this is given up. */
const GIVE_UP_MS = 3_600_000;

/**
 * Speaks for the process while a computation keeps it from renewing its leases itself (tasks that run in the
 * worker's own thread can do that): it is asked now and then, and when it gives no sign of life, what it holds is
 * renewed from here. A process that can answer answers for its own leases.
 */
export class Guard {
  readonly #holders: Holders;
  readonly #ask: () => void;
  #askedMs: number | undefined;

  constructor(holders: Holders, ask: () => void) {
    this.#holders = holders;
    this.#ask = ask;
  }

  /** The process has said something. */
  heard(): void {
    this.#askedMs = undefined;
  }

  /** Once a second. */
  tick(): void {
    if (!this.#holders.any) return;
    const nowMs = performance.now();
    if (this.#askedMs === undefined) {
      this.#askedMs = nowMs;
      this.#ask();
    } else if (nowMs < this.#askedMs + GIVE_UP_MS) {
      this.#holders.renew();
    }
  }
}

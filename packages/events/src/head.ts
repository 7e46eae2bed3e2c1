import type { Clock, EventHead } from '@tq/core';
import type { LamportClock } from '@tq/core/internal';

/** Summer time begins and ends; nobody minds when that is noticed a minute later. */
const OFFSET_AGE_MS = 60_000;

/** Makes events of types and fields, with what every event of one sender says. */
export class EventMaker {
  readonly #hostname: string;
  readonly #clock: Clock;
  readonly #lamport: LamportClock;
  #offset = 0;
  #offsetUntilMs = -Infinity;

  constructor(options: { readonly hostname: string; readonly clock: Clock; readonly lamport: LamportClock }) {
    this.#hostname = options.hostname;
    this.#clock = options.clock;
    this.#lamport = options.lamport;
  }

  make(type: string, fields: Readonly<Record<string, unknown>>): EventHead & { readonly type: string } {
    const nowMs = this.#clock.now();
    if (nowMs >= this.#offsetUntilMs) {
      this.#offset = hoursWest(nowMs);
      this.#offsetUntilMs = nowMs + OFFSET_AGE_MS;
    }
    return {
      hostname: this.#hostname,
      utcoffset: this.#offset,
      pid: process.pid,
      clock: this.#lamport.forward(),
      ...fields,
      timestamp: nowMs / 1000,
      type,
    };
  }
}

/** Of this machine's zone, rounded down as Celery does: -2 in UTC+2, -6 in UTC+5:30. */
export function hoursWest(atMs: number): number {
  return Math.floor(new Date(atMs).getTimezoneOffset() / 60);
}

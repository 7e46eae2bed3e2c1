import { deferred } from '@tq/core/internal';
import type { Alarm, Alarms } from './alarms.ts';
import type { Seats } from './seats.ts';

/** The end of a pool: hosts leave after their last job, and when the grace is over they are killed. */
export class Closing {
  readonly #alarms: Alarms;
  readonly #seats: Seats;
  readonly #closed = deferred();
  #deadline: Alarm | undefined;

  constructor(alarms: Alarms, seats: Seats) {
    this.#alarms = alarms;
    this.#seats = seats;
  }

  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  begin(): void {
    this.#seats.close();
    this.check();
  }

  /** The shorter grace wins. */
  within(graceMs: number): void {
    if (this.#seats.empty) return;
    const deadline = this.#alarms.set(graceMs, () => this.#seats.kill());
    if (this.#deadline && this.#deadline.tick <= deadline.tick) return this.#alarms.cancel(deadline);
    this.#alarms.cancel(this.#deadline);
    this.#deadline = deadline;
  }

  check(): void {
    if (!this.#seats.empty) return;
    this.#alarms.cancel(this.#deadline);
    this.#closed.resolve();
  }
}

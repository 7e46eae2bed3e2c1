import type { Alarms } from './alarms.ts';
import type { Ticket } from './ticket.ts';

/** Watches the time limits of running jobs, from the moment each one starts. */
export class Limits {
  readonly #alarms: Alarms;
  readonly #softPassed: (ticket: Ticket) => void;
  readonly #hardPassed: (ticket: Ticket) => void;

  constructor(
    alarms: Alarms,
    passed: { readonly soft: (ticket: Ticket) => void; readonly hard: (ticket: Ticket) => void },
  ) {
    this.#alarms = alarms;
    this.#softPassed = passed.soft;
    this.#hardPassed = passed.hard;
  }

  watch(ticket: Ticket): void {
    const { softTimeLimitMs, timeLimitMs } = ticket.job;
    if (softTimeLimitMs !== undefined) {
      ticket.softAlarm = this.#alarms.set(softTimeLimitMs, () => this.#softPassed(ticket));
    }
    if (timeLimitMs !== undefined) {
      ticket.hardAlarm = this.#alarms.set(timeLimitMs, () => this.#hardPassed(ticket));
    }
  }

  release(ticket: Ticket): void {
    this.#alarms.cancel(ticket.softAlarm);
    this.#alarms.cancel(ticket.hardAlarm);
  }
}

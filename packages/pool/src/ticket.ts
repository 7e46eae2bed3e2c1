import type { AbortReason, Execution, Job, JobWatcher, Logger, Outcome } from '@tq/core';
import { toError } from '@tq/core/internal';
import type { Alarm } from './alarms.ts';
import type { Host } from './host.ts';
import { weigh } from './weight.ts';
import type { AbortNotice } from './wire.ts';

/** Who decides about a job from outside. */
export interface TicketOffice {
  readonly logger: Logger;
  terminate(ticket: Ticket, signal: NodeJS.Signals): void;
  abort(ticket: Ticket, reason: AbortReason): void;
  withdraw(ticket: Ticket): void;
}

/** By whom, and how, a job is being ended by force. */
export interface Ending {
  readonly reason: 'time-limit' | 'terminated';
  readonly detail: string;
}

/**
 * One job on its way through the pool: waiting → sent to a host → over; it goes back to waiting when the host turns out
 * not to start it.
 */
export class Ticket implements Execution {
  readonly job: Job;
  readonly #watch: JobWatcher;
  readonly #office: TicketOffice;
  /** The host that it was sent to. */
  host: Host | undefined;
  /** Its number there. */
  seq = 0;
  /** When it was sent there. Unix milliseconds. */
  sentMs = 0;
  /** Of how many milliseconds this job was thought to be when it was sent. */
  expectedMs = 0;
  aborted: AbortNotice | undefined;
  ending: Ending | undefined;
  softAlarm: Alarm | undefined;
  hardAlarm: Alarm | undefined;
  #weight: number | undefined;
  #accepted = false;
  #over = false;
  #asked = false;

  constructor(job: Job, watch: JobWatcher, office: TicketOffice) {
    this.job = job;
    this.#watch = watch;
    this.#office = office;
  }

  get over(): boolean {
    return this.#over;
  }

  /** Whether the pool must learn at once that the job runs. */
  get announced(): boolean {
    const { announce, softTimeLimitMs, timeLimitMs } = this.job;
    return announce === true || softTimeLimitMs !== undefined || timeLimitMs !== undefined;
  }

  /** Size of its payload, roughly. Bytes. */
  weigh(): number {
    return (this.#weight ??= this.job.bytes ?? weigh(this.job.payload));
  }

  /** Asks the watcher once; `false` means that the job is not wanted any more. */
  wanted(): boolean {
    if (this.#asked || !this.#watch.ready) return true;
    this.#asked = true;
    try {
      return this.#watch.ready();
    } catch (error) {
      this.#complain('ready', error);
      return true;
    }
  }

  accept(pid: number, atMs: number): void {
    if (this.#accepted || this.#over) return;
    this.#accepted = true;
    try {
      this.#watch.accepted({ pid, atMs });
    } catch (error) {
      this.#complain('accepted', error);
    }
  }

  finish(outcome: Outcome): void {
    if (this.#over) return;
    this.#over = true;
    try {
      this.#watch.done(outcome);
    } catch (error) {
      this.#complain('done', error);
    }
  }

  async answer(question: unknown): Promise<unknown> {
    if (!this.#watch.asked) throw new Error('Nobody here answers questions of a job');
    return await this.#watch.asked(question);
  }

  softLimitPassed(): void {
    try {
      this.#watch.softTimeLimit?.();
    } catch (error) {
      this.#complain('softTimeLimit', error);
    }
  }

  terminate(signal: NodeJS.Signals = 'SIGTERM'): void {
    if (!this.#over) this.#office.terminate(this, signal);
  }

  abort(reason: AbortReason): void {
    if (!this.#over) this.#office.abort(this, reason);
  }

  withdraw(): void {
    if (!this.#over) this.#office.withdraw(this);
  }

  place(): { readonly pid: number; readonly sinceMs: number } | undefined {
    return this.#over ? undefined : this.host?.placeOf(this);
  }

  /** A watcher that throws changes nobody's fate. */
  #complain(callback: string, thrown: unknown): void {
    const error = toError(thrown);
    this.#office.logger.error(`The watcher of a job threw in ${callback}()`, {
      id: this.job.id,
      task: this.job.task,
      reason: error.stack ?? error.message,
    });
  }
}

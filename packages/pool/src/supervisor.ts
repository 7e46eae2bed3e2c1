import { ClosedError } from '@tq/core';
import type {
  AbortReason,
  Execution,
  Job,
  JobWatcher,
  Pool,
  PoolHost,
  PoolStats,
  PoolTraits,
} from '@tq/core';
import { Alarms } from './alarms.ts';
import { Averages } from './averages.ts';
import { Closing } from './closing.ts';
import { Force } from './force.ts';
import type { Grid, PoolOptions } from './grid.ts';
import type { HostParts } from './host.ts';
import { Limits } from './limits.ts';
import { Line } from './line.ts';
import { Seats } from './seats.ts';
import { Silence } from './silence.ts';
import { deal } from './slots.ts';
import { Ticket } from './ticket.ts';
import type { TicketOffice } from './ticket.ts';

/** The one pool behind all four: a waiting line, seats that are kept filled, and the rules between them. */
export class Supervisor implements Pool, TicketOffice {
  readonly traits: PoolTraits;
  readonly logger;
  readonly #alarms: Alarms;
  readonly #averages = new Averages();
  readonly #line = new Line();
  readonly #seats: Seats;
  readonly #silence: Silence;
  readonly #force: Force;
  #closing: Closing | undefined;
  #dealing = false;

  constructor(grid: Grid, traits: PoolTraits, host: PoolHost, options: PoolOptions) {
    this.traits = traits;
    this.logger = host.logger;
    this.#alarms = new Alarms(host.clock);
    this.#force = new Force(this.#alarms, grid.force);
    const parts: HostParts = {
      grid,
      host,
      logger: host.logger,
      alarms: this.#alarms,
      averages: this.#averages,
      limits: new Limits(this.#alarms, {
        soft: (ticket) => this.#softLimitPassed(ticket),
        hard: (ticket) => this.#hardLimitPassed(ticket),
      }),
      execArgv: options.execArgv,
    };
    this.#seats = new Seats(options.size ?? host.size, options.title ?? 'tq: worker', parts, {
      heard: () => this.#dealSoon(),
      gaveBack: (tickets) => this.#putBack(tickets),
      changed: () => this.#closing?.check(),
    });
    this.#silence = new Silence(host.clock, () => this.#seats.all);
  }

  get size(): number {
    return this.#seats.size;
  }

  async start(): Promise<void> {
    if (this.#closing) throw new ClosedError('The pool');
    try {
      await this.#seats.open();
    } catch (error) {
      await this.close({ graceMs: 0 });
      throw error;
    }
  }

  run(job: Job, watch: JobWatcher): Execution {
    const ticket = new Ticket(job, watch, this);
    if (this.#closing) {
      queueMicrotask(() => ticket.finish({ kind: 'returned' }));
      return ticket;
    }
    this.#line.push(ticket);
    this.#dealSoon();
    return ticket;
  }

  async resize(size: number): Promise<void> {
    if (this.#closing) throw new ClosedError('The pool');
    await this.#seats.resize(size);
  }

  restart(): void {
    if (!this.#closing) this.#seats.restart();
  }

  recall(): void {
    const tickets = [...this.#seats.takeBack(), ...this.#line.clear()];
    for (const ticket of tickets) ticket.finish({ kind: 'returned' });
  }

  stats(): PoolStats {
    const { hosts, running, load } = this.#seats.stats();
    return { size: this.size, busy: running, waiting: this.#line.length + load - running, hosts };
  }

  async close(options: { readonly graceMs: number }): Promise<void> {
    if (!this.#closing) {
      this.#closing = new Closing(this.#alarms, this.#seats);
      this.recall();
      this.#closing.begin();
    }
    this.#closing.within(options.graceMs);
    await this.#closing.closed;
    this.#silence[Symbol.dispose]();
    this.#alarms[Symbol.dispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close({ graceMs: 0 });
  }

  /** @internal */
  terminate(ticket: Ticket, signal: NodeJS.Signals): void {
    if (this.#unsend(ticket)) return ticket.finish({ kind: 'returned' });
    this.#force.end(ticket, { reason: 'terminated', detail: signal }, { reason: 'revoked' }, signal);
  }

  /** @internal */
  abort(ticket: Ticket, reason: AbortReason): void {
    if (ticket.host) ticket.host.jobs.abort(ticket, { reason });
    else ticket.aborted ??= { reason };
  }

  /** @internal */
  withdraw(ticket: Ticket): void {
    if (this.#unsend(ticket)) ticket.finish({ kind: 'returned' });
  }

  /** Takes a job out of the line, or back from a host where it has not started. */
  #unsend(ticket: Ticket): boolean {
    const { host } = ticket;
    if (!host) {
      this.#line.forget();
      return true;
    }
    const tickets = host.jobs.takeBack();
    this.#putBack(tickets.filter((one) => one !== ticket));
    return tickets.includes(ticket);
  }

  #putBack(tickets: readonly Ticket[]): void {
    if (this.#closing) {
      for (const ticket of tickets) ticket.finish({ kind: 'returned' });
      return;
    }
    this.#line.putBack(tickets);
    this.#dealSoon();
  }

  #softLimitPassed(ticket: Ticket): void {
    const limit = (ticket.job.softTimeLimitMs ?? 0) / 1000;
    ticket.host?.jobs.abort(ticket, { reason: 'soft-time-limit', limit });
    ticket.softLimitPassed();
  }

  #hardLimitPassed(ticket: Ticket): void {
    const limit = (ticket.job.timeLimitMs ?? 0) / 1000;
    const detail = `time limit of ${limit} s`;
    this.#force.end(ticket, { reason: 'time-limit', detail }, { reason: 'soft-time-limit', limit });
  }

  /** Once a turn of the event loop, after everything that has arrived was read. */
  #dealSoon(): void {
    if (this.#dealing || this.#line.length === 0) return;
    this.#dealing = true;
    setImmediate(() => {
      this.#dealing = false;
      deal(this.#line, this.#seats.all, this.#averages);
      this.#silence.listen();
    });
  }
}

import type { Alarms } from './alarms.ts';
import type { Grid } from './grid.ts';
import type { Host } from './host.ts';
import type { Ending, Ticket } from './ticket.ts';
import type { AbortNotice } from './wire.ts';

/** How long a job may take to obey the abort of its signal. */
const OBEY_MS = 300;
/** A host that says nothing for so long after that is blocked: none of its jobs can go on. */
const BLOCKED_MS = 1000;

/** What processes ignore since a stop of the whole group reaches them too. See child.ts. */
const IGNORED = new Set<NodeJS.Signals>(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT']);

/** Ends running jobs, each pool as it can. */
export class Force {
  readonly #alarms: Alarms;
  readonly #kind: Grid['force'];

  constructor(alarms: Alarms, kind: Grid['force']) {
    this.#alarms = alarms;
    this.#kind = kind;
  }

  /** Ends a job that has started. `notice` is what its signal says, where it has a moment to hear that. */
  end(ticket: Ticket, ending: Ending, notice: AbortNotice, signal: NodeJS.Signals = 'SIGKILL'): void {
    const { host } = ticket;
    if (!host || ticket.ending) return;
    if (this.#kind === 'abort') return host.urge(ticket, notice);
    ticket.ending = ending;
    if (this.#kind === 'kill') return this.#kill(ticket, host, IGNORED.has(signal) ? 'SIGKILL' : signal);
    host.urge(ticket, notice);
    const urgedMs = host.heardMs;
    this.#alarms.set(OBEY_MS, () => this.#overdue(ticket, ending, urgedMs));
  }

  /** Not before everything that has arrived was read: the job may be over, and its host must not start the next one. */
  #kill(ticket: Ticket, host: Host, signal: NodeJS.Signals): void {
    host.hush();
    setImmediate(() => {
      if (!ticket.over) host.kill(signal);
    });
  }

  #overdue(ticket: Ticket, ending: Ending, urgedMs: number): void {
    const { host } = ticket;
    if (!host || ticket.over) return;
    const detail = `${ending.detail}; its signal was aborted, it went on`;
    host.surrender(ticket, { kind: 'lost', reason: ending.reason, detail });
    const blocked = (): boolean => host.heardMs === urgedMs;
    if (!blocked()) return;
    this.#alarms.set(BLOCKED_MS, () => {
      if (blocked()) host.kill('SIGKILL');
    });
  }
}

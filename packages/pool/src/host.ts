import type { Logger, Outcome, PoolHost } from '@tq/core';
import { toError } from '@tq/core/internal';
import type { Alarm, Alarms } from './alarms.ts';
import type { Averages } from './averages.ts';
import type { Grid } from './grid.ts';
import { HostJobs } from './host-jobs.ts';
import type { Limits } from './limits.ts';
import { Logbook } from './logbook.ts';
import type { Place } from './place.ts';
import type { StartFailure } from './start-failure.ts';
import type { Ticket } from './ticket.ts';
import type { AbortNotice, ChildMessage, HostInfo } from './wire.ts';

/** A host that was asked to leave and hasn't after this long is killed. */
const LEAVE_MS = 5000;
/** From a signal to SIGKILL, and from SIGKILL to giving up. */
const KILL_MS = 400;

/** What the hosts of one pool share. */
export interface HostParts {
  readonly grid: Grid;
  readonly host: PoolHost;
  readonly logger: Logger;
  readonly alarms: Alarms;
  readonly limits: Limits;
  readonly averages: Averages;
  readonly execArgv: readonly string[] | undefined;
}

export interface HostEvents {
  ready(): void;
  /** Something came from the host: a slot may be free. */
  heard(): void;
  /** These will not run here; they are to stand in front of the line again. */
  gaveBack(tickets: readonly Ticket[]): void;
  /** It takes no more jobs and leaves after the last one. */
  retiring(): void;
  gone(end: HostEnd): void;
}

export interface HostEnd {
  readonly detail: string;
  /** Whether the pool had ended it, or had asked it to leave. */
  readonly wanted: boolean;
  /** Set when it never became ready. */
  readonly failure: StartFailure | undefined;
}

/** One life of a host: starting → ready → leaving → gone, and from any of them to gone. */
export class Host {
  readonly info: HostInfo;
  readonly jobs: HostJobs;
  readonly #parts: HostParts;
  readonly #events: HostEvents;
  readonly #place: Place;
  readonly #logbook: Logbook;
  #state: 'starting' | 'ready' | 'leaving' | 'gone' = 'starting';
  #retiring = false;
  #doomed = false;
  #quiet = false;
  #heardMs: number;
  #alarm: Alarm | undefined;

  constructor(info: HostInfo, parts: HostParts, events: HostEvents) {
    this.info = info;
    this.#parts = parts;
    this.#events = events;
    this.#logbook = new Logbook(parts, info);
    this.#heardMs = parts.host.clock.monotonic();
    const { grid, host, logger, execArgv } = parts;
    this.#place = grid.open(
      { host, logger, ...(execArgv ? { execArgv } : {}) },
      {
        received: (messages) => this.#received(messages),
        printed: (line) => this.#logbook.print(line),
        drained: () => events.heard(),
        gone: (detail) => this.#gone(detail),
      },
    );
    this.jobs = new HostJobs(parts, this.#place, info.slots);
    this.#start();
  }

  get pid(): number {
    return this.#place.pid;
  }

  get ready(): boolean {
    return this.#state === 'ready';
  }

  /** Whether it takes new jobs. */
  get open(): boolean {
    return this.#state === 'ready' && !this.#retiring && !this.#doomed;
  }

  /** Whether jobs may be sent to wait here. */
  get responsive(): boolean {
    return this.open && !this.#quiet;
  }

  /** When it was last heard of, or was given something to do. Monotonic. */
  get heardMs(): number {
    return this.#heardMs;
  }

  setSlots(slots: number): void {
    if (slots === this.jobs.slots) return;
    this.jobs.slots = slots;
    this.jobs.outbox.post({ kind: 'slots', slots });
  }

  give(tickets: readonly Ticket[]): void {
    const { clock } = this.#parts.host;
    if (this.jobs.size === 0) this.#heardMs = clock.monotonic();
    const sentMs = clock.now();
    for (const ticket of tickets) {
      ticket.host = this;
      ticket.sentMs = sentMs;
    }
    try {
      this.jobs.give(tickets);
    } catch (error) {
      this.#gateFailed(toError(error), tickets);
      return;
    }
    if (this.jobs.spent) this.#retire();
  }

  /** Where a job runs that was sent here: those in front do, as many as there are slots. */
  placeOf(ticket: Ticket): { readonly pid: number; readonly sinceMs: number } | undefined {
    const endedMs = this.jobs.runs(ticket);
    return endedMs === undefined
      ? undefined
      : { pid: this.pid, sinceMs: Math.max(ticket.sentMs, this.jobs.slots === 1 ? endedMs : 0) };
  }

  /** Gives back what was sent ahead, and is sent nothing ahead until something is heard of the host. */
  hush(): void {
    this.#giveBack();
    this.readNotes();
    this.#quiet = true;
  }

  /** What the host would have said if it were not blocked. */
  readNotes(): void {
    const notes = this.#place.readNotes();
    if (notes.length === 0) return;
    for (const message of notes) this.#hear(message);
    this.#events.heard();
  }

  /** Aborts the job's signal, and has the host say something when it is able to. */
  urge(ticket: Ticket, notice: AbortNotice): void {
    this.jobs.abort(ticket, notice);
    this.jobs.outbox.post({ kind: 'ping' });
  }

  /** The job didn't obey: it is over, and the host is to be replaced. */
  surrender(ticket: Ticket, outcome: Outcome): void {
    this.jobs.disown(ticket, outcome);
    this.retire();
  }

  /** Takes no more jobs, gives back those that have not started, and leaves after the last one. */
  retire(): void {
    if (this.#state === 'starting') this.kill('SIGKILL');
    this.#giveBack();
    this.#retire();
  }

  kill(signal: NodeJS.Signals): void {
    if (this.#state === 'gone' || (this.#doomed && signal !== 'SIGKILL')) return;
    this.#doomed = true;
    this.#giveBack();
    this.#place.kill(signal);
    this.#wake(KILL_MS, () => {
      if (signal === 'SIGKILL') this.#abandon();
      else this.kill('SIGKILL');
    });
  }

  #giveBack(): void {
    const tickets = this.jobs.takeBack();
    if (tickets.length > 0) this.#events.gaveBack(tickets);
  }

  #start(): void {
    const { host } = this.#parts;
    this.#wake(host.startTimeoutMs, () => {
      this.#logbook.failed({ message: `it was not ready after ${host.startTimeoutMs / 1000} s` });
      this.kill('SIGKILL');
    });
    this.jobs.outbox.post({
      kind: 'init',
      init: host.init,
      ...this.info,
      gate: this.#place.gate.handle,
      notes: this.#place.notes,
      reportMemory: host.maxMemoryPerChild !== undefined,
    });
  }

  #received(messages: readonly ChildMessage[]): void {
    if (this.#state === 'gone') return;
    this.#heardMs = this.#parts.host.clock.monotonic();
    this.#quiet = false;
    for (const message of messages) this.#hear(message);
    if (this.jobs.size === 0) this.#place.gate.rest();
    this.#leaveWhenEmpty();
    this.#events.heard();
  }

  #hear(message: ChildMessage): void {
    switch (message.kind) {
      case 'done':
        return this.jobs.finished(message);
      case 'accepted':
        return this.jobs.started(message.seq, message.atMs);
      case 'awaited':
        return this.jobs.awaited(message.seq);
      case 'skipped':
        return this.jobs.skipped(message.seq);
      case 'asked':
        return void this.jobs.asked(message.seq, message.question, message.value);
      case 'log':
        return this.#logbook.log(message);
      case 'memory':
        return this.#checkMemory(message.bytes);
      case 'ready':
        return this.#ready();
      case 'failed':
        return this.#logbook.failed(message.failure);
      case 'pong':
        return;
    }
  }

  #ready(): void {
    if (this.#state !== 'starting' || this.#doomed) return;
    this.#parts.alarms.cancel(this.#alarm);
    this.#state = 'ready';
    this.#events.ready();
  }

  #checkMemory(bytes: number): void {
    const limit = this.#parts.host.maxMemoryPerChild ?? Infinity;
    if (bytes <= limit || this.#retiring) return;
    const { processName } = this.info;
    this.#parts.logger.info('A host is over its memory limit and will be replaced', {
      processName,
      bytes,
      limit,
    });
    this.retire();
  }

  #gateFailed(error: Error, tickets: readonly Ticket[]): void {
    const { processName } = this.info;
    this.#parts.logger.error('A host is replaced: its gate file could not be written', {
      processName,
      reason: error.message,
    });
    for (const ticket of tickets) ticket.host = undefined;
    this.kill('SIGKILL');
    this.#events.gaveBack(tickets);
  }

  #retire(): void {
    if (this.#retiring) return;
    this.#retiring = true;
    this.#events.retiring();
    this.#leaveWhenEmpty();
  }

  #leaveWhenEmpty(): void {
    if (!this.#retiring || this.#doomed || this.#state !== 'ready' || this.jobs.load > 0) return;
    // What still runs there is nobody's job any more.
    if (this.jobs.size > 0) return this.kill('SIGKILL');
    this.#state = 'leaving';
    this.jobs.outbox.post({ kind: 'leave' });
    this.#wake(LEAVE_MS, () => this.kill('SIGKILL'));
  }

  /** One thing at a time is waited for. */
  #wake(afterMs: number, run: () => void): void {
    this.#parts.alarms.cancel(this.#alarm);
    this.#alarm = this.#parts.alarms.set(afterMs, run);
  }

  /** Not even SIGKILL helps at once, for instance where a thread is stuck in a system call. */
  #abandon(): void {
    this.#place.abandon();
    this.#gone('did not end when it was killed');
  }

  #gone(detail: string): void {
    if (this.#state === 'gone') return;
    const failure = this.#state === 'starting' ? this.#logbook.startFailure(detail) : undefined;
    const wanted = this.#doomed || this.#state === 'leaving';
    this.#state = 'gone';
    this.#parts.alarms.cancel(this.#alarm);
    this.#giveBack();
    this.#place.gate.close();
    const awaited = this.jobs.takeAwaited();
    if (awaited) this.#events.gaveBack([awaited]);
    this.jobs.lose(detail);
    this.#events.gone({ detail, wanted, failure });
  }
}

import type { Outcome } from '@tq/core';
import { toError } from '@tq/core/internal';
import type { HostParts } from './host.ts';
import { Outbox } from './outbox.ts';
import type { Place } from './place.ts';
import type { Ticket } from './ticket.ts';
import type { AbortNotice, ChildMessage, JobMessage } from './wire.ts';

/** Jobs that may wait in a host, behind those that run. */
const MOST_AHEAD = 256;
/** How much work may wait there. */
const AHEAD_MS = 20;
/** Payloads in one send; keeps one turn of the event loop short. Bytes. */
const BATCH_BYTES = 1024 * 1024;

type Done = Extract<ChildMessage, { kind: 'done' }>;

/** The jobs of one host: sends them, takes back those that have not started, and hears what becomes of the others. */
export class HostJobs {
  readonly outbox: Outbox;
  readonly #parts: HostParts;
  readonly #place: Place;
  readonly #sent = new Map<number, Ticket>();
  /** Of the jobs sent, those that are over for the pool but still hold a slot of the host. */
  #ghosts = 0;
  #next = 0;
  #startsLeft: number;
  #expectedMs = 0;
  #done = 0;
  #endedMs = 0;
  /** A job whose permission the host holds while the job is still on its way. */
  #awaited: number | undefined;
  slots: number;

  constructor(parts: HostParts, place: Place, slots: number) {
    this.#parts = parts;
    this.#place = place;
    // What can't be killed can't be replaced either: this very process.
    this.#startsLeft = (parts.grid.force === 'abort' ? undefined : parts.host.maxTasksPerChild) ?? Infinity;
    this.slots = slots;
    this.outbox = new Outbox(place, (seq, error) => this.#unsendable(seq, error));
  }

  /** Jobs finished. */
  get done(): number {
    return this.#done;
  }

  /** Whether the host was given anything to do in its life. */
  get used(): boolean {
    return this.#next > 0;
  }

  /** Jobs that hold or await a slot of the host. */
  get size(): number {
    return this.#sent.size;
  }

  /** Those that are not over. */
  get load(): number {
    return this.#sent.size - this.#ghosts;
  }

  /** Those that wait behind others. */
  get ahead(): number {
    return Math.max(0, this.#sent.size - this.slots);
  }

  /** Whether the host has had its share of jobs. */
  get spent(): boolean {
    return this.#startsLeft <= 0;
  }

  /** Jobs that would start at once. */
  get free(): number {
    return Math.min(this.slots - this.#sent.size, this.#startsLeft);
  }

  /** Short jobs that may be sent to wait. None until half of the last ones are gone, so that they travel in batches. */
  get room(): number {
    const { gate, drained } = this.#place;
    if (!drained || gate.tired || gate.handle.kind === 'open' || this.ahead > MOST_AHEAD / 2) return 0;
    return Math.min(MOST_AHEAD - this.ahead, this.#startsLeft);
  }

  /** How much more work may be sent to wait. Milliseconds. */
  get roomMs(): number {
    return AHEAD_MS - this.#expectedMs;
  }

  /** Whether a job has its slot; then the moment when the last one ended here. Unix milliseconds. */
  runs(ticket: Ticket): number | undefined {
    let left = this.slots;
    for (const sent of this.#sent.values()) {
      if (left-- <= 0) return undefined;
      if (sent === ticket) return this.#endedMs;
    }
    return undefined;
  }

  /** Throws when the gate fails; then nothing was sent. */
  give(tickets: readonly Ticket[]): void {
    this.#place.gate.grant(this.#next, tickets.length);
    this.#startsLeft -= tickets.length;
    let jobs: JobMessage[] = [];
    let bytes = 0;
    for (const ticket of tickets) {
      const weight = ticket.weigh();
      if (jobs.length > 0 && bytes + weight > BATCH_BYTES) {
        this.outbox.post({ kind: 'jobs', jobs });
        this.outbox.flush();
        jobs = [];
        bytes = 0;
      }
      jobs.push(this.#enter(ticket));
      bytes += weight;
    }
    this.outbox.post({ kind: 'jobs', jobs });
  }

  /** What has not started and never will start there. In order. */
  takeBack(): readonly Ticket[] {
    const count = this.#place.gate.recall();
    this.#startsLeft += count;
    const tickets: Ticket[] = [];
    for (let i = count; i > 0; i--) {
      const ticket = this.#remove((this.#next - i) >>> 0);
      if (!ticket || ticket.over) continue;
      ticket.host = undefined;
      tickets.push(ticket);
    }
    return tickets;
  }

  abort(ticket: Ticket, notice: AbortNotice): void {
    this.outbox.post({ kind: 'abort', seq: ticket.seq, notice });
  }

  /** The job is over for the pool, whatever the host still does with it. */
  disown(ticket: Ticket, outcome: Outcome): void {
    this.#ghosts++;
    this.#finish(ticket, outcome);
  }

  /** Until now a job that could not be sent held its place: the gate may not rest before. */
  skipped(seq: number): void {
    this.#remove(seq);
  }

  awaited(seq: number): void {
    this.#awaited = seq;
  }

  /** Of a host that is gone: the job that it was allowed to start and never had. */
  takeAwaited(): Ticket | undefined {
    const ticket = this.#awaited === undefined ? undefined : this.#sent.get(this.#awaited);
    // One that was to be ended by force is over.
    if (!ticket || ticket.over || ticket.ending) return undefined;
    this.#remove(ticket.seq);
    ticket.host = undefined;
    return ticket;
  }

  started(seq: number, atMs: number): void {
    if (seq === this.#awaited) this.#awaited = undefined;
    const ticket = this.#sent.get(seq);
    if (!ticket || ticket.over) return;
    this.#parts.limits.watch(ticket);
    ticket.accept(this.#place.pid, atMs);
  }

  finished(message: Done): void {
    const ticket = this.#remove(message.seq);
    if (!ticket) return; // read in the notes and heard again
    this.#done++;
    this.#endedMs = this.#parts.host.clock.now();
    if (ticket.over) return;
    const ms = message.us / 1000;
    this.#parts.averages.add(ticket.job.task, ms);
    ticket.accept(this.#place.pid, this.#endedMs - ms);
    const { ending } = ticket;
    // A job that was ended and obeyed did end; one that had succeeded by then has succeeded.
    const obeyed = ending && message.outcome.kind !== 'succeeded';
    this.#finish(ticket, obeyed ? { kind: 'lost', ...ending } : message.outcome);
  }

  async asked(seq: number, question: number, value: unknown): Promise<void> {
    try {
      const answer = await this.#sent.get(seq)?.answer(value);
      this.outbox.post({ kind: 'answer', question, value: answer });
    } catch (error) {
      this.outbox.post({ kind: 'answer', question, error: { message: toError(error).message } });
    }
  }

  /** The host is no more, and with it all that was running. */
  lose(detail: string): void {
    const tickets = [...this.#sent.values()];
    this.#sent.clear();
    for (const ticket of tickets) {
      if (ticket.over) continue;
      ticket.accept(this.#place.pid, this.#parts.host.clock.now());
      const ending = ticket.ending ?? { reason: 'exit', detail: '' };
      const all = ending.detail === '' ? detail : `${ending.detail}; ${detail}`;
      this.#finish(ticket, { kind: 'lost', reason: ending.reason, detail: all });
    }
  }

  #enter(ticket: Ticket): JobMessage {
    const seq = this.#next;
    this.#next = (seq + 1) >>> 0;
    ticket.seq = seq;
    this.#sent.set(seq, ticket);
    this.#expectedMs += ticket.expectedMs;
    const { payload } = ticket.job;
    if (!ticket.announced && !ticket.aborted) return { seq, payload };
    return {
      seq,
      payload,
      ...(ticket.announced ? { announce: true } : {}),
      ...(ticket.aborted ? { aborted: ticket.aborted } : {}),
    };
  }

  #remove(seq: number): Ticket | undefined {
    const ticket = this.#sent.get(seq);
    if (!ticket) return undefined;
    this.#sent.delete(seq);
    if (ticket.over) this.#ghosts--;
    this.#expectedMs = this.#sent.size === 0 ? 0 : this.#expectedMs - ticket.expectedMs;
    return ticket;
  }

  #finish(ticket: Ticket, outcome: Outcome): void {
    this.#parts.limits.release(ticket);
    ticket.finish(outcome);
  }

  #unsendable(seq: number, error: Error): void {
    const ticket = this.#sent.get(seq);
    if (!ticket || ticket.over) return;
    this.disown(ticket, {
      kind: 'rejected',
      requeue: false,
      reason: `The payload can't be sent to a child process or thread: ${error.message}`,
    });
  }
}

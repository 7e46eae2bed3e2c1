import { ClosedError, PoolStartError } from '@tq/core';
import type { PoolStats } from '@tq/core';
import { deferred } from '@tq/core/internal';
import type { HostParts } from './host.ts';
import { Seat } from './seat.ts';
import { toStartError } from './start-failure.ts';
import type { StartFailure } from './start-failure.ts';
import type { Ticket } from './ticket.ts';

/** After so many failed starts in a row of one seat, and no host left, the pool gives up. */
const MOST_ATTEMPTS = 5;

export interface SeatsEvents {
  heard(): void;
  gaveBack(tickets: readonly Ticket[]): void;
  /** A seat was left for good. */
  changed(): void;
}

/** All seats of a pool: as many as its size asks for. */
export class Seats {
  readonly #parts: HostParts;
  readonly #title: string;
  readonly #events: SeatsEvents;
  /** Seats that are kept filled, by index. */
  #seats: readonly Seat[] = [];
  /** Seats that are to become empty. */
  readonly #vacated = new Set<Seat>();
  readonly #undecided = new Map<Seat, () => void>();
  #size: number;
  #opened = false;
  #closed = false;
  /** Set once the pool runs: from then on nobody awaits its start. */
  #running = false;
  #lastFailure: PoolStartError | undefined;

  constructor(size: number, title: string, parts: HostParts, events: SeatsEvents) {
    this.#parts = parts;
    this.#title = title;
    this.#events = events;
    this.#size = total(parts.grid.layout(size));
  }

  get size(): number {
    return this.#size;
  }

  get all(): readonly Seat[] {
    return this.#seats;
  }

  get empty(): boolean {
    return this.#seats.length === 0 && this.#vacated.size === 0;
  }

  /** Settles when each seat's first host is ready or has failed; the others are tried again as long as there is one. */
  async open(): Promise<void> {
    this.#opened = true;
    await this.#arrange();
    if (this.#closed) throw new ClosedError('The pool');
    if (!this.#anyReady()) throw this.#lastFailure ?? new PoolStartError('No host of the pool could start');
    this.#running = true;
  }

  async resize(size: number): Promise<void> {
    this.#size = total(this.#parts.grid.layout(size));
    if (this.#opened) await this.#arrange();
  }

  /** Each seat's host leaves after its jobs, and the next one comes. */
  restart(): void {
    if (this.#parts.grid.force === 'abort') return; // this very process
    for (const seat of this.#seats) seat.host?.retire();
  }

  takeBack(): Ticket[] {
    return this.#seats.flatMap((seat) => seat.hosts.flatMap((host) => host.jobs.takeBack()));
  }

  stats(): { readonly hosts: PoolStats['hosts']; readonly running: number; readonly load: number } {
    const hosts = [...this.#seats, ...this.#vacated].flatMap((seat) => seat.hosts);
    let running = 0;
    let load = 0;
    for (const { jobs } of hosts) {
      load += jobs.load;
      running += Math.min(jobs.load, jobs.slots);
    }
    const rows = hosts.map((host) => ({ pid: host.pid, index: host.info.index, done: host.jobs.done }));
    return { hosts: rows, running, load };
  }

  /** Fills no seat any more and lets all hosts leave, each after its last job. */
  close(): void {
    this.#closed = true;
    for (const seat of this.#seats) this.#vacated.add(seat);
    this.#seats = [];
    for (const seat of this.#vacated) seat.vacate();
    for (const decide of this.#undecided.values()) decide();
  }

  kill(): void {
    for (const seat of this.#vacated) for (const host of seat.hosts) host.kill('SIGKILL');
  }

  /** Makes the seats what the layout says. Resolves when the new ones are ready or have failed once. */
  async #arrange(): Promise<void> {
    const layout = this.#parts.grid.layout(this.#size);
    this.#vacate(this.#seats.length - layout.length);
    for (const [place, seat] of this.#seats.entries()) seat.setSlots(layout[place] as number);
    await Promise.all(layout.slice(this.#seats.length).map((slots) => this.#add(slots)));
  }

  /** Those without a job go first, then those that came last. */
  #vacate(count: number): void {
    if (count <= 0) return;
    const load = (seat: Seat): number => seat.hosts.reduce((sum, host) => sum + host.jobs.load, 0);
    const order = this.#seats.toSorted(
      (a, b) => Number(load(a) > 0) - Number(load(b) > 0) || b.index - a.index,
    );
    const leaving = new Set(order.slice(0, count));
    this.#seats = this.#seats.filter((seat) => !leaving.has(seat));
    for (const seat of leaving) this.#vacated.add(seat);
    for (const seat of leaving) seat.vacate();
  }

  #add(slots: number): Promise<void> {
    const index = this.#freeIndex();
    const seat: Seat = new Seat({ index, slots, title: this.#title }, this.#parts, {
      ready: () => this.#ready(seat),
      failed: (_, failure, attempts) => this.#failed(seat, failure, attempts),
      heard: () => this.#events.heard(),
      gaveBack: (tickets) => this.#events.gaveBack(tickets),
      left: () => this.#left(seat),
    });
    this.#seats = [...this.#seats, seat].toSorted((a, b) => a.index - b.index);
    const decided = deferred();
    this.#undecided.set(seat, () => decided.resolve());
    seat.fill();
    return decided.promise;
  }

  /** The smallest that no living host has. */
  #freeIndex(): number {
    const taken = new Set([...this.#seats, ...this.#vacated].map((seat) => seat.index));
    let index = 1;
    while (taken.has(index)) index++;
    return index;
  }

  #ready(seat: Seat): void {
    this.#lastFailure = undefined;
    this.#decide(seat);
    this.#events.heard();
  }

  #failed(seat: Seat, failure: StartFailure, attempts: number): void {
    const error = toStartError(failure, this.#parts.grid.processName(seat.index));
    this.#log(error, failure);
    this.#lastFailure = error;
    this.#decide(seat);
    if (attempts < MOST_ATTEMPTS || !this.#running || this.#anyReady()) return;
    this.#running = false;
    this.#parts.host.onFatal(error);
  }

  /** Hosts that fail for one reason say so once. */
  #log(error: PoolStartError, failure: StartFailure): void {
    const { logger } = this.#parts;
    const again = (this.#lastFailure?.cause as Error | undefined)?.message === failure.message;
    if (again) logger.debug(error.message);
    else logger.error(error.message, failure.stack === undefined ? {} : { stack: failure.stack });
  }

  #decide(seat: Seat): void {
    this.#undecided.get(seat)?.();
    this.#undecided.delete(seat);
  }

  #left(seat: Seat): void {
    this.#vacated.delete(seat);
    this.#decide(seat);
    this.#events.changed();
  }

  #anyReady(): boolean {
    return this.#seats.some((seat) => seat.host?.ready);
  }
}

function total(slots: readonly number[]): number {
  return slots.reduce((sum, one) => sum + one, 0);
}

import { backoffMs } from '@tq/core/internal';
import type { Alarm } from './alarms.ts';
import { Host } from './host.ts';
import type { HostEnd, HostParts } from './host.ts';
import type { StartFailure } from './start-failure.ts';
import type { Ticket } from './ticket.ts';
import type { HostInfo } from './wire.ts';

/** A host that ends by itself sooner than this after it was ready is as good as one that failed to start. */
const STILLBORN_MS = 1000;

export interface SeatEvents {
  ready(seat: Seat): void;
  /** A host could not be started; after `attempts` in a row. */
  failed(seat: Seat, failure: StartFailure, attempts: number): void;
  heard(): void;
  gaveBack(tickets: readonly Ticket[]): void;
  /** A host ended and a seat that is not wanted any more may be empty now. */
  left(seat: Seat): void;
}

/** A place in the pool that is kept filled: one host after another, each a replacement of the last. */
export class Seat {
  readonly index: number;
  readonly #parts: HostParts;
  readonly #events: SeatEvents;
  readonly #title: string;
  #slots: number;
  #host: Host | undefined;
  /** Hosts that were replaced and still finish their jobs. */
  readonly #leaving = new Set<Host>();
  #vacated = false;
  #attempts = 0;
  #retry: Alarm | undefined;
  #readyMs = 0;

  constructor(
    place: { readonly index: number; readonly slots: number; readonly title: string },
    parts: HostParts,
    events: SeatEvents,
  ) {
    this.index = place.index;
    this.#slots = place.slots;
    this.#title = place.title;
    this.#parts = parts;
    this.#events = events;
  }

  /** The host that takes jobs, or will when it has started. */
  get host(): Host | undefined {
    return this.#host;
  }

  get hosts(): readonly Host[] {
    return this.#host ? [this.#host, ...this.#leaving] : [...this.#leaving];
  }

  get empty(): boolean {
    return !this.#host && this.#leaving.size === 0;
  }

  /** Jobs that a new one would not have to wait for. */
  get free(): number {
    const host = this.#host;
    if (!host?.open) return 0;
    let taken = 0;
    for (const old of this.#leaving) taken += old.jobs.load;
    return Math.min(host.jobs.free, this.#slots - host.jobs.load - taken);
  }

  /** Short jobs that may be sent to wait behind others. */
  get room(): number {
    return this.#host?.responsive && this.#leaving.size === 0 ? this.#host.jobs.room : 0;
  }

  setSlots(slots: number): void {
    this.#slots = slots;
    this.#host?.setSlots(slots);
  }

  fill(): void {
    if (this.#vacated || this.#host) return;
    const { grid } = this.#parts;
    const info: HostInfo = {
      index: this.index,
      processName: grid.processName(this.index),
      title: `${this.#title} [${grid.kind} ${this.index}]`,
      slots: this.#slots,
    };
    const host: Host = new Host(info, this.#parts, {
      ready: () => this.#ready(),
      heard: () => this.#events.heard(),
      gaveBack: (tickets) => this.#events.gaveBack(tickets),
      retiring: () => this.#retiring(host),
      gone: (end) => this.#gone(host, end),
    });
    this.#host = host;
  }

  /** Lets the last host finish its jobs and takes no other. */
  vacate(): void {
    this.#vacated = true;
    this.#parts.alarms.cancel(this.#retry);
    this.#host?.retire();
    if (this.empty) this.#events.left(this);
  }

  #ready(): void {
    this.#readyMs = this.#parts.host.clock.monotonic();
    this.#host?.setSlots(this.#slots);
    this.#events.ready(this);
  }

  /** Where hosts share many jobs, the old one may take long to finish the last: it isn't waited for. */
  #retiring(host: Host): void {
    if (this.#parts.grid.force === 'kill' || this.#host !== host) return;
    this.#host = undefined;
    this.#leaving.add(host);
    this.fill();
  }

  #gone(host: Host, end: HostEnd): void {
    if (!this.#leaving.delete(host)) {
      this.#host = undefined;
      this.#replace(host, end);
    }
    if (this.#vacated && this.empty) this.#events.left(this);
    this.#events.heard();
  }

  #replace(host: Host, end: HostEnd): void {
    const stillborn = !end.wanted && !host.jobs.used && this.#ageMs() < STILLBORN_MS;
    if (!end.wanted && !end.failure && !stillborn) this.#logDeath(host, end.detail);
    if (this.#vacated) return;
    if (!end.failure && !stillborn) {
      this.#attempts = 0;
      this.fill();
      return;
    }
    this.#attempts++;
    this.#retry = this.#parts.alarms.set(
      backoffMs(this.#attempts - 1, { firstMs: 250, maxMs: 30_000, jitter: false }),
      () => this.fill(),
    );
    const failure = end.failure ?? { message: `it ended right after its start (${end.detail})` };
    this.#events.failed(this, failure, this.#attempts);
  }

  #ageMs(): number {
    return this.#parts.host.clock.monotonic() - this.#readyMs;
  }

  #logDeath(host: Host, detail: string): void {
    const { processName } = host.info;
    this.#parts.logger.error(`${processName} (pid ${host.pid}) ended unexpectedly: ${detail}`, {
      processName,
    });
  }
}

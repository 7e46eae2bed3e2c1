import type { Clock } from '@tq/core';
import type { Host } from './host.ts';
import type { Seat } from './seat.ts';

/** A host that says nothing for so long while jobs wait in it is busy with a slow one: they run elsewhere. */
const SILENCE_MS = 5;

/** Finds jobs that wait behind a slow one, and takes them back. Runs only while jobs wait in hosts. */
export class Silence implements Disposable {
  readonly #clock: Clock;
  readonly #seats: () => readonly Seat[];
  #watch: Disposable | undefined;
  #looking = false;

  constructor(clock: Clock, seats: () => readonly Seat[]) {
    this.#clock = clock;
    this.#seats = seats;
  }

  /** Called after jobs were dealt. */
  listen(): void {
    if (this.#watch || !this.#seats().some((seat) => waitIn(seat))) return;
    this.#watch = this.#clock.every(SILENCE_MS, () => this.#soon());
  }

  [Symbol.dispose](): void {
    this.#watch?.[Symbol.dispose]();
    this.#watch = undefined;
  }

  /** After what has arrived was read: if it is this process that was busy, no host is to blame. */
  #soon(): void {
    if (this.#looking) return;
    this.#looking = true;
    setImmediate(() => {
      this.#looking = false;
      if (this.#watch) this.#look();
    });
  }

  #look(): void {
    const seats = this.#seats();
    const now = this.#clock.monotonic();
    let waiting = false;
    for (const seat of seats) {
      if (!waitIn(seat)) continue;
      waiting = true;
      if (seat.host && now - seat.host.heardMs > SILENCE_MS) this.#ask(seat.host, seats.length);
    }
    if (!waiting) this[Symbol.dispose]();
  }

  /** A single host would only get its jobs again, but it may have finished some before it went silent. */
  #ask(host: Host, hosts: number): void {
    if (hosts > 1) host.hush();
    else host.readNotes();
  }
}

function waitIn(seat: Seat): boolean {
  return (seat.host?.jobs.ahead ?? 0) > 0;
}

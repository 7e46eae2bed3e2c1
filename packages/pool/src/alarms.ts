import type { Clock } from '@tq/core';

/** A call that will be made at its time unless it is cancelled. */
export interface Alarm {
  readonly tick: number;
  run(): void;
}

/** How late an alarm may ring; those of one tick ring together. Milliseconds. */
const TICK_MS = 20;

/** What a timer can hold. */
const LONGEST_MS = 2 ** 31 - 1;

interface Armed {
  readonly tick: number;
  readonly stop: AbortController;
}

/**
 * Any number of alarms on one timer. Setting and cancelling one costs the same whatever their number, so jobs that have
 * a limit and end long before it cost next to nothing.
 */
export class Alarms implements Disposable {
  readonly #clock: Clock;
  readonly #ticks = new Map<number, Set<Alarm>>();
  /** Ascending; a tick whose alarms were all cancelled leaves when it comes to the front. */
  readonly #order: number[] = [];
  #armed: Armed | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  set(afterMs: number, run: () => void): Alarm {
    const tick = Math.ceil((this.#clock.monotonic() + afterMs) / TICK_MS);
    const alarm: Alarm = { tick, run };
    const alarms = this.#ticks.get(tick);
    if (alarms) alarms.add(alarm);
    else {
      this.#ticks.set(tick, new Set([alarm]));
      this.#insert(tick);
    }
    if (!this.#armed || tick < this.#armed.tick) this.#arm();
    return alarm;
  }

  cancel(alarm: Alarm | undefined): void {
    const alarms = alarm && this.#ticks.get(alarm.tick);
    if (!alarms) return;
    alarms.delete(alarm);
    if (alarms.size === 0) this.#ticks.delete(alarm.tick);
  }

  [Symbol.dispose](): void {
    this.#ticks.clear();
    this.#order.length = 0;
    this.#armed?.stop.abort();
    this.#armed = undefined;
  }

  #insert(tick: number): void {
    let at = this.#order.length;
    while (at > 0 && (this.#order[at - 1] as number) > tick) at--;
    if (this.#order[at - 1] !== tick) this.#order.splice(at, 0, tick);
  }

  #arm(): void {
    while (this.#order.length > 0 && !this.#ticks.has(this.#order[0] as number)) this.#order.shift();
    const tick = this.#order[0];
    this.#armed?.stop.abort();
    this.#armed = undefined;
    if (tick === undefined) return;
    const armed: Armed = { tick, stop: new AbortController() };
    this.#armed = armed;
    const waitMs = Math.min(LONGEST_MS, Math.max(0, tick * TICK_MS - this.#clock.monotonic()));
    this.#clock.sleep(waitMs, { signal: armed.stop.signal }).then(
      () => this.#ring(armed),
      () => undefined, // stopped
    );
  }

  #ring(armed: Armed): void {
    if (this.#armed !== armed) return;
    this.#armed = undefined;
    // Timers may fire a millisecond early.
    const nowTick = Math.floor((this.#clock.monotonic() + 1) / TICK_MS);
    for (let tick = this.#order[0]; tick !== undefined && tick <= nowTick; tick = this.#order[0]) {
      this.#order.shift();
      // One alarm may cancel another of its tick, so the set stays in place while it is walked.
      for (const alarm of this.#ticks.get(tick) ?? []) alarm.run();
      this.#ticks.delete(tick);
    }
    this.#arm();
  }
}

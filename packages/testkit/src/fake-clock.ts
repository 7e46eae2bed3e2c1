import type { Clock } from '@tq/core';

interface Alarm {
  atMs: number;
  readonly order: number;
  readonly everyMs: number | undefined;
  readonly ring: () => void;
}

/** A clock that moves when it is told to. Whoever sleeps on it wakes in the order of the alarms. */
export class FakeClock implements Clock {
  readonly #startMs: number;
  readonly #alarms = new Set<Alarm>();
  #nowMs: number;
  #order = 0;

  constructor(startMs: number = Date.UTC(2026, 0, 1)) {
    this.#startMs = startMs;
    this.#nowMs = startMs;
  }

  /** How many sleepers and tickers wait for time to pass. */
  get waiting(): number {
    return this.#alarms.size;
  }

  now(): number {
    return this.#nowMs;
  }

  monotonic(): number {
    return this.#nowMs - this.#startMs;
  }

  sleep(ms: number, options?: { readonly signal?: AbortSignal }): Promise<void> {
    const signal = options?.signal;
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason as Error);
        return;
      }
      const stop = (): void => {
        this.#alarms.delete(alarm);
        reject(signal?.reason as Error);
      };
      const alarm = this.#set(ms, undefined, () => {
        signal?.removeEventListener('abort', stop);
        resolve();
      });
      signal?.addEventListener('abort', stop, { once: true });
    });
  }

  every(ms: number, run: () => void): Disposable {
    const alarm = this.#set(ms, Math.max(ms, 1), run);
    return { [Symbol.dispose]: () => void this.#alarms.delete(alarm) };
  }

  /** Lets time pass alarm by alarm; what each of them set off has run before the next one rings. */
  async advance(ms: number): Promise<void> {
    const end = this.#nowMs + ms;
    await settled();
    for (let alarm = this.#next(end); alarm; alarm = this.#next(end)) {
      this.#nowMs = Math.max(this.#nowMs, alarm.atMs);
      if (alarm.everyMs === undefined) this.#alarms.delete(alarm);
      else alarm.atMs += alarm.everyMs;
      alarm.ring();
      await settled();
    }
    this.#nowMs = end;
  }

  #set(ms: number, everyMs: number | undefined, ring: () => void): Alarm {
    const alarm = { atMs: this.#nowMs + Math.max(ms, 0), order: this.#order++, everyMs, ring };
    this.#alarms.add(alarm);
    return alarm;
  }

  #next(end: number): Alarm | undefined {
    let first: Alarm | undefined;
    for (const alarm of this.#alarms) {
      if (alarm.atMs > end) continue;
      if (!first || alarm.atMs < first.atMs || (alarm.atMs === first.atMs && alarm.order < first.order))
        first = alarm;
    }
    return first;
  }
}

/** Promise reactions and one turn of the event loop. */
function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

import { loadavg, type } from 'node:os';
import type { Clock, Component, EventSink, WorkerVitals } from '@tq/core';

/** A fleet sends no more heartbeats than this together: everyone with gossip hears each of them. A second. */
const MOST_IN_FLEET = 10;

export interface HeartParts {
  readonly clock: Clock;
  readonly sink: EventSink;
  /** Time between two heartbeats. Milliseconds. */
  readonly everyMs: number;
  /** Other workers; with many of them hearts beat more slowly, and say so. undefined: at the same rate always. */
  readonly peers: (() => number) | undefined;
  readonly version: string;
  /** Tasks that run, and those taken on since the start. */
  counts(): { readonly active: number; readonly processed: number };
}

/** Tells everybody that this worker is there: at once, at intervals, and when it goes. */
export class Heart implements Component {
  readonly name = 'heart';
  readonly #parts: HeartParts;
  readonly #stopping = new AbortController();
  #beating: Promise<void> | undefined;

  constructor(parts: HeartParts) {
    this.#parts = parts;
  }

  start(): Promise<void> {
    this.#parts.sink.send('worker-online', this.#vitals());
    this.#beating = this.#beat();
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    this.#stopping.abort();
    if (!this.#beating) return;
    await this.#beating;
    this.#parts.sink.send('worker-offline', this.#vitals());
  }

  /** A sign of life out of turn. */
  beat(): void {
    this.#parts.sink.send('worker-heartbeat', this.#vitals());
  }

  /** Never rejects. */
  async #beat(): Promise<void> {
    const { clock } = this.#parts;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await clock.sleep(this.#everyMs(), { signal }).catch(() => undefined); // the loop looks
      if (!signal.aborted) this.beat();
    }
  }

  #everyMs(): number {
    const { everyMs, peers } = this.#parts;
    return peers ? Math.max(everyMs, Math.ceil(((peers() + 1) / MOST_IN_FLEET) * 1000)) : everyMs;
  }

  #vitals(): WorkerVitals {
    const [one = 0, five = 0, fifteen = 0] = loadavg().map((load) => Math.round(load * 100) / 100);
    return {
      freq: this.#everyMs() / 1000,
      ...this.#parts.counts(),
      loadavg: [one, five, fifteen],
      sw_ident: 'tq',
      sw_ver: this.#parts.version,
      sw_sys: type(),
    };
  }
}

import { ClosedError } from '@tq/core';
import type { Clock } from '@tq/core';
import { deferred } from '@tq/core/internal';
import { topicMatcher } from '@tq/virtual';
import type { BindingRecord, Envelope, PutEntry, QueueStore, Taken } from '@tq/virtual';
import type { MemoryBroker } from './broker.ts';

/** Node's timers overflow beyond about 24 days. */
const LONGEST_SLEEP_MS = 3_600_000;

export interface MemoryStoreOptions {
  readonly broker: MemoryBroker;
  readonly clock: Clock;
  readonly leaseMs: number;
}

/** One connection to a broker in this process. What it holds when it is disposed is lost by it, and counts. */
export class MemoryStore implements QueueStore {
  readonly leaseMs: number;
  readonly closed: Promise<Error | undefined>;
  readonly #broker: MemoryBroker;
  readonly #clock: Clock;
  readonly #ended = deferred<Error | undefined>();
  readonly #gone = new AbortController();
  readonly #listening = new Set<() => void>();

  constructor(options: MemoryStoreOptions) {
    this.leaseMs = options.leaseMs;
    this.closed = this.#ended.promise;
    this.#broker = options.broker;
    this.#clock = options.clock;
  }

  async put(entries: readonly PutEntry[]): Promise<void> {
    this.#open().put(entries, this.#clock.now());
  }

  async take(
    queues: readonly string[],
    options: { readonly max: number; readonly signal: AbortSignal },
  ): Promise<readonly Taken[]> {
    const { signal } = options;
    while (!signal.aborted && !this.#gone.signal.aborted) {
      const nowMs = this.#clock.now();
      const hold = { holder: this, untilMs: nowMs + this.leaseMs, nowMs };
      const taken = this.#broker.take(queues, options.max, hold);
      if (taken.length > 0) return taken;
      await this.#change(queues, signal);
    }
    return [];
  }

  async settle(tags: readonly string[], how: 'done' | 'requeue'): Promise<void> {
    this.#open().settle(tags, how, this, this.#clock.now());
  }

  async renew(tags: readonly string[]): Promise<void> {
    this.#open().renew(tags, this, this.#clock.now() + this.leaseMs);
  }

  async restoreExpired(): Promise<number> {
    const nowMs = this.#clock.now();
    return this.#open().restore((hold) => hold.untilMs < nowMs, nowMs);
  }

  async declare(queue: string, expiresMs?: number): Promise<void> {
    this.#open().declare(queue, expiresMs, this.#clock.now());
  }

  async use(queue: string): Promise<number | undefined> {
    return this.#open().use(queue, this.#clock.now());
  }

  async removeUnused(): Promise<number> {
    return this.#open().removeUnused(this.#clock.now());
  }

  async size(queue: string): Promise<number> {
    return this.#open().size(queue, this.#clock.now());
  }

  async purge(queue: string): Promise<number> {
    return this.#open().purge(queue);
  }

  async drop(queue: string): Promise<void> {
    this.#open().drop(queue, this.#clock.now());
  }

  async bind(binding: BindingRecord): Promise<void> {
    this.#open().bind(binding);
  }

  async bindings(exchange: string): Promise<readonly BindingRecord[]> {
    return this.#open().bindings(exchange);
  }

  async broadcast(exchange: string, routingKey: string, envelope: Envelope): Promise<number> {
    return this.#open().broadcast(exchange, routingKey, envelope);
  }

  async listen(
    exchange: string,
    pattern: string,
    onEnvelope: (envelope: Envelope) => void,
  ): Promise<AsyncDisposable> {
    const stop = this.#open().listen({ exchange, matches: topicMatcher(pattern), onEnvelope });
    this.#listening.add(stop);
    return {
      [Symbol.asyncDispose]: async () => {
        this.#listening.delete(stop);
        stop();
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.lose(undefined);
  }

  /** Ends the connection, as a crash would when there is a reason: what it holds goes back to the queues. */
  lose(reason: Error | undefined): void {
    if (this.#gone.signal.aborted) return;
    this.#gone.abort();
    for (const stop of this.#listening) stop();
    this.#broker.restore((hold) => hold.holder === this, this.#clock.now());
    this.#ended.resolve(reason);
  }

  #open(): MemoryBroker {
    if (this.#gone.signal.aborted) throw new ClosedError('The connection to the memory broker');
    return this.#broker;
  }

  /** Until there may be something to take: a message has come, a delay has passed, or the signal says stop. */
  async #change(queues: readonly string[], signal: AbortSignal): Promise<void> {
    const changed = this.#broker.changed(queues);
    const awake = new AbortController();
    for (const stop of [signal, this.#gone.signal])
      stop.addEventListener('abort', changed.end, { signal: awake.signal });
    const dueInMs = this.#broker.nextDueMs(queues) - this.#clock.now();
    if (dueInMs < Infinity) {
      const ms = Math.min(Math.max(dueInMs, 0), LONGEST_SLEEP_MS);
      this.#clock.sleep(ms, { signal: awake.signal }).then(changed.end, () => undefined); // woken before
    }
    await changed.promise;
    awake.abort();
  }
}

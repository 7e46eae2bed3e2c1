import { BrokerUnavailableError, ClosedError } from '@tq/core';
import type { Channel, Clock, Connection, Logger, TransportTraits } from '@tq/core';
import { deferred, toError } from '@tq/core/internal';
import { VirtualChannel } from './channel.ts';
import { CLOSE_TIMEOUT_MS, settlesWithin } from './deadline.ts';
import { restoring } from './leases.ts';
import type { Recurring } from './recurring.ts';
import type { QueueStore } from './store.ts';
import { Topology } from './topology.ts';
import { sweeping } from './uses.ts';

export interface ConnectionParts {
  readonly traits: TransportTraits;
  readonly store: QueueStore;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A connection is a store with channels; the store's failure is its end. */
export class VirtualConnection implements Connection {
  readonly traits: TransportTraits;
  readonly closed: Promise<Error | undefined>;
  readonly #parts: ConnectionParts;
  readonly #topology: Topology;
  /** Work for all that share the broker. */
  readonly #upkeep: readonly Recurring[];
  readonly #channels = new Set<VirtualChannel>();
  readonly #ended = deferred<Error | undefined>();
  #failure: Error | undefined;
  #closing: Promise<void> | undefined;

  constructor(parts: ConnectionParts) {
    this.traits = parts.traits;
    this.closed = this.#ended.promise;
    this.#parts = parts;
    this.#topology = new Topology(parts);
    this.#upkeep = [restoring(parts), sweeping(parts)];
    void parts.store.closed.then((reason) => {
      if (reason || !this.#closing) this.#fail(reason ?? new Error('its store was closed by somebody else'));
    });
  }

  async openChannel(): Promise<Channel> {
    if (this.#failure) throw this.#failure;
    if (this.#closing) throw new ClosedError('The connection');
    const channel = new VirtualChannel({
      ...this.#parts,
      topology: this.#topology,
      delays: this.traits.delays,
      onConsume: () => this.#keepUp(),
      onClosed: (gone) => void this.#channels.delete(gone),
      fail: (error) => this.#fail(error),
    });
    this.#channels.add(channel);
    return channel;
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** From the first consumer on: who only publishes has no use for the messages of others. */
  #keepUp(): void {
    for (const work of this.#upkeep) {
      if (work.started) continue;
      work.start();
      void work.runNow(); // never rejects
    }
  }

  async #close(): Promise<void> {
    const { clock } = this.#parts;
    const endMs = clock.monotonic() + CLOSE_TIMEOUT_MS;
    await this.#within(this.#closeChannels(), CLOSE_TIMEOUT_MS, 'The channels could not be closed in time');
    await this.#release(Math.max(endMs - clock.monotonic(), 0));
    this.#ended.resolve(undefined);
  }

  async #closeChannels(): Promise<void> {
    await Promise.all([...this.#channels].map((channel) => channel.close()));
    await this.#topology.close();
  }

  /** Everything ends with the store; what was held comes back when its lease ends. */
  #fail(reason: Error): void {
    if (this.#closing) {
      if (!this.#failure)
        this.#parts.logger.warn('The broker failed while closing', { error: reason.message });
      return;
    }
    const failure =
      reason instanceof BrokerUnavailableError
        ? reason
        : new BrokerUnavailableError(`The broker failed: ${reason.message}`, { cause: reason });
    this.#failure = failure;
    for (const channel of this.#channels) channel.abandon(failure);
    this.#channels.clear();
    this.#closing = this.#release(CLOSE_TIMEOUT_MS);
    this.#ended.resolve(failure);
  }

  async #release(timeoutMs: number): Promise<void> {
    for (const work of this.#upkeep) work[Symbol.dispose]();
    this.#topology.abandon();
    const disposing = Promise.resolve(this.#parts.store[Symbol.asyncDispose]());
    await this.#within(disposing, timeoutMs, 'The queue store could not be closed in time');
  }

  async #within(work: Promise<void>, timeoutMs: number, otherwise: string): Promise<void> {
    const { clock, logger } = this.#parts;
    try {
      if (!(await settlesWithin(work, timeoutMs, clock))) logger.warn(otherwise);
    } catch (error) {
      logger.warn(otherwise, { error: toError(error).message });
    }
  }
}

import { ClosedError } from '@tq/core';
import type {
  Address,
  Binding,
  Channel,
  Clock,
  ConsumeOptions,
  Consumer,
  Delivery,
  ExchangeSpec,
  Logger,
  Message,
  QueueInfo,
  QueueSpec,
} from '@tq/core';
import { Consumers } from './consumers.ts';
import type { Subscription } from './consumers.ts';
import { CLOSE_TIMEOUT_MS, settlesWithin } from './deadline.ts';
import { renewing } from './leases.ts';
import type { Recurring } from './recurring.ts';
import { Outbox } from './outbox.ts';
import { Settler } from './settler.ts';
import type { QueueStore } from './store.ts';
import type { Topology } from './topology.ts';
import { Unacked } from './unacked.ts';

export interface ChannelOptions {
  readonly store: QueueStore;
  readonly topology: Topology;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly delays: boolean;
  /** A consumer has come. */
  onConsume(): void;
  onClosed(channel: VirtualChannel): void;
  /** The store failed: the end of the connection. */
  fail(error: Error): void;
}

/** An AMQP channel over a queue store. */
export class VirtualChannel implements Channel {
  readonly #options: ChannelOptions;
  readonly #unacked: Unacked;
  readonly #settler: Settler;
  readonly #outbox: Outbox;
  readonly #consumers: Consumers;
  readonly #leases: Recurring;
  #failure: Error | undefined;
  #closing: Promise<void> | undefined;
  #serial = 0;
  /** Acknowledgements that came after the end, and are not reported yet. */
  #late = 0;

  constructor(options: ChannelOptions) {
    const { clock, delays, logger, store, topology } = options;
    this.#options = options;
    const fail = (error: Error): void => options.fail(error);
    this.#settler = new Settler(store, fail);
    this.#unacked = new Unacked(
      () => this.#consumers.wakeSoon(),
      () => this.#tooLate(),
    );
    this.#outbox = new Outbox({ store, topology, delays });
    this.#leases = renewing(options, () => this.#unacked.tagsOf(this.#settler));
    this.#consumers = new Consumers({
      store,
      settler: this.#settler,
      unacked: this.#unacked,
      mailbox: (queue) => topology.mailbox(queue),
      clock,
      logger,
      onHeld: () => this.#leases.start(),
      fail,
    });
  }

  async declareExchange(exchange: ExchangeSpec): Promise<void> {
    this.#ensureOpen();
    this.#options.topology.declareExchange(exchange);
  }

  async declareQueue(queue: QueueSpec): Promise<QueueInfo> {
    this.#ensureOpen();
    return this.#options.topology.declareQueue(queue);
  }

  async bindQueue(binding: Binding): Promise<void> {
    this.#ensureOpen();
    await this.#options.topology.bind(binding);
  }

  publish(message: Message, to: Address): Promise<void> {
    const closed = this.#closed();
    return closed ? Promise.reject(closed) : this.#outbox.publish(message, to);
  }

  async consume(
    queue: string,
    onDelivery: (delivery: Delivery) => void,
    options?: ConsumeOptions,
  ): Promise<Consumer> {
    this.#ensureOpen();
    await this.#options.topology.prepare(queue);
    this.#ensureOpen();
    this.#serial += 1;
    const tag = options?.tag ?? `ctag-${this.#serial}`;
    const subscription = this.#consumers.add(tag, queue, onDelivery, options);
    this.#options.topology.attached(queue);
    this.#options.onConsume();
    let cancelling: Promise<void> | undefined;
    return { tag, queue, cancel: () => (cancelling ??= this.#cancel(subscription)) };
  }

  async prefetch(count: number): Promise<void> {
    this.#ensureOpen();
    const shrinks = count !== 0 && (this.#unacked.limit === 0 || count < this.#unacked.limit);
    this.#unacked.limit = count; // wakes the consumers when it opens a full window
    if (shrinks) this.#consumers.replan();
  }

  async purgeQueue(queue: string): Promise<number> {
    this.#ensureOpen();
    return this.#options.topology.purge(queue);
  }

  async deleteQueue(queue: string): Promise<void> {
    this.#ensureOpen();
    await this.#options.topology.delete(queue);
  }

  async flush(): Promise<void> {
    await this.#settler.flush();
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** The connection is gone: nothing can be said to the store any more. Its holds end with their leases. */
  abandon(failure: Error): void {
    if (this.#failure) return;
    this.#failure = failure;
    this.#unacked.drain();
    this.#leases[Symbol.dispose]();
    this.#outbox.abandon(failure);
    this.#settler.abandon();
    void this.#consumers.stop(); // never rejects
  }

  #tooLate(): void {
    this.#late += 1;
    if (this.#late > 1) return;
    setImmediate(() => {
      this.#options.logger.info(
        'Acknowledgements came after their channel was closed; these messages are delivered again',
        { count: this.#late },
      );
      this.#late = 0;
    });
  }

  async #cancel(subscription: Subscription): Promise<void> {
    if (this.#closed()) return this.#closing;
    const done = async (): Promise<void> => {
      await this.#consumers.remove(subscription);
      await this.#settler.flush();
      await this.#options.topology.released(subscription.queue);
    };
    await this.#inTime(done(), 'A consumer was cancelled before the store had answered');
  }

  async #close(): Promise<void> {
    if (this.#failure) return;
    const held = this.#unacked.drain(); // acknowledgements from now on come too late
    await this.#inTime(this.#giveBack(held), 'A channel was closed before the store had answered');
    this.#leases[Symbol.dispose]();
    this.#outbox.abandon(new ClosedError('The channel'));
    this.#settler.abandon();
    this.#options.onClosed(this);
  }

  async #giveBack(held: ReturnType<Unacked['drain']>): Promise<void> {
    const queues = await this.#consumers.stop();
    await this.#settler.flush();
    for (const [tag, origin] of held) origin.settle(tag, 'requeue');
    await Promise.all([this.#settler.flush(), this.#outbox.flush()]);
    for (const queue of queues) await this.#options.topology.released(queue);
  }

  /** Waits, but not for ever; a store that fails meanwhile is the connection's affair. */
  async #inTime(work: Promise<void>, otherwise: string): Promise<void> {
    try {
      if (!(await settlesWithin(work, CLOSE_TIMEOUT_MS, this.#options.clock)))
        this.#options.logger.warn(otherwise, { waitedMs: CLOSE_TIMEOUT_MS });
    } catch (error) {
      this.#options.logger.warn(otherwise, { error });
    }
  }

  #closed(): Error | undefined {
    return this.#failure ?? (this.#closing ? new ClosedError('The channel') : undefined);
  }

  #ensureOpen(): void {
    const closed = this.#closed();
    if (closed) throw closed;
  }
}

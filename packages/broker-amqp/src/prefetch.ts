import type { ConfirmChannel } from 'amqplib';

/** AMQP writes the count in 16 bits; more is no limit. */
const MOST = 65_535;

interface Renewable {
  renew(): Promise<void>;
}

/**
 * `channel`: RabbitMQ's window for the whole channel, which may change at any time. `consumer`: RabbitMQ's window for each
 * consumer, which holds from the consumer's beginning; quorum queues know no other. `plain`: what the protocol says, one
 * window for the channel, asked for without the flag that RabbitMQ reads in its own way.
 */
export type WindowKind = 'channel' | 'consumer' | 'plain';

export interface PrefetchOptions {
  readonly model: ConfirmChannel;
  /** It may change while queues are being declared. */
  readonly kind: () => WindowKind;
  readonly consumers: ReadonlySet<Renewable>;
}

/** The window of a channel. Consumers with windows of their own are made anew when a change pays. */
export class Prefetch {
  readonly #options: PrefetchOptions;
  /** What was asked for. */
  #wanted = 0;
  /** What the broker was told, and in which way. */
  #told = 0;
  #kind: WindowKind | undefined;
  #changing: Promise<void> = Promise.resolve();

  constructor(options: PrefetchOptions) {
    this.#options = options;
  }

  async set(count: number): Promise<void> {
    this.#wanted = count > MOST ? 0 : count;
    await this.#change();
  }

  /** Before a consumer begins: a queue declared since may have changed the kind of window. */
  async ready(): Promise<void> {
    if (this.#kind !== undefined && this.#kind !== this.#options.kind()) await this.#change();
  }

  /** Says the same again: its answer comes after everything that was sent on the channel before. */
  async repeat(): Promise<void> {
    await this.#options.model.prefetch(this.#told, this.#kind === 'channel');
  }

  /** One after the other, each with what is wanted by then. */
  #change(): Promise<void> {
    const change = this.#changing.then(() => this.#apply());
    this.#changing = change.catch(() => undefined); // whoever asked is told
    return change;
  }

  async #apply(): Promise<void> {
    const kind = this.#options.kind();
    if (this.#kind === 'channel' && kind !== 'channel') await this.#options.model.prefetch(0, true);
    if (kind !== 'consumer' || this.#options.consumers.size === 0) return this.#tell(this.#wanted, kind);
    if (!this.#pays()) return;
    await this.#tell(this.#larger(), kind);
    for (const consumer of this.#options.consumers) await consumer.renew();
  }

  async #tell(count: number, kind: WindowKind): Promise<void> {
    if (count === this.#told && kind === this.#kind) return;
    await this.#options.model.prefetch(count, kind === 'channel');
    this.#told = count;
    this.#kind = kind;
  }

  /** A window that is too small stops the work; one that is too large by less than half does little harm. */
  #pays(): boolean {
    if (this.#told === 0 || this.#wanted === 0) return this.#told !== this.#wanted;
    return this.#wanted > this.#told || this.#wanted * 2 <= this.#told;
  }

  /** Grows by half at least: waiting tasks ask for one more each. */
  #larger(): number {
    if (this.#wanted <= this.#told || this.#wanted === 0) return this.#wanted;
    return Math.min(MOST, Math.max(this.#wanted, Math.ceil(this.#told * 1.5)));
  }
}

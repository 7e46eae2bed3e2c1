import type { ConfirmChannel, ConsumeMessage } from 'amqplib';
import { BrokerUnavailableError } from '@tq/core';
import type { ConsumeOptions, Consumer, Delivery, Logger } from '@tq/core';
import type { Acknowledgements } from './acknowledgements.ts';
import { AmqpDelivery } from './delivery.ts';
import { originOf } from './delayed.ts';
import type { Topology } from './topology.ts';

export interface ConsumerOptions {
  readonly model: ConfirmChannel;
  readonly queue: string;
  readonly onDelivery: (delivery: Delivery) => void;
  readonly consume: ConsumeOptions;
  readonly acks: Acknowledgements | undefined;
  readonly topology: Topology;
  readonly logger: Logger;
  /** The broker has ended it. */
  readonly onCancelled: (reason: Error) => void;
  readonly onRemoved: () => void;
}

/** A subscription, which may have to be made anew for a window to change. */
export class AmqpConsumer implements Consumer {
  readonly queue: string;
  readonly #options: ConsumerOptions;
  #tag = '';
  /** The tag that the broker knows at present. */
  #current = '';
  #renewals = 0;
  #isGone = false;
  #cancelling: Promise<void> | undefined;

  constructor(options: ConsumerOptions) {
    this.#options = options;
    this.queue = options.queue;
  }

  get tag(): string {
    return this.#tag;
  }

  async start(): Promise<void> {
    this.#tag = this.#current = await this.#subscribe(this.#options.consume.tag);
  }

  /** A window for each consumer holds from its beginning: begin again. */
  async renew(): Promise<void> {
    if (this.#isGone || this.#cancelling) return;
    const old = this.#current;
    this.#renewals += 1;
    this.#current = await this.#subscribe(`${this.#tag}.${this.#renewals}`);
    await this.#options.model.cancel(old);
  }

  cancel(): Promise<void> {
    return (this.#cancelling ??= this.#cancel());
  }

  abandon(): void {
    this.#isGone = true;
  }

  async #cancel(): Promise<void> {
    if (this.#isGone) return;
    try {
      await this.#options.model.cancel(this.#current);
    } catch {
      // The channel has ended meanwhile, and with it the subscription; `closed` of the connection says why.
    }
    this.#isGone = true;
    this.#options.onRemoved();
  }

  async #subscribe(tag: string | undefined): Promise<string> {
    const { model, queue, consume } = this.#options;
    const options = { noAck: consume.noAck === true, ...(tag === undefined ? {} : { consumerTag: tag }) };
    const { consumerTag } = await model.consume(queue, (raw) => this.#receive(raw), options);
    return consumerTag;
  }

  #receive(raw: ConsumeMessage | null): void {
    if (this.#isGone) return;
    const { acks, onCancelled, queue, topology } = this.#options;
    if (raw === null) {
      this.#isGone = true;
      const text = `The broker has cancelled the consumer of the queue ${JSON.stringify(queue)}: the queue was deleted, or has moved to another node.`;
      return onCancelled(new BrokerUnavailableError(text));
    }
    acks?.add(raw.fields.deliveryTag);
    this.#deliver(
      new AmqpDelivery(raw, {
        queue,
        acks,
        origin: originOf(raw.fields, topology.bindingOf(queue)),
        isCounted: topology.isQuorum(queue),
      }),
    );
  }

  #deliver(delivery: AmqpDelivery): void {
    try {
      this.#options.onDelivery(delivery);
    } catch (error) {
      this.#options.logger.error('A consumer threw; its message goes back to the queue', {
        queue: this.queue,
        error,
      });
      delivery.reject({ requeue: true });
    }
  }
}

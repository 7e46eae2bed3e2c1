import type { ConsumeMessage } from 'amqplib';
import type { Delivery, Message } from '@tq/core';
import type { Acknowledgements } from './acknowledgements.ts';
import { readMessage } from './properties.ts';

/** Quorum queues count in this header how often they have handed a message out before. */
const COUNT_HEADER = 'x-delivery-count';

/** Where a delayed message really came from. */
export type Origin = Pick<Delivery, 'exchange' | 'routingKey'>;

export interface DeliveryContext {
  readonly queue: string;
  /** undefined: there is nothing to acknowledge. */
  readonly acks: Acknowledgements | undefined;
  readonly origin: Origin;
  /** Whether the queue counts deliveries. */
  readonly isCounted: boolean;
}

/** A message of the broker, read when somebody looks at it. */
export class AmqpDelivery implements Delivery {
  readonly queue: string;
  readonly exchange: string;
  readonly routingKey: string;
  readonly redelivered: boolean;
  /** Classic queues don't count. */
  readonly deliveries?: number;
  readonly #raw: ConsumeMessage;
  readonly #acks: Acknowledgements | undefined;
  #message: Message | undefined;

  constructor(raw: ConsumeMessage, { queue, acks, origin, isCounted }: DeliveryContext) {
    this.#raw = raw;
    this.#acks = acks;
    this.queue = queue;
    this.exchange = origin.exchange;
    this.routingKey = origin.routingKey;
    this.redelivered = raw.fields.redelivered;
    const before: unknown = raw.properties.headers?.[COUNT_HEADER];
    if (typeof before === 'number') this.deliveries = before + 1;
    // The first time some versions leave the header out.
    else if (isCounted) this.deliveries = 1;
  }

  get message(): Message {
    return (this.#message ??= readMessage(this.#raw));
  }

  ack(): void {
    this.#acks?.ack(this.#raw.fields.deliveryTag);
  }

  reject({ requeue }: { readonly requeue: boolean }): void {
    this.#acks?.reject(this.#raw.fields.deliveryTag, requeue);
  }
}

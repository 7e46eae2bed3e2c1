import type { ConsumeMessage } from 'amqplib';
import type { Delivery, Message } from '@tq/core';
import type { Acknowledgements } from './acknowledgements.ts';
import { readMessage } from './properties.ts';

/** Quorum queues count in this header how often they have handed a message out before. */
const COUNT_HEADER = 'x-delivery-count';

/** Where a delayed message really came from. */
export type Origin = Pick<Delivery, 'exchange' | 'routingKey'>;

/** A message of the broker, read when somebody looks at it. */
export class AmqpDelivery implements Delivery {
  readonly queue: string;
  readonly exchange: string;
  readonly routingKey: string;
  readonly redelivered: boolean;
  /** Classic queues don't count. */
  readonly deliveries?: number;
  readonly #raw: ConsumeMessage;
  /** undefined: there is nothing to acknowledge. */
  readonly #acks: Acknowledgements | undefined;
  #message: Message | undefined;

  constructor(
    raw: ConsumeMessage,
    queue: string,
    acks: Acknowledgements | undefined,
    origin: Origin = raw.fields,
  ) {
    this.#raw = raw;
    this.#acks = acks;
    this.queue = queue;
    this.exchange = origin.exchange;
    this.routingKey = origin.routingKey;
    this.redelivered = raw.fields.redelivered;
    const counted: unknown = raw.properties.headers?.[COUNT_HEADER];
    if (typeof counted === 'number') this.deliveries = counted + 1;
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

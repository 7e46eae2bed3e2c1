import type { Delivery, Message } from '@tq/core';
import type { Taken } from './store.ts';
import type { Unacked } from './unacked.ts';

/** A message in the hands of a consumer. */
export class VirtualDelivery implements Delivery {
  readonly message: Message;
  readonly queue: string;
  readonly exchange: string;
  readonly routingKey: string;
  readonly redelivered: boolean;
  readonly deliveries: number;
  readonly #tag: string;
  readonly #unacked: Unacked;

  constructor(taken: Taken, unacked: Unacked) {
    const { exchange, message, routingKey } = taken.envelope;
    this.message = message;
    this.queue = taken.queue;
    this.exchange = exchange;
    this.routingKey = routingKey;
    this.redelivered = taken.redelivered;
    this.deliveries = taken.deliveries;
    this.#tag = taken.tag;
    this.#unacked = unacked;
  }

  ack(): void {
    this.#unacked.settle(this.#tag, 'done');
  }

  reject(options: { readonly requeue: boolean }): void {
    this.#unacked.settle(this.#tag, options.requeue ? 'requeue' : 'done');
  }
}

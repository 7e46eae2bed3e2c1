import type { Channel, Consumer, ConsumeOptions, Delivery } from '@tq/core';
import { eventually } from '../eventually.ts';
import { message, textOf } from '../fixtures.ts';

export interface Collected {
  readonly deliveries: Delivery[];
  readonly consumer: Consumer;
  texts(): string[];
  /** Waits until this many have come. */
  count(wanted: number, timeoutMs?: number): Promise<readonly Delivery[]>;
}

export interface CollectOptions extends ConsumeOptions {
  /** What becomes of a delivery. @default nothing: it's held */
  readonly each?: (delivery: Delivery) => void;
}

/** Consumes, and keeps what comes. */
export async function collect(
  channel: Channel,
  queue: string,
  options: CollectOptions = {},
): Promise<Collected> {
  const { each, ...consume } = options;
  const deliveries: Delivery[] = [];
  const onDelivery = (delivery: Delivery): void => {
    deliveries.push(delivery);
    each?.(delivery);
  };
  const consumer = await channel.consume(queue, onDelivery, consume);
  const texts = (): string[] => deliveries.map((delivery) => textOf(delivery));
  return {
    deliveries,
    consumer,
    texts,
    async count(wanted, timeoutMs = 5000) {
      await eventually(() => deliveries.length >= wanted, {
        timeoutMs,
        what: `${wanted} deliveries from ${queue}`,
      });
      return deliveries;
    },
  };
}

export function ack(delivery: Delivery): void {
  delivery.ack();
}

/** Sends texts to a queue, in order. */
export async function send(channel: Channel, queue: string, texts: readonly string[]): Promise<void> {
  const to = { exchange: '', routingKey: queue };
  await Promise.all(texts.map((text) => channel.publish(message(text), to)));
}

/** Declares a durable queue with a name of its own. */
export async function freshQueue(channel: Channel, name: string): Promise<string> {
  await channel.declareQueue({ name });
  return name;
}

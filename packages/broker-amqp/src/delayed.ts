import type { Channel as AmqpChannel, ChannelModel } from 'amqplib';
import type { Address, Binding, Delivery, Logger } from '@tq/core';
import { encodeFields } from './fields.ts';
import { REPLY, replyCode, said } from './failure.ts';
import type { Origin } from './delivery.ts';

/** Level n holds a message for 2^n seconds. Spec: amqp.md 6. */
const LEVELS = 28;
const LONGEST_S = 2 ** LEVELS - 1;
const END = 'celery_delayed_delivery';

const level = (n: number): string => `celery_delayed_${n}`;
const BITS = new RegExp(`^(?:[01]\\.){${LEVELS}}`);

/** Where to publish so that the broker holds the message for these whole seconds; it keeps its own address beyond that. */
export function delayedAddress(to: Address, seconds: number): Address {
  // Longer than the ladder reaches: the worker waits for the rest.
  const bits = Math.min(seconds, LONGEST_S).toString(2).padStart(LEVELS, '0');
  return { ...to, exchange: level(LEVELS - 1), routingKey: `${bits.split('').join('.')}.${to.routingKey}` };
}

/** Exchange and routing key that a delayed message was meant for. */
export function originOf(
  fields: Origin,
  binding: Binding | undefined,
): Pick<Delivery, 'exchange' | 'routingKey'> {
  if (!fields.exchange.startsWith('celery_delayed_') || !BITS.test(fields.routingKey)) return fields;
  return {
    exchange: binding?.exchange ?? fields.exchange,
    routingKey: fields.routingKey.replace(BITS, ''),
  };
}

/**
 * Celery's ladder of queues, in which messages sink to their moment. Whoever declares the first queue for it makes it, in
 * the background: on a fresh broker that takes seconds, and until then the worker waits for the moment itself.
 */
export class Ladder {
  readonly #model: ChannelModel;
  readonly #queueType: 'quorum' | 'classic';
  readonly #logger: Logger;
  readonly #reached = new Set<string>();
  #work: Promise<void> = Promise.resolve();
  #isMade = false;

  constructor(model: ChannelModel, queueType: 'quorum' | 'classic', logger: Logger) {
    this.#model = model;
    this.#queueType = queueType;
    this.#logger = logger;
  }

  /** Whether messages to this exchange can be delayed now. */
  reaches(exchange: string): boolean {
    return this.#reached.has(exchange);
  }

  /** Messages for this queue can be delayed soon. */
  extendTo({ exchange, queue, routingKey }: Binding): void {
    const key = routingKey.startsWith('#') ? routingKey : `#.${routingKey}`;
    const extend = async (): Promise<void> => {
      if (!this.#isMade) await this.#makeUnlessThere();
      this.#isMade = true;
      await this.#onChannel(async (channel) => {
        await Promise.all([
          channel.bindExchange(exchange, END, key),
          channel.bindQueue(queue, exchange, key),
        ]);
      });
      this.#reached.add(exchange);
      this.#logger.debug('The broker can delay messages', { exchange, queue });
    };
    this.#work = this.#work.then(extend).catch((error: unknown) => {
      this.#logger.warn('The broker will not delay messages; workers wait instead', {
        exchange,
        queue,
        error: said(error),
      });
    });
  }

  async #makeUnlessThere(): Promise<void> {
    // It is made from the bottom up here, so that the top is there only when all the rest is.
    if (await this.#isThere(level(LEVELS - 1))) return;
    await this.#onChannel(async (channel) => {
      await channel.assertExchange(END, 'topic', { durable: true });
      for (let n = 0; n < LEVELS; n++) await this.#rung(channel, n);
    });
  }

  async #rung(channel: AmqpChannel, n: number): Promise<void> {
    const [here, below] = [level(n), n === 0 ? END : level(n - 1)];
    const stars = '*.'.repeat(LEVELS - 1 - n);
    await Promise.all([
      channel.assertQueue(here, { durable: true, arguments: encodeFields(this.#arguments(n, below)) }),
      channel.assertExchange(here, 'topic', { durable: true }),
      channel.bindQueue(here, here, `${stars}1.#`),
      channel.bindExchange(below, here, `${stars}0.#`),
    ]);
  }

  #arguments(n: number, below: string): Record<string, unknown> {
    return {
      'x-queue-type': this.#queueType,
      'x-overflow': 'reject-publish',
      'x-message-ttl': 2 ** n * 1000,
      'x-dead-letter-exchange': below,
      ...(this.#queueType === 'quorum' ? { 'x-dead-letter-strategy': 'at-least-once' } : {}),
    };
  }

  async #isThere(exchange: string): Promise<boolean> {
    try {
      await this.#onChannel((channel) => channel.checkExchange(exchange));
      return true;
    } catch (error) {
      if (replyCode(error) === REPLY.notFound) return false;
      throw error;
    }
  }

  /** On a channel of its own: a refusal closes it. */
  async #onChannel(work: (channel: AmqpChannel) => Promise<unknown>): Promise<void> {
    const channel = await this.#model.createChannel();
    channel.on('error', () => undefined); // whoever asked is told
    await work(channel);
    await channel.close();
  }
}

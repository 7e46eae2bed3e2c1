import type { ConfirmChannel } from 'amqplib';
import { BrokerUnavailableError, ClosedError } from '@tq/core';
import type {
  Address,
  Binding,
  Channel,
  ConsumeOptions,
  Consumer,
  Delivery,
  ExchangeSpec,
  Logger,
  Message,
  QueueInfo,
  QueueSpec,
} from '@tq/core';
import { deferred } from '@tq/core/internal';
import { Acknowledgements } from './acknowledgements.ts';
import { AmqpConsumer } from './consumer.ts';
import { delayedAddress } from './delayed.ts';
import type { Ladder } from './delayed.ts';
import { channelLoss, refusal } from './failure.ts';
import type { Attempt } from './failure.ts';
import { encodeFields } from './fields.ts';
import { Outgoing } from './outgoing.ts';
import { Prefetch } from './prefetch.ts';
import type { Topology } from './topology.ts';

/** How long confirmations and the good-bye may take. */
const CLOSE_TIMEOUT_MS = 5000;

export interface ChannelOptions {
  readonly model: ConfirmChannel;
  readonly confirms: boolean;
  readonly topology: Topology;
  readonly ladder: Ladder;
  readonly hasGlobalPrefetch: boolean;
  readonly perConsumerPrefetch: boolean | undefined;
  readonly logger: Logger;
  readonly onClosed: () => void;
  /** Without this channel the connection is of no use to its owner. */
  readonly lose: (reason: Error) => void;
}

/** A channel of the client library, with our names, our errors and batched acknowledgements. */
export class AmqpChannel implements Channel {
  readonly #model: ConfirmChannel;
  readonly #options: ChannelOptions;
  readonly #outgoing: Outgoing;
  readonly #acks: Acknowledgements;
  readonly #prefetch: Prefetch;
  readonly #consumers = new Set<AmqpConsumer>();
  readonly #gone = deferred();
  #failure: Error | undefined;
  /** What the broker said when it closed the channel. */
  #said: unknown;
  #closing: Promise<void> | undefined;

  constructor(options: ChannelOptions) {
    const { model, logger } = options;
    this.#model = model;
    this.#options = options;
    this.#acks = new Acknowledgements(model, logger);
    this.#outgoing = new Outgoing(model, options);
    this.#prefetch = new Prefetch({
      model,
      kind: () => {
        if (!options.hasGlobalPrefetch) return 'plain';
        return (options.perConsumerPrefetch ?? options.topology.hasQuorum) ? 'consumer' : 'channel';
      },
      consumers: this.#consumers,
    });
    model.on('error', (error) => {
      this.#said ??= error;
    });
    // Before the library tells each message that its channel has ended.
    model.prependListener('close', () => this.#closed());
    model.on('handler-error', (error) => options.lose(channelLoss(error)));
  }

  async declareExchange(exchange: ExchangeSpec): Promise<void> {
    const { name, type, durable = true, autoDelete = false, arguments: given } = exchange;
    if (name === '') return;
    const flags = { durable, autoDelete, ...(given ? { arguments: encodeFields(given) } : {}) };
    await this.#ask(() => this.#model.assertExchange(name, type, flags), {
      what: `declare the exchange ${JSON.stringify(name)}`,
      mend: 'It exists with another type or other flags: declare it with the same (exchangeType, durable), use another name, or delete it on the broker.',
    });
    this.#options.topology.exchangeDeclared(exchange);
  }

  async declareQueue(queue: QueueSpec): Promise<QueueInfo> {
    const { name, durable = true, exclusive = false, autoDelete = false, arguments: given } = queue;
    const flags = { durable, exclusive, autoDelete, ...(given ? { arguments: encodeFields(given) } : {}) };
    const answer = await this.#ask(() => this.#model.assertQueue(name, flags), {
      what: `declare the queue ${JSON.stringify(name)}`,
      mend: 'It exists with other flags or arguments: give it the same in the setting taskQueues (durable, queueArguments such as x-max-priority or x-queue-type), use another name, or delete it on the broker.',
    });
    this.#options.topology.queueDeclared({ ...queue, name: answer.queue });
    return { name: answer.queue, messages: answer.messageCount, consumers: answer.consumerCount };
  }

  async bindQueue(binding: Binding): Promise<void> {
    const { exchange, queue, routingKey, arguments: given } = binding;
    const { ladder, topology } = this.#options;
    const what = `bind the queue ${JSON.stringify(queue)} to the exchange ${JSON.stringify(exchange)}`;
    await this.#ask(() => this.#model.bindQueue(queue, exchange, routingKey, given && encodeFields(given)), {
      what,
    });
    topology.bound(binding);
    const type = topology.typeOf(exchange);
    if (topology.hasQuorum && type === 'topic') ladder.extendTo(binding);
  }

  publish(message: Message, to: Address): Promise<void> {
    const ended = this.#ended();
    return ended ? Promise.reject(ended) : this.#outgoing.publish(message, this.#delayed(to));
  }

  async consume(
    queue: string,
    onDelivery: (delivery: Delivery) => void,
    options: ConsumeOptions = {},
  ): Promise<Consumer> {
    const { topology, logger, lose } = this.#options;
    const consumer = new AmqpConsumer({
      model: this.#model,
      queue,
      onDelivery,
      consume: options,
      acks: options.noAck ? undefined : this.#acks,
      topology,
      logger,
      onCancelled: (reason) => lose(reason),
      onRemoved: () => this.#consumers.delete(consumer),
    });
    await this.#ask(
      async () => {
        await this.#prefetch.ready();
        await consumer.start();
      },
      { what: `consume the queue ${JSON.stringify(queue)}` },
    );
    this.#consumers.add(consumer);
    return consumer;
  }

  async prefetch(count: number): Promise<void> {
    await this.#ask(() => this.#prefetch.set(count), { what: `set the prefetch window to ${count}` });
  }

  async purgeQueue(queue: string): Promise<number> {
    const what = `purge the queue ${JSON.stringify(queue)}`;
    const { messageCount } = await this.#ask(() => this.#model.purgeQueue(queue), { what });
    return messageCount;
  }

  async deleteQueue(queue: string): Promise<void> {
    await this.#ask(() => this.#model.deleteQueue(queue), {
      what: `delete the queue ${JSON.stringify(queue)}`,
    });
  }

  async flush(): Promise<void> {
    if (this.#ended() || !this.#acks.flushUnheard()) return;
    // Acknowledgements have no answer, so the broker is asked something harmless; a lost link needs no more flushing.
    await this.#prefetch.repeat().catch(() => undefined);
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  block(because: string): void {
    this.#outgoing.block(because);
  }

  giveUpWaiting(): void {
    this.#outgoing.giveUpWaiting();
  }

  unblock(): void {
    this.#outgoing.unblock();
  }

  /** It can't be used any more: the connection is gone, or the broker has closed it. */
  abandon(failure: Error): void {
    if (this.#failure) return;
    this.#failure = failure;
    this.#acks.abandon();
    this.#outgoing.fail(failure, this.#said);
    for (const consumer of this.#consumers) consumer.abandon();
    this.#gone.resolve();
  }

  async #close(): Promise<void> {
    if (this.#failure) return;
    const limit = setTimeout(() => this.#gone.resolve(), CLOSE_TIMEOUT_MS);
    this.#acks.flush();
    await Promise.race([this.#outgoing.settled(), this.#gone.promise]);
    if (!this.#failure) {
      // An acknowledgement that came while we waited.
      this.#acks.flush();
      this.#acks.abandon();
      this.#model.close().catch(() => this.#gone.resolve());
      await this.#gone.promise;
    }
    clearTimeout(limit);
    this.abandon(new ClosedError('The channel'));
    this.#options.onClosed();
  }

  /** The library's channel has ended: as we wished, or because the broker said so, or with its connection. */
  #closed(): void {
    if (this.#closing) return this.#gone.resolve();
    const reason = this.#said === undefined ? undefined : channelLoss(this.#said);
    const hadConsumers = this.#consumers.size > 0;
    this.abandon(reason ?? new BrokerUnavailableError('The connection to the broker was lost.'));
    this.#options.onClosed();
    // Nobody else would tell the consumers' owner.
    if (hadConsumers && reason) this.#options.lose(reason);
  }

  /** One operation, its failure in our words. */
  async #ask<T>(operation: () => Promise<T>, attempt: Attempt): Promise<T> {
    const ended = this.#ended();
    if (ended) throw ended;
    try {
      return await operation();
    } catch (error) {
      // With the channel closed by somebody else's operation, or gone with the connection, that is the reason.
      if (typeof (error as { code?: unknown }).code === 'number') throw refusal(error, attempt);
      throw this.#ended() ?? refusal(error, attempt);
    }
  }

  /** Quorum queues can't give a worker more than its window, so Celery lets the broker hold what is for later. */
  #delayed(to: Address): Address {
    const { notBeforeMs } = to;
    const { topology } = this.#options;
    if (notBeforeMs === undefined || !topology.hasQuorum || topology.typeOf(to.exchange) !== 'topic')
      return to;
    const seconds = Math.floor((notBeforeMs - Date.now()) / 1000);
    return seconds > 0 ? delayedAddress(to, seconds) : to;
  }

  #ended(): Error | undefined {
    return this.#failure ?? (this.#closing ? new ClosedError('The channel') : undefined);
  }
}

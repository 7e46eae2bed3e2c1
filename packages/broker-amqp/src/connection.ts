import type { ChannelModel, ConfirmChannel } from 'amqplib';
import { BrokerUnavailableError, ClosedError } from '@tq/core';
import type { Channel, Connection, Logger, TransportTraits } from '@tq/core';
import { deferred } from '@tq/core/internal';
import { AmqpChannel } from './channel.ts';
import { Ladder } from './delayed.ts';
import type { Dialled } from './dial.ts';
import { connectionLoss } from './failure.ts';
import { Pulse } from './pulse.ts';
import { survivePoison } from './poison.ts';
import type { AmqpSettings } from './settings.ts';
import { Topology } from './topology.ts';

/** How long the broker may take to say good-bye: when all is well, and when something has broken. */
const CLOSE_TIMEOUT_MS = 5000;
const BROKEN_TIMEOUT_MS = 1000;

export interface ConnectionOptions {
  readonly dialled: Dialled;
  readonly traits: TransportTraits;
  readonly settings: AmqpSettings;
  readonly logger: Logger;
}

interface Server {
  readonly product?: string;
  readonly capabilities?: Readonly<Record<string, boolean>>;
}

/** One socket to the broker. It is lost as a whole: a broken consumer ends it, too, so that whoever owns it builds all anew. */
export class AmqpConnection implements Connection {
  readonly traits: TransportTraits;
  readonly #model: ChannelModel;
  readonly #cut: () => void;
  readonly #settings: AmqpSettings;
  readonly #logger: Logger;
  readonly #server: Server;
  readonly #pulse: Pulse;
  readonly #ladder: Ladder;
  readonly #topology = new Topology();
  readonly #channels = new Set<AmqpChannel>();
  readonly #ended = deferred<Error | undefined>();
  /** The socket is gone. */
  readonly #gone = deferred();
  #failure: Error | undefined;
  #closing: Promise<void> | undefined;
  #patience: NodeJS.Timeout | undefined;
  #blockedBecause: string | undefined;

  private constructor({ dialled, traits, settings, logger }: ConnectionOptions) {
    this.traits = traits;
    this.#model = dialled.model;
    this.#cut = dialled.cut;
    this.#settings = settings;
    this.#logger = logger;
    this.#server = dialled.model.connection.serverProperties as Server;
    this.#ladder = new Ladder(dialled.model, settings.delayQueueType, logger);
    this.#pulse = new Pulse(dialled.model, settings.probeMs, (ms) => {
      this.#lose(connectionLoss(new Error(`no answer for ${ms / 1000} s`), settings.shown));
      this.#cut(); // nobody is there to say good-bye to
    });
    this.#listen();
  }

  static open(options: ConnectionOptions): AmqpConnection {
    return new AmqpConnection(options);
  }

  get closed(): Promise<Error | undefined> {
    return this.#ended.promise;
  }

  async openChannel(): Promise<Channel> {
    this.#ensureOpen();
    const { capabilities } = this.#server;
    const confirms = this.#settings.confirms && capabilities?.['publisher_confirms'] === true;
    let model: ConfirmChannel;
    try {
      model = confirms
        ? await this.#model.createConfirmChannel()
        : ((await this.#model.createChannel()) as ConfirmChannel);
    } catch (error) {
      throw this.#failure ?? connectionLoss(error, this.#settings.shown);
    }
    const channel = new AmqpChannel({
      model,
      confirms,
      topology: this.#topology,
      ladder: this.#ladder,
      // In RabbitMQ's reading of the flag; to others it means the whole connection.
      hasGlobalPrefetch: this.#server.product === 'RabbitMQ',
      perConsumerPrefetch: this.#settings.perConsumerPrefetch,
      logger: this.#logger,
      onClosed: () => this.#channels.delete(channel),
      lose: (reason) => this.#lose(reason),
    });
    if (this.#failure) channel.abandon(this.#failure);
    else this.#channels.add(channel);
    if (this.#blockedBecause !== undefined) channel.block(this.#blockedBecause);
    return channel;
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #listen(): void {
    const { shown } = this.#settings;
    survivePoison(this.#model);
    this.#model.on('error', (error) => this.#lose(connectionLoss(error, shown)));
    this.#model.on('close', (error?: Error) => {
      this.#lose(connectionLoss(error, shown));
      this.#gone.resolve();
    });
    this.#model.on('blocked', (reason) => this.#block(reason));
    this.#model.on('unblocked', () => this.#unblock());
    this.#model.on('handler-error', (error) => this.#lose(connectionLoss(error, shown)));
  }

  async #close(): Promise<void> {
    if (!this.#failure) {
      await Promise.all([...this.#channels].map((channel) => channel.close()));
      this.#failure ??= new ClosedError('The connection');
    }
    await this.#hangUp(CLOSE_TIMEOUT_MS);
    this.#ended.resolve(undefined);
  }

  /** The end, without anybody having wished it. */
  #lose(reason: Error): void {
    if (this.#failure) return;
    this.#failure = reason;
    for (const channel of this.#channels) channel.abandon(reason);
    this.#channels.clear();
    this.#ended.resolve(reason);
    this.#closing ??= this.#hangUp(BROKEN_TIMEOUT_MS);
  }

  /** Never rejects, and ends always. */
  async #hangUp(timeoutMs: number): Promise<void> {
    this.#pulse[Symbol.dispose]();
    clearTimeout(this.#patience);
    // Settles, whether the broker answers or the line is dead already; 'close' tells.
    this.#model.close().catch(() => this.#gone.resolve());
    const limit = setTimeout(() => this.#gone.resolve(), timeoutMs);
    await this.#gone.promise;
    clearTimeout(limit);
    this.#cut();
  }

  #block(reason: string): void {
    this.#blockedBecause = reason;
    this.#pulse.isSuspended = true;
    this.#logger.warn('The broker takes no messages at present', { reason });
    for (const channel of this.#channels) channel.block(reason);
    clearTimeout(this.#patience);
    this.#patience = setTimeout(() => {
      for (const channel of this.#channels) channel.giveUpWaiting();
    }, this.#settings.blockedMs).unref();
  }

  #unblock(): void {
    this.#blockedBecause = undefined;
    this.#pulse.isSuspended = false;
    clearTimeout(this.#patience);
    this.#logger.info('The broker takes messages again');
    for (const channel of this.#channels) channel.unblock();
  }

  #ensureOpen(): void {
    if (this.#failure)
      throw this.#failure instanceof ClosedError
        ? this.#failure
        : new BrokerUnavailableError(this.#failure.message, { cause: this.#failure });
    if (this.#closing) throw new ClosedError('The connection');
  }
}

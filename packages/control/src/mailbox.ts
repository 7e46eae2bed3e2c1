import { randomUUID } from 'node:crypto';
import type { Binding, Channel, Config, ExchangeSpec, QueueSpec } from '@tq/core';
import { durationMs } from '@tq/core/internal';

/** Names of remote control, as Celery has them: where commands go and where answers come from. Spec: amqp.md 1, control.md 1. */
export class Mailbox {
  /** Commands, to everybody. */
  readonly commands: ExchangeSpec;
  /** Answers, to whoever asked. */
  readonly answers: ExchangeSpec;
  readonly #queue: Omit<QueueSpec, 'name'>;

  constructor(
    config: Pick<
      Config,
      | 'controlExchange'
      | 'controlQueueTtl'
      | 'controlQueueExpires'
      | 'controlQueueDurable'
      | 'controlQueueExclusive'
    >,
  ) {
    const name = `${config.controlExchange}.pidbox`;
    this.commands = { name, type: 'fanout', durable: false };
    this.answers = { name: `reply.${name}`, type: 'direct', durable: false };
    this.#queue = {
      durable: config.controlQueueDurable,
      autoDelete: true,
      ...(config.controlQueueExclusive ? { exclusive: true } : {}),
      arguments: {
        'x-expires': durationMs(config.controlQueueExpires, 'controlQueueExpires'),
        'x-message-ttl': durationMs(config.controlQueueTtl, 'controlQueueTtl'),
      },
    };
  }

  /**
   * Declares the queue in which a node gets its commands; resolves with its name. One that is exclusive has a name that no
   * connection has had: where a connection dies without a word, the broker keeps its queue locked for a while.
   */
  async openNode(channel: Channel, hostname: string): Promise<string> {
    const own = this.#queue.exclusive ? `.${randomUUID().slice(0, 8)}` : '';
    await channel.declareExchange(this.answers);
    return this.#open(channel, this.commands, `${hostname}${own}.${this.commands.name}`, '');
  }

  /** The same for the queue of answers to `oid`. */
  async openAnswers(channel: Channel, oid: string): Promise<string> {
    await channel.declareExchange(this.commands);
    return this.#open(channel, this.answers, `${oid}.${this.answers.name}`, oid);
  }

  async #open(channel: Channel, exchange: ExchangeSpec, name: string, routingKey: string): Promise<string> {
    await channel.declareExchange(exchange);
    await channel.declareQueue({ ...this.#queue, name });
    const binding: Binding = { exchange: exchange.name, queue: name, routingKey };
    await channel.bindQueue(binding);
    return name;
  }
}

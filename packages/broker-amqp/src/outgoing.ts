import type { ConfirmChannel, Message as ReturnedMessage } from 'amqplib';
import { BrokerUnavailableError, PublishError } from '@tq/core';
import type { Address, Message } from '@tq/core';
import { REPLY, replyCode, said as textOf } from './failure.ts';
import { bufferOf, publishOptions } from './properties.ts';

/** A message on its way: asked for, not yet confirmed. */
interface Sending {
  readonly message: Message;
  readonly to: Address;
  resolve(): void;
  reject(error: Error): void;
}

/**
 * Messages from publish() to the broker's word on them. The library writes those of one tick together, the broker confirms
 * as many as it likes at a time.
 */
export class Outgoing {
  readonly #channel: ConfirmChannel;
  readonly #confirms: boolean;
  /** With the broker, in the order of publishing. */
  readonly #sent = new Set<Sending>();
  /** Not with the broker: it takes none at present. */
  readonly #held = new Set<Sending>();
  #block: 'no' | 'for now' | 'too long' = 'no';
  #blockedBecause = '';
  #onSettled: (() => void) | undefined;
  #failure: Error | undefined;

  constructor(channel: ConfirmChannel, options: { readonly confirms: boolean }) {
    this.#channel = channel;
    this.#confirms = options.confirms;
    channel.on('return', (returned) => this.#returned(returned));
  }

  publish(message: Message, to: Address): Promise<void> {
    return new Promise((resolve, reject) => {
      const sending = { message, to, resolve, reject };
      if (this.#failure) reject(this.#failure);
      else if (this.#block === 'no') this.#send(sending);
      else if (this.#block === 'for now') this.#held.add(sending);
      else reject(this.#blocked('The message was not sent.'));
    });
  }

  /** Resolves when nothing is on its way any more. */
  settled(): Promise<void> {
    return new Promise((resolve) => {
      this.#onSettled = resolve;
      this.#check();
    });
  }

  /** The broker takes no messages for now: those to come wait. */
  block(because: string): void {
    if (this.#block === 'no') this.#block = 'for now';
    this.#blockedBecause = because;
  }

  /** Waiting has no end in sight: whoever waits is told, and so is who asks from now on. */
  giveUpWaiting(): void {
    if (this.#block !== 'for now') return;
    this.#block = 'too long';
    this.#rejectAll(this.#held, () => this.#blocked('The message was not sent.'));
    this.#rejectAll(this.#sent, () => this.#blocked('It may take the message when it goes on.'));
  }

  unblock(): void {
    this.#block = 'no';
    const held = [...this.#held];
    this.#held.clear();
    for (const sending of held) this.#send(sending);
  }

  /** The channel is gone. What the broker said of it belongs to one message at most; the others may try elsewhere. */
  fail(failure: Error, said: unknown): void {
    this.#failure ??= failure;
    const culprits = new Set(this.#culprits(said));
    for (const sending of culprits) {
      this.#sent.delete(sending);
      sending.reject(refused(sending, said));
    }
    this.#rejectAll(this.#sent, () => failure);
    this.#rejectAll(this.#held, () => failure);
  }

  #send(sending: Sending): void {
    const { message, to } = sending;
    try {
      this.#sent.add(sending);
      this.#channel.publish(
        to.exchange,
        to.routingKey,
        bufferOf(message.body),
        publishOptions(message, to.mandatory === true),
        this.#confirms ? (error: unknown) => this.#confirmed(sending, error) : undefined,
      );
      if (!this.#confirms) this.#confirmed(sending, null);
    } catch (error) {
      this.#sent.delete(sending);
      const text = `A message to ${destination(to)} can't be sent: ${textOf(error)}`;
      // The library throws of a closed channel, too.
      const isClosed = (error as Error).name === 'IllegalOperationError';
      sending.reject(
        isClosed
          ? new BrokerUnavailableError(text, { cause: error })
          : new PublishError(text, { cause: error }),
      );
    }
  }

  #confirmed(sending: Sending, error: unknown): void {
    // Also called of a message whose fate is known: it was returned, or its channel has ended.
    if (!this.#sent.delete(sending)) return;
    if (error === null) sending.resolve();
    else
      sending.reject(
        new PublishError(
          `The broker doesn't take a message to ${destination(sending.to)}: its queue is full (x-overflow), or the broker failed to store it.`,
          { cause: error },
        ),
      );
    this.#check();
  }

  /** Comes before the confirmation. It names no message, so it's the first that looks like it. */
  #returned({ fields, properties }: ReturnedMessage): void {
    for (const sending of this.#sent) {
      const { to, message } = sending;
      if (to.exchange !== fields.exchange || to.routingKey !== fields.routingKey) continue;
      if (message.properties.correlationId !== properties.correlationId) continue;
      this.#sent.delete(sending);
      sending.reject(
        new PublishError(
          `The broker has no queue for a message to ${destination(to)}: declare the queue, or bind one to the exchange with this routing key.`,
          { reason: 'unroutable' },
        ),
      );
      return this.#check();
    }
  }

  /** The messages that the broker closed the channel for. */
  *#culprits(said: unknown): Iterable<Sending> {
    const text = textOf(said);
    const size = /message size (\d+)/.exec(text)?.[1];
    const exchange = /no exchange '([^']*)'/.exec(text)?.[1];
    const code = replyCode(said);
    for (const sending of this.#sent) {
      if (
        code === REPLY.preconditionFailed &&
        size !== undefined &&
        sending.message.body.length === Number(size)
      )
        yield sending;
      if (code === REPLY.notFound && exchange !== undefined && sending.to.exchange === exchange)
        yield sending;
      if (code === REPLY.accessRefused && text.includes(`exchange '${sending.to.exchange || 'amq.default'}'`))
        yield sending;
      if (code === REPLY.preconditionFailed && text.includes('user_id')) yield sending;
      if (
        code === REPLY.preconditionFailed &&
        text.includes('expiration') &&
        sending.message.properties.expiration
      )
        yield sending;
    }
  }

  #blocked(what: string): PublishError {
    return new PublishError(
      `The broker takes no messages at present (${this.#blockedBecause || 'blocked'}): free memory or disk space there. ${what}`,
      { reason: 'blocked' },
    );
  }

  #rejectAll(from: Set<Sending>, error: () => Error): void {
    const all = [...from];
    from.clear();
    for (const sending of all) sending.reject(error());
    this.#check();
  }

  #check(): void {
    if (this.#sent.size === 0 && this.#held.size === 0) this.#onSettled?.();
  }
}

function refused({ message, to }: Sending, said: unknown): PublishError {
  const text = textOf(said);
  const options = { cause: said };
  if (text.includes('message size'))
    return new PublishError(
      `A message of ${message.body.length} bytes to ${destination(to)} is larger than the broker takes: raise max_message_size in rabbitmq.conf, or pass large values by reference.`,
      { ...options, reason: 'too large' },
    );
  if (text.includes('no exchange'))
    return new PublishError(`There is no exchange for a message to ${destination(to)}: declare it.`, {
      ...options,
      reason: 'unroutable',
    });
  return new PublishError(`The broker refuses a message to ${destination(to)}: ${text}`, options);
}

function destination({ exchange, routingKey }: Address): string {
  const key = JSON.stringify(routingKey);
  return exchange === ''
    ? `the queue ${key}`
    : `the exchange ${JSON.stringify(exchange)} with the key ${key}`;
}

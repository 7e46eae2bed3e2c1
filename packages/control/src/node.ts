import type { App, Channel, Component, Connection, Consumer, Delivery, Logger } from '@tq/core';
import { repr, toError } from '@tq/core/internal';
import { Mailbox } from './mailbox.ts';
import { isFor } from './matcher.ts';
import { decodeCommand, encodeAnswer, encodeCommand } from './messages.ts';
import type { Command } from './messages.ts';

/** What a handler gives for "send no answer at all". */
export const NO_ANSWER: unique symbol = Symbol('no answer');

export interface ControlNodeParts {
  readonly app: App;
  readonly connection: Connection;
  readonly hostname: string;
  readonly logger: Logger;
  /** Does what a command says; returns or throws what is answered. `UnknownCommand` where there is none of that name. */
  handle(method: string, args: Readonly<Record<string, unknown>>, ticket: string | undefined): unknown;
  /** Nodes that are known to run besides this one; they go with each answer. @default unknown */
  neighbours?(): readonly string[];
}

/** There is no command of that name; the text is how Celery words it. */
export class UnknownCommand extends Error {
  override readonly name = 'KeyError';
}

/** A node of remote control: takes commands, and answers. Lives as long as a connection. */
export class ControlNode implements Component {
  readonly name = 'remote control';
  readonly #parts: ControlNodeParts;
  readonly #mailbox: Mailbox;
  readonly #working = new Set<Promise<void>>();
  #channel: Channel | undefined;
  #consumer: Consumer | undefined;

  constructor(parts: ControlNodeParts) {
    this.#parts = parts;
    this.#mailbox = new Mailbox(parts.app.config);
  }

  async start(): Promise<void> {
    const { connection, hostname } = this.#parts;
    const channel = await connection.openChannel();
    this.#channel = channel;
    const queue = await this.#mailbox.openNode(channel, hostname);
    this.#consumer = await channel.consume(queue, (delivery) => this.#receive(delivery), { noAck: true });
  }

  /** Sends a command to all nodes, from this one. */
  async tell(method: string, args: Readonly<Record<string, unknown>>): Promise<void> {
    const { app } = this.#parts;
    const command = { method, arguments: args, destination: null, pattern: null, matcher: null };
    const message = encodeCommand(app, command, { clock: app.lamport.forward(), expires: 0 });
    await this.#channel?.publish(message, { exchange: this.#mailbox.commands.name, routingKey: '' });
  }

  /** Answers that are under way still go out. */
  async stop(): Promise<void> {
    await this.#consumer?.cancel().catch(() => undefined); // of a connection that is gone
    await Promise.all(this.#working);
    await this.#channel?.close();
  }

  #receive(delivery: Delivery): void {
    const { app, logger, hostname } = this.#parts;
    let command: Command;
    try {
      const { clock } = delivery.message.headers;
      if (typeof clock === 'number') app.lamport.adjust(clock);
      else app.lamport.forward();
      command = decodeCommand(app, delivery);
      if (!isFor(hostname, command)) return;
    } catch (error) {
      logger.error("pidbox: a command that can't be read", { error: toError(error).message });
      return;
    }
    const work = this.#obey(command).finally(() => this.#working.delete(work));
    this.#working.add(work);
  }

  /** Never rejects. */
  async #obey(command: Command): Promise<void> {
    const { logger } = this.#parts;
    const { method, arguments: args, replyTo, ticket } = command;
    logger.debug(`pidbox received method ${method}`, { args, replyTo: replyTo?.routingKey });
    let answer: unknown;
    try {
      answer = await this.#parts.handle(method, args, ticket);
    } catch (thrown) {
      const error = toError(thrown);
      const text = `${error.name}(${repr(error.message)})`;
      if (!replyTo || !(thrown instanceof UnknownCommand))
        logger.error(`pidbox command error: ${text}`, { method });
      answer = { error: text };
    }
    if (!replyTo || answer === NO_ANSWER) return;
    await this.#answer(command, answer).catch((error: unknown) =>
      logger.warn("pidbox: an answer couldn't be sent", { method, error: toError(error).message }),
    );
  }

  async #answer({ replyTo, ticket }: Command, answer: unknown): Promise<void> {
    const { app, hostname } = this.#parts;
    if (!replyTo) return;
    const nodes = this.#parts.neighbours?.();
    const message = encodeAnswer(
      app,
      { [hostname]: answer ?? null },
      { ticket, clock: app.lamport.forward(), nodes: nodes && [hostname, ...nodes] },
    );
    await this.#channel?.publish(message, replyTo);
  }
}

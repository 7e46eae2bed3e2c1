import { randomUUID } from 'node:crypto';
import { ClosedError, ImproperlyConfigured } from '@tq/core';
import type { Addressees, Answers, App, AskOptions, Channel, Connection, Delivery } from '@tq/core';
import { durationMs, Lazy, toError } from '@tq/core/internal';
import { Mailbox } from './mailbox.ts';
import { isFor, patternOf } from './matcher.ts';
import { decodeAnswer, encodeCommand } from './messages.ts';
import type { Command } from './messages.ts';
import { Question } from './question.ts';

/** Celery's wait for answers. */
const TIMEOUT_S = 1;

interface Link {
  readonly connection: Connection;
  readonly channel: Channel;
  readonly mailbox: Mailbox;
  /** Names this asker; where answers go. */
  readonly oid: string;
  /** Where answers come in; opened with the first question. */
  readonly answers: Lazy<string>;
}

/**
 * Sends commands and collects answers. One connection and one queue for answers serve any number of questions at one time;
 * both are opened at their first use, and gone after `close()`.
 */
export class Client {
  readonly #app: App;
  readonly #borrowed: Connection | undefined;
  readonly #link: Lazy<Link>;
  readonly #questions = new Map<string, Question>();
  #closed = false;

  /** `connection`: one that somebody else closes. @default one of its own */
  constructor(app: App, options: { readonly connection?: Connection } = {}) {
    this.#app = app;
    this.#borrowed = options.connection;
    this.#link = new Lazy(() => this.#open());
  }

  /** Sends a command; resolves when the broker has it. */
  async send(
    method: string,
    args: Readonly<Record<string, unknown>>,
    whom: Addressees & { readonly signal?: AbortSignal } = {},
  ): Promise<void> {
    whom.signal?.throwIfAborted();
    const link = await this.#live();
    await this.#publish(link, { method, arguments: args, ...addressed(whom) }, 0);
  }

  /** Sends a command and listens for answers. Answers that come later are dropped. */
  async ask(
    method: string,
    args: Readonly<Record<string, unknown>>,
    options: AskOptions = {},
  ): Promise<Answers> {
    options.signal?.throwIfAborted();
    const link = await this.#live();
    await link.answers.get();
    const ticket = randomUUID();
    const address = addressed(options);
    const timeoutMs = durationMs(options.timeout ?? TIMEOUT_S, 'timeout');
    const destination = address.destination ?? undefined;
    const question = new Question({
      timeoutMs,
      limit: options.limit ?? destination?.length,
      destination,
      expect: options.expect ?? [],
      isAsked: (node) => isFor(node, address),
      onReply: options.onReply,
      signal: options.signal,
    });
    this.#questions.set(ticket, question);
    try {
      const replyTo = { exchange: link.mailbox.answers.name, routingKey: link.oid };
      await this.#publish(link, { method, arguments: args, ...address, ticket, replyTo }, timeoutMs);
      await question.done;
    } finally {
      question.end();
      this.#questions.delete(ticket);
    }
    return { replies: question.replies, silent: question.silent };
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const question of this.#questions.values()) question.end();
    const link = await this.#link.reset()?.catch(() => undefined);
    await (this.#borrowed ? link?.channel.close() : link?.connection.close());
  }

  async #publish(link: Link, command: Command, timeoutMs: number): Promise<void> {
    const app = this.#app;
    const expires = timeoutMs === 0 ? 0 : (app.clock.now() + timeoutMs) / 1000;
    const message = encodeCommand(app, command, { clock: app.lamport.forward(), expires });
    await link.channel.publish(message, { exchange: link.mailbox.commands.name, routingKey: '' });
  }

  async #live(): Promise<Link> {
    if (this.#closed) throw new ClosedError(`Remote control of the app ${this.#app.name}`);
    return this.#link.get();
  }

  async #open(): Promise<Link> {
    const connection = this.#borrowed ?? (await this.#app.connect());
    try {
      const channel = await connection.openChannel();
      const mailbox = new Mailbox(this.#app.config);
      await channel.declareExchange(mailbox.commands);
      const oid = randomUUID();
      const answers = new Lazy(() => this.#listen(channel, mailbox, oid));
      const link = { connection, channel, mailbox, oid, answers };
      void connection.closed.then((reason) => this.#lost(reason));
      return link;
    } catch (error) {
      if (!this.#borrowed) await connection.close();
      throw error;
    }
  }

  #lost(reason: Error | undefined): void {
    void this.#link.reset();
    const error = reason ?? new ClosedError('The connection of remote control');
    for (const question of this.#questions.values()) question.fail(error);
  }

  async #listen(channel: Channel, mailbox: Mailbox, oid: string): Promise<string> {
    const queue = await mailbox.openAnswers(channel, oid);
    await channel.consume(queue, (delivery) => this.#receive(delivery), { noAck: true });
    return queue;
  }

  #receive(delivery: Delivery): void {
    try {
      const answer = decodeAnswer(this.#app, delivery);
      if (answer.clock !== undefined) this.#app.lamport.adjust(answer.clock);
      // Celery's rule: an answer without a number is for whoever listens.
      if (answer.ticket === undefined)
        for (const question of this.#questions.values()) question.answered(answer);
      else this.#questions.get(answer.ticket)?.answered(answer);
    } catch (error) {
      this.#app.logger.warn("An answer of a worker can't be read", { error: toError(error).message });
    }
  }
}

/** @throws ImproperlyConfigured for a destination or a pattern that fits nothing */
function addressed({
  destination,
  pattern,
  matcher,
}: Addressees): Pick<Command, 'destination' | 'pattern' | 'matcher'> {
  const names =
    typeof destination === 'string' ? destination.split(',').map((name) => name.trim()) : destination;
  if (names?.some((name) => typeof name !== 'string' || name === ''))
    throw new ImproperlyConfigured("destination must be node names, such as ['celery@host'].");
  if (pattern !== undefined) patternOf(pattern, matcher ?? 'glob');
  return {
    destination: names && names.length > 0 ? names : null,
    pattern: pattern ?? null,
    matcher: pattern === undefined ? null : (matcher ?? 'glob'),
  };
}

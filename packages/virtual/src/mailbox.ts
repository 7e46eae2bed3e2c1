import { randomUUID } from 'node:crypto';
import type { Logger } from '@tq/core';
import type { Envelope, QueueStore, Taken } from './store.ts';
import type { Origin } from './unacked.ts';

/** Broadcasts that nobody reads must not fill the memory: the oldest go first. */
const LIMIT = 10_000;

interface Mail {
  /** Place in the order of arrival. */
  readonly serial: number;
  readonly taken: Taken;
}

/** Somebody with a consumer on the queue. */
export interface MailReader {
  /** There is something to take. */
  onMail(): void;
  /** `inStore` has changed. */
  onMoved(): void;
}

export interface MailboxOptions {
  readonly name: string;
  readonly exclusive: boolean;
  readonly autoDelete: boolean;
  /** After how long the queue goes that nobody uses; undefined: it stays. */
  readonly expiresMs: number | undefined;
  readonly store: QueueStore;
  readonly logger: Logger;
}

/**
 * A transient queue: declared exclusive or autoDelete. What is broadcast to it lives here, in the memory of its
 * connection; what is sent to it by name or through other bindings lives in the store, as for any queue.
 */
export class Mailbox implements Origin {
  readonly name: string;
  readonly exclusive: boolean;
  readonly autoDelete: boolean;
  readonly #expiresMs: number | undefined;
  readonly #store: QueueStore;
  readonly #logger: Logger;
  readonly #waiting: Mail[] = [];
  readonly #out = new Map<string, Mail>();
  readonly #ears = new Map<string, AsyncDisposable>();
  readonly #readers = new Set<MailReader>();
  #stored = false;
  #overflown = false;
  #serial = 0;

  constructor(options: MailboxOptions) {
    this.name = options.name;
    this.exclusive = options.exclusive;
    this.autoDelete = options.autoDelete;
    this.#expiresMs = options.expiresMs;
    this.#store = options.store;
    this.#logger = options.logger;
  }

  /** Whether the store, too, may have messages for this queue: always, unless all it does is listen. */
  get inStore(): boolean {
    return this.#stored || this.#ears.size === 0;
  }

  get hasReaders(): boolean {
    return this.#readers.size > 0;
  }

  get size(): number {
    return this.#waiting.length;
  }

  /** Makes the queue known to the store. */
  async keepInStore(): Promise<void> {
    if (this.#stored) return;
    this.#stored = true;
    await this.#store.declare(this.name, this.#expiresMs);
    for (const reader of this.#readers) reader.onMoved();
  }

  async listen(exchange: string, pattern: string): Promise<void> {
    const key = JSON.stringify([exchange, pattern]);
    if (this.#ears.has(key)) return;
    const ear = await this.#store.listen(exchange, pattern, (envelope) => this.#push(envelope));
    if (this.#ears.has(key)) await ear[Symbol.asyncDispose]();
    else this.#ears.set(key, ear);
    for (const reader of this.#readers) reader.onMoved();
  }

  attach(reader: MailReader): void {
    this.#readers.add(reader);
  }

  detach(reader: MailReader): void {
    this.#readers.delete(reader);
  }

  take(max: number): readonly Taken[] {
    const mails = this.#waiting.splice(0, max);
    for (const mail of mails) this.#out.set(mail.taken.tag, mail);
    return mails.map((mail) => mail.taken);
  }

  settle(tag: string, how: 'done' | 'requeue'): void {
    const mail = this.#out.get(tag);
    if (!mail) return;
    this.#out.delete(tag);
    if (how === 'done') return;
    const later = this.#waiting.findIndex((each) => each.serial > mail.serial);
    const again = { ...mail, taken: { ...mail.taken, tag: randomUUID(), redelivered: true } };
    this.#waiting.splice(later === -1 ? this.#waiting.length : later, 0, again);
    this.#tellReaders();
  }

  /** Removes what waits. */
  purge(): number {
    return this.#waiting.splice(0).length;
  }

  /** Stops listening and forgets what waits. */
  async deafen(): Promise<void> {
    const ears = [...this.#ears.values()];
    this.#ears.clear();
    this.purge();
    for (const ear of ears) await ear[Symbol.asyncDispose]();
  }

  /** Removes the queue from the store, too, if it is there. */
  async drop(): Promise<void> {
    await this.deafen();
    if (this.#stored) await this.#store.drop(this.name);
  }

  #push(envelope: Envelope): void {
    if (this.#waiting.length >= LIMIT) this.#overflow();
    this.#serial += 1;
    const taken = { tag: randomUUID(), queue: this.name, envelope, redelivered: false, deliveries: 1 };
    this.#waiting.push({ serial: this.#serial, taken });
    this.#tellReaders();
  }

  #overflow(): void {
    this.#waiting.shift();
    if (this.#overflown) return;
    this.#overflown = true;
    this.#logger.warn('Broadcasts are not read fast enough; the oldest are dropped', {
      queue: this.name,
      limit: LIMIT,
    });
  }

  #tellReaders(): void {
    for (const reader of this.#readers) reader.onMail();
  }
}

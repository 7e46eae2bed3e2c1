import type { Binding, Message } from '@tq/core';

/**
 * What a broker that isn't AMQP has to offer; `virtualTransport()` makes a channel of it. A store knows queues and
 * bindings, no consumers, no acknowledgement windows.
 */
export interface QueueStore extends AsyncDisposable {
  /** Resolves, never rejects, when the store can't be used any more: `undefined` after dispose, otherwise the reason. */
  readonly closed: Promise<Error | undefined>;
  /** Keeps all entries in one atomic step, in order; resolves when they are safe. */
  put(entries: readonly PutEntry[]): Promise<void>;
  /**
   * Waits for work, then takes up to `max` at once, recorded as held in the same atomic step: the more urgent first
   * within a queue, otherwise in the order of their arrival; no queue starves while `queues` come in turn.
   * Resolves with `[]` when aborted; never loses what it had taken by then.
   */
  take(
    queues: readonly string[],
    options: { readonly max: number; readonly signal: AbortSignal },
  ): Promise<readonly Taken[]>;
  /**
   * Ends the hold on messages: `done` forgets them, `requeue` puts them back to their place, uncounted.
   * Unknown tags, and tags that somebody else holds by now, are ignored.
   */
  settle(tags: readonly string[], how: 'done' | 'requeue'): Promise<void>;
  /** Tells the store that these are still held, so that nobody else restores them. */
  renew(tags: readonly string[]): Promise<void>;
  /** Gives back what holders lost that stopped renewing. Resolves with how many. */
  restoreExpired(): Promise<number>;
  /** How often to renew and to look for expired holds. Milliseconds. */
  readonly leaseMs: number;
  /**
   * Makes the queue known. With `expiresMs` it goes, its messages and bindings with it, once nobody has declared or
   * used it for that long; without, it stays.
   */
  declare(queue: string, expiresMs?: number): Promise<void>;
  /** Says that the queue has a consumer. Resolves with after how long it would go otherwise; undefined: it stays. */
  use(queue: string): Promise<number | undefined>;
  /**
   * Removes the queues that nobody has used for as long as they asked for, and what has come since for those that are
   * gone: senders that know nothing of it go on for a while, see `LATE_MS`. Resolves with how many queues have gone.
   */
  removeUnused(): Promise<number>;
  /** Messages ready to be taken (those held or delayed don't count). */
  size(queue: string): Promise<number>;
  /** Removes what isn't held. Resolves with how many. */
  purge(queue: string): Promise<number>;
  /** Removes the queue, its messages and its bindings at once. */
  drop(queue: string): Promise<void>;
  bind(binding: BindingRecord): Promise<void>;
  /** Bindings of an exchange, whoever made them. */
  bindings(exchange: string): Promise<readonly BindingRecord[]>;
  /**
   * To every listener whose pattern fits, in every process; kept for nobody who isn't there. Resolves with how many there
   * may have been: 0 only if nobody listens for certain, undefined where that can't be known.
   */
  broadcast(exchange: string, routingKey: string, envelope: Envelope): Promise<number | undefined>;
  /** Resolves once nothing broadcast from now on can be missed. */
  listen(
    exchange: string,
    pattern: string,
    onEnvelope: (envelope: Envelope) => void,
  ): Promise<AsyncDisposable>;
}

/**
 * How long a queue that has gone, by itself or by `drop`, is looked after if it was one that expires: answers may be
 * sent to its name that nobody will ever read. The pauses between two looks grow with the time since. Milliseconds.
 */
export const LATE_MS = 86_400_000;

/** A message and where it was sent to. */
export interface Envelope {
  readonly message: Message;
  readonly exchange: string;
  readonly routingKey: string;
}

export interface PutEntry {
  readonly queue: string;
  readonly envelope: Envelope;
  /** Not to be taken before. Unix milliseconds. */
  readonly notBeforeMs?: number;
}

export interface Taken {
  /** Identifies the hold, unique for ever. */
  readonly tag: string;
  readonly queue: string;
  readonly envelope: Envelope;
  readonly redelivered: boolean;
  /** How often it has been taken without being given back, this time included. */
  readonly deliveries: number;
}

export interface BindingRecord extends Binding {
  /** Type of the exchange, since there is no other place where it is kept. */
  readonly type: 'direct' | 'topic' | 'fanout' | 'headers';
}

import { BackendUnavailableError } from '@tq/core';
import { Feed, pieces, Turn } from '@tq/core/internal';
import type { Client } from './client.ts';
import { isOutage, unavailable } from './failure.ts';
import type { RedisSettings } from './settings.ts';

/** How long a subscription that nobody needs may stay; nothing comes on it any more. Milliseconds. */
const LEAVE_MS = 100;

export interface WatchesParts {
  readonly client: Client;
  readonly settings: RedisSettings;
  /** What stands under each key at present. */
  readonly load: (keys: readonly string[]) => Promise<readonly (string | null)[]>;
  /** The text of what was published. */
  readonly read: (kept: Buffer) => string;
}

/** A key to look at, and to listen to first where nobody does yet. */
interface Beginning {
  readonly key: string;
  readonly listen: boolean;
}

/**
 * Everybody who waits for results on one connection. One subscription for each task that is awaited, so a result costs
 * the same however many are. After a lost connection all are subscribed and looked at again.
 */
export class Watches {
  readonly #client: Client;
  readonly #load: WatchesParts['load'];
  readonly #read: WatchesParts['read'];
  readonly #settings: RedisSettings;
  readonly #feeds = new Map<string, Set<Feed>>();
  readonly #beginnings: Turn<Beginning, string | null>;
  /** Subscribed to, and of no use to anybody. */
  readonly #left = new Set<string>();
  #leaving: NodeJS.Timeout | undefined;
  #health: NodeJS.Timeout | undefined;
  #patience: NodeJS.Timeout | undefined;
  #pinging = false;

  constructor({ client, load, read, settings }: WatchesParts) {
    this.#client = client;
    this.#load = load;
    this.#read = read;
    this.#settings = settings;
    this.#beginnings = new Turn((beginnings) => this.#listenAndLook(beginnings));
    client.on('messageBuffer', (key: Buffer, kept: Buffer) => this.#hear(key.toString(), kept));
    client.on('close', () => this.#lost());
    client.on('ready', () => this.#regained());
  }

  /** The present state, then every later one. Ends when aborted. */
  async *watch(key: string, signal: AbortSignal): AsyncIterable<string> {
    const feed = new Feed();
    const abort = (): void => feed.end();
    signal.addEventListener('abort', abort, { once: true });
    this.#add(key, feed);
    try {
      yield* feed.read();
    } finally {
      signal.removeEventListener('abort', abort);
      this.#remove(key, feed);
    }
  }

  close(reason: Error): void {
    this.#endAll(reason);
    this.#feeds.clear();
    clearInterval(this.#health);
    clearTimeout(this.#patience);
    clearTimeout(this.#leaving);
  }

  #add(key: string, feed: Feed): void {
    const feeds = this.#feeds.get(key);
    if (feeds) feeds.add(feed);
    else this.#feeds.set(key, new Set([feed]));
    this.#health ??= setInterval(() => void this.#check(), this.#settings.healthCheckMs);
    if (this.#client.status !== 'ready') this.#lost();
    void this.#begin(key, [feed], feeds === undefined); // never rejects
  }

  #remove(key: string, feed: Feed): void {
    const feeds = this.#feeds.get(key);
    if (!feeds?.delete(feed) || feeds.size > 0) return;
    this.#feeds.delete(key);
    this.#leave(key);
    if (this.#feeds.size > 0) return;
    clearInterval(this.#health);
    this.#health = undefined;
  }

  async #begin(key: string, feeds: Iterable<Feed>, listen: boolean): Promise<void> {
    for (const feed of feeds) feed.hold();
    try {
      const text = await this.#beginnings.ask({ key, listen });
      for (const feed of feeds) feed.present(text);
    } catch (error) {
      // Of a lost link `ready` or the end of the patience will tell.
      for (const feed of feeds)
        if (isOutage(error)) feed.unanswered();
        else feed.end(unavailable(error));
    }
  }

  /** Listens first, then looks; all of it travels in one write, and so do the good-byes that have waited for one. */
  async #listenAndLook(beginnings: readonly Beginning[]): Promise<readonly (string | null)[]> {
    this.#cork();
    const news = beginnings.filter(({ listen }) => listen).map(({ key }) => key);
    for (const key of news) this.#left.delete(key);
    this.#sayGoodBye();
    const listening = inCommands(news).map((keys) => this.#client.subscribe(...keys));
    const [texts] = await Promise.all([this.#load(beginnings.map(({ key }) => key)), ...listening]);
    return texts;
  }

  #cork(): void {
    const { stream } = this.#client;
    if (!stream?.writable) return;
    stream.cork();
    process.nextTick(() => stream.uncork());
  }

  #hear(key: string, kept: Buffer): void {
    const feeds = this.#feeds.get(key);
    if (!feeds) return this.#leave(key); // given up before it was subscribed to
    try {
      const text = this.#read(kept);
      for (const feed of feeds) feed.hear(text);
    } catch (error) {
      for (const feed of feeds) feed.end(unavailable(error)); // nobody can read it
    }
  }

  /** With the next write, or in a moment. */
  #leave(key: string): void {
    this.#left.add(key);
    this.#leaving ??= setTimeout(() => this.#sayGoodBye(), LEAVE_MS).unref();
  }

  #sayGoodBye(): void {
    clearTimeout(this.#leaving);
    this.#leaving = undefined;
    const keys = [...this.#left].filter((key) => !this.#feeds.has(key));
    this.#left.clear();
    if (this.#client.status !== 'ready') return; // lost with its link
    for (const each of inCommands(keys)) this.#client.unsubscribe(...each).catch(() => undefined);
  }

  /** A link that nothing is heard of may be dead: the server has to answer, or the client's time-out ends it. */
  async #check(): Promise<void> {
    if (this.#pinging || this.#client.status !== 'ready') return;
    this.#pinging = true;
    await this.#client.ping().catch(() => undefined); // the loss of the link is told elsewhere
    this.#pinging = false;
  }

  #lost(): void {
    if (this.#feeds.size === 0) return;
    this.#patience ??= setTimeout(() => this.#giveUp(), this.#settings.outageMs).unref();
  }

  #giveUp(): void {
    this.#patience = undefined;
    this.#endAll(
      new BackendUnavailableError(
        `The Redis of the result backend has been away for ${this.#settings.outageMs / 1000} s while results were awaited. They can be asked for again when it is back.`,
      ),
    );
  }

  #regained(): void {
    clearTimeout(this.#patience);
    this.#patience = undefined;
    for (const [key, feeds] of this.#feeds) void this.#begin(key, [...feeds], true); // never rejects
  }

  #endAll(reason: Error): void {
    for (const feeds of this.#feeds.values()) for (const feed of feeds) feed.end(reason);
  }
}

function inCommands(keys: readonly string[]): readonly (readonly string[])[] {
  return pieces(keys, { count: 1000, size: Infinity }, () => 0);
}

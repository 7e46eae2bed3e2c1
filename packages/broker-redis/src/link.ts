import { BrokerUnavailableError, TqError } from '@tq/core';
import type { Logger } from '@tq/core';
import { deferred, toError } from '@tq/core/internal';
import { locateSlot } from './cluster.ts';
import { Client, placeOf } from './client.ts';
import type { ClientOptions, Command } from './client.ts';
import type { Address } from './address.ts';
import { Fanout } from './fanout.ts';
import type { RedisOptions } from './options.ts';
import type { Script } from './scripts.ts';
import { checkPersistence, checkServer, readReport } from './server.ts';
import { Waiters } from './waiters.ts';

export interface LinkOptions {
  readonly address: Address;
  readonly options: RedisOptions;
  readonly timeoutMs: number;
  readonly logger: Logger;
}

/** Errors of a server that won't do better before it is looked for again. */
const LOST = /^(READONLY|LOADING|MASTERDOWN|MOVED|ASK|CLUSTERDOWN|NOAUTH|WRONGPASS|UNBLOCKED)\b/;
/** The channel on which the server tells of changes. */
const CHANGES = '__redis__:invalidate';

/**
 * What one process has to do with one server: a connection for commands, and, once somebody waits or listens, a second
 * one on which it is told of things. If either ends, both do.
 */
export class Link {
  readonly closed: Promise<Error | undefined>;
  readonly waiters = new Waiters();
  readonly fanout: Fanout;
  readonly #parts: LinkOptions;
  readonly #commands: Client;
  readonly #ended = deferred<Error | undefined>();
  #news: Promise<Client> | undefined;
  #told = false;
  #failure: Error | undefined;
  #over = false;
  /** Keys that are there as long as nobody has emptied the database. */
  readonly #marks = new Set<string>();

  private constructor(parts: LinkOptions, commands: Client) {
    this.#parts = parts;
    this.#commands = commands;
    this.closed = this.#ended.promise;
    this.fanout = new Fanout(() => this.#listening());
    void commands.closed.then((reason) => this.end(reason ?? new Error('the connection was closed')));
  }

  static async open(parts: LinkOptions): Promise<Link> {
    const address = await locateSlot(
      parts.address,
      (at) => connect({ ...parts, address: at }, 'tq'),
      parts.options.keyPrefix,
    );
    const found = { ...parts, address };
    const commands = await connect(found, 'tq');
    const link = new Link(found, commands);
    try {
      await link.#check(placeOf(address));
      return link;
    } catch (error) {
      link.end(undefined);
      throw error instanceof TqError
        ? error
        : new BrokerUnavailableError(toError(error).message, { cause: error });
    }
  }

  /** Whether the server tells of changes; otherwise one has to look now and then. */
  get isTold(): boolean {
    return this.#told;
  }

  call(name: string, ...args: (string | number | Buffer)[]): Promise<unknown> {
    return this.#guard(() => this.#commands.call(name, ...args));
  }

  /** In one write, one after the other. */
  pipeline(commands: readonly Command[]): Promise<readonly unknown[]> {
    return this.#guard(() => this.#commands.pipeline(commands));
  }

  /** All or nothing. */
  atomically(commands: readonly Command[]): Promise<readonly unknown[]> {
    return this.#guard(() => this.#commands.atomically(commands));
  }

  /** Runs a script; a server that has forgotten it, or never knew it, gets its text. */
  script(
    script: Script,
    keys: readonly string[],
    args: readonly (string | number | Buffer)[],
  ): Promise<unknown> {
    return this.#guard(async () => {
      try {
        return await this.#commands.call('EVALSHA', script.sha, keys.length, ...keys, ...args);
      } catch (error) {
        if (!toError(error).message.startsWith('NOSCRIPT')) throw error;
        return this.#commands.call('EVAL', script.text, keys.length, ...keys, ...args);
      }
    });
  }

  /** From the first take on: the server is asked to tell of changes. */
  async startWaiting(): Promise<void> {
    await this.#listening();
  }

  /** A key that only an emptied database doesn't have. */
  mark(key: string): void {
    this.#marks.add(key);
  }

  unmark(key: string): void {
    this.#marks.delete(key);
  }

  /** Ends both connections. Without a reason somebody wanted it. */
  end(reason: Error | undefined): void {
    if (this.#over) return;
    this.#over = true;
    this.#failure = reason && unavailable(reason, placeOf(this.#parts.address));
    this.#commands.end(reason);
    void this.#news?.then((news) => news.end(reason)).catch(() => undefined); // it is told of to those who wait for it
    this.#ended.resolve(this.#failure);
    this.waiters.allChanged();
  }

  /** Whether this server can be worked with, and what one should know of it. */
  async #check(where: string): Promise<void> {
    const { logger, options } = this.#parts;
    const report = readReport(String(await this.call('INFO')));
    checkServer(report, where, { allowEviction: options.allowEviction, logger });
    if (options.allowVolatile) return;
    await checkPersistence(report, where, { logger, snapshots: () => this.#snapshots() });
  }

  /** When the server writes snapshots: '' for never; undefined when it doesn't say, as hosted ones may not. */
  async #snapshots(): Promise<string | undefined> {
    try {
      const [, value] = (await this.call('CONFIG', 'GET', 'save')) as (Buffer | undefined)[];
      return value?.toString();
    } catch (error) {
      if (this.#over) throw error;
      return undefined;
    }
  }

  async #guard<T>(run: () => Promise<T>): Promise<T> {
    if (this.#failure) throw this.#failure;
    try {
      return await run();
    } catch (caught) {
      const error = toError(caught);
      if (LOST.test(error.message)) this.end(error);
      if (this.#over) throw this.#failure ?? unavailable(error, placeOf(this.#parts.address));
      throw error;
    }
  }

  #listening(): Promise<Client> {
    return (this.#news ??= this.#listen());
  }

  async #listen(): Promise<Client> {
    const news = await connect(this.#parts, 'tq-news').catch((error: unknown) => {
      this.end(toError(error));
      throw error;
    });
    if (this.#over) {
      news.end();
      throw this.#failure ?? new BrokerUnavailableError('The connection to Redis was closed.');
    }
    void news.closed.then((reason) => this.end(reason ?? new Error('the connection was closed')));
    news.on('pmessageBuffer', (pattern, channel, message) => this.fanout.hear(pattern, channel, message));
    news.on('messageBuffer', (_, keys) => this.#hearOfChanges(keys));
    await this.#askForNews(news);
    return news;
  }

  async #askForNews(news: Client): Promise<void> {
    try {
      const id = await news.call('CLIENT', 'ID');
      await news.subscribe(CHANGES);
      await this.#commands.call('CLIENT', 'TRACKING', 'ON', 'REDIRECT', String(id));
      this.#told = true;
    } catch (error) {
      if (this.#over) throw error;
      this.#parts.logger.warn(
        'Redis does not tell of changes (CLIENT TRACKING), so tq looks for messages once a second while it has nothing to do',
        { reason: toError(error).message },
      );
    }
  }

  /** Names of lists, or nothing at all when a database was emptied. */
  #hearOfChanges(keys: unknown): void {
    if (Array.isArray(keys)) {
      for (const key of keys) this.waiters.changed(String(key));
      return;
    }
    this.waiters.allChanged();
    void this.#checkMarks(); // never rejects
  }

  /** What others rely on must be declared again after FLUSHDB: as after any other loss, by connecting again. */
  async #checkMarks(): Promise<void> {
    if (this.#marks.size === 0) return;
    try {
      const count = Number(await this.call('EXISTS', ...this.#marks));
      if (count < this.#marks.size) this.end(new Error('the database was emptied'));
    } catch (error) {
      this.end(toError(error));
    }
  }
}

async function connect({ address, options, timeoutMs }: LinkOptions, name: string): Promise<Client> {
  const given = await options.credentials?.();
  const wanted: ClientOptions = { address: { ...address, ...given }, options, timeoutMs, name };
  return Client.connect(wanted);
}

function unavailable(error: Error, where: string): TqError {
  if (error instanceof TqError) return error;
  return new BrokerUnavailableError(`Redis at ${where}: ${error.message}`, { cause: error });
}

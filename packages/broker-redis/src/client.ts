import type { Socket } from 'node:net';
import { BrokerUnavailableError } from '@tq/core';
import type { TqError } from '@tq/core';
import { deferred, hungUpAdvice, tlsFailure, toError } from '@tq/core/internal';
import { Redis } from 'ioredis';
import type { RedisOptions as ClientSettings } from 'ioredis';
import type { Address } from './address.ts';
import type { RedisOptions } from './options.ts';

export type Command = readonly [name: string, ...args: (string | number | Buffer)[]];

export interface ClientOptions {
  readonly address: Address;
  readonly options: RedisOptions;
  /** Shown by CLIENT LIST. */
  readonly name: string;
  /** Longest wait for the connection. Milliseconds. */
  readonly timeoutMs: number;
}

/**
 * One connection. It never reconnects by itself, behind the back of those who know what was under way: it ends, and
 * says why. A peer that has gone silent is found out by asking; see `#watch`.
 */
export class Client {
  readonly closed: Promise<Error | undefined>;
  readonly #redis: Redis;
  readonly #ended = deferred<Error | undefined>();
  readonly #silenceMs: number;
  #reason: Error | undefined;
  #watching: NodeJS.Timeout | undefined;
  #corked = false;

  private constructor({ address, name, options, timeoutMs }: ClientOptions) {
    this.closed = this.#ended.promise;
    this.#silenceMs = options.socketTimeoutMs;
    this.#redis = new Redis(settingsOf(address, name, options, timeoutMs));
    this.#redis.on('error', (error: unknown) => {
      this.#reason ??= toError(error);
    });
    this.#redis.on('end', () => {
      clearInterval(this.#watching);
      this.#ended.resolve(this.#reason ?? new Error('the connection was closed by the server'));
    });
  }

  static async connect(options: ClientOptions): Promise<Client> {
    const client = new Client(options);
    const late = setTimeout(
      () => client.end(new Error(`no answer in ${options.timeoutMs} ms`)),
      options.timeoutMs,
    );
    try {
      await Promise.race([client.#greet(options.address.db), client.closed.then(failed)]);
    } catch (error) {
      const reason = client.#reason ?? toError(error);
      client.end(reason);
      throw connectFailure(reason, options.address);
    } finally {
      clearTimeout(late);
    }
    client.#watch();
    return client;
  }

  /** Texts in the answer are Buffers. */
  call(name: string, ...args: (string | number | Buffer)[]): Promise<unknown> {
    this.#cork();
    return this.#redis.callBuffer(name, args);
  }

  /** In one write; each answer by itself, or the error in its place. */
  async pipeline(commands: readonly Command[]): Promise<readonly unknown[]> {
    this.#cork();
    return Promise.all(commands.map(([name, ...args]) => this.#redis.callBuffer(name, args)));
  }

  /** In one transaction: all or nothing. */
  async atomically(commands: readonly Command[]): Promise<readonly unknown[]> {
    this.#cork();
    const answers = [
      this.#redis.callBuffer('MULTI'),
      ...commands.map(([name, ...args]) => this.#redis.callBuffer(name, args)),
      this.#redis.callBuffer('EXEC'),
    ];
    const settled = await Promise.allSettled(answers);
    // A command that was refused says why; EXEC says only that one was.
    for (const each of settled) if (each.status === 'rejected') throw toError(each.reason);
    const results = (settled.at(-1) as PromiseFulfilledResult<unknown>).value;
    if (!Array.isArray(results)) throw new Error('Redis refused a transaction.');
    for (const each of results) if (each instanceof Error) throw each;
    return results;
  }

  on(event: 'messageBuffer', hear: (channel: Buffer, message: unknown) => void): void;
  on(
    event: 'pmessageBuffer',
    hear: (pattern: string | Buffer, channel: Buffer, message: Buffer) => void,
  ): void;
  on(event: string, hear: (...args: never[]) => void): void {
    this.#redis.on(event, hear as (...args: unknown[]) => void);
  }

  subscribe(channel: string): Promise<unknown> {
    return this.#redis.subscribe(channel);
  }

  psubscribe(patterns: readonly string[]): Promise<unknown> {
    return this.#redis.psubscribe(...patterns);
  }

  punsubscribe(patterns: readonly string[]): Promise<unknown> {
    return this.#redis.punsubscribe(...patterns);
  }

  /** Ends at once, with a reason if it should be told. */
  end(reason?: Error): void {
    this.#reason ??= reason;
    clearInterval(this.#watching);
    this.#ended.resolve(reason);
    // What has ended already would leave a timer of two seconds behind.
    if (this.#redis.status !== 'end') this.#redis.disconnect();
  }

  async #greet(db: number): Promise<void> {
    await this.#redis.connect();
    if (db !== 0) await this.call('SELECT', db);
  }

  /** What is said in one turn of the event loop goes in one write. */
  #cork(): void {
    if (this.#corked) return;
    const { stream } = this.#redis;
    if (!stream?.writable) return;
    this.#corked = true;
    stream.cork();
    process.nextTick(() => {
      this.#corked = false;
      stream.uncork();
    });
  }

  /**
   * After half of the time in silence it asks; after the other half without a word it gives up. While there is much to
   * send, getting on with it counts as well.
   */
  #watch(): void {
    let seen = '';
    let asked = false;
    this.#watching = setInterval(() => {
      const now = progressOf(this.#redis.stream as Partial<Socket>);
      if (now !== seen) {
        seen = now;
        asked = false;
      } else if (asked) {
        this.end(new Error(`no answer in ${this.#silenceMs} ms`));
      } else {
        asked = true;
        this.#redis.ping().catch(() => undefined); // told by `end`
      }
    }, this.#silenceMs / 2);
  }
}

function connectFailure(reason: Error, address: Address): TqError {
  const where = `Redis at ${placeOf(address)}`;
  const advice = address.tls ? hungUpAdvice(reason) : '';
  return (
    tlsFailure(reason, where) ??
    new BrokerUnavailableError(`${where}: ${reason.message}${advice}`, { cause: reason })
  );
}

function progressOf({ bytesRead = 0, bytesWritten = 0, writableLength = 0 }: Partial<Socket>): string {
  return `${bytesRead} ${writableLength > 0 ? bytesWritten - writableLength : 0}`;
}

function failed(reason: Error | undefined): never {
  throw reason ?? new Error('the connection was closed');
}

/** For messages: never with the password. */
export function placeOf({ host, path, port }: Address): string {
  return path ?? `${host}:${port}`;
}

function settingsOf(
  address: Address,
  name: string,
  options: RedisOptions,
  timeoutMs: number,
): Omit<ClientSettings, 'replyMapping'> {
  const { host, password, path, port, tls, username } = address;
  const sentinel = address.kind === 'sentinel';
  return {
    ...(sentinel
      ? {
          sentinels: [{ host, port }],
          name: options.masterName ?? '',
          sentinelRetryStrategy: () => null,
          ...(options.sentinel.username !== undefined && { sentinelUsername: options.sentinel.username }),
          ...(options.sentinel.password !== undefined && { sentinelPassword: options.sentinel.password }),
          ...(tls && { sentinelTLS: tls, enableTLSForSentinelMode: true }),
        }
      : path === undefined
        ? { host, port }
        : { path }),
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(tls && { tls }),
    protocol: 2, // RESP2: ioredis hands out invalidations there, as messages
    lazyConnect: true,
    retryStrategy: () => null,
    autoResubscribe: false,
    autoResendUnfulfilledCommands: false,
    enableOfflineQueue: false,
    enableReadyCheck: false,
    maxRetriesPerRequest: null,
    connectTimeout: Math.min(options.connectTimeoutMs ?? timeoutMs, timeoutMs),
    keepAlive: options.keepAliveMs,
    noDelay: true,
    connectionName: options.clientName ?? name,
    disableClientInfo: true,
  };
}

import { BrokerUnavailableError, ClosedError, PublishError, TqError } from '@tq/core';
import type { ConnectOptions, Logger } from '@tq/core';
import { deferred, toError } from '@tq/core/internal';
import { encodeEnvelope, topicMatcher } from '@tq/virtual';
import type { BindingRecord, Envelope, PutEntry, QueueStore, Taken } from '@tq/virtual';
import { Bindings } from './bindings.ts';
import { readEnvelope } from './envelopes.ts';
import type { Hear } from './fanout.ts';
import type { Keys } from './keys.ts';
import { shareLink } from './links.ts';
import type { Share } from './links.ts';
import { Lives } from './lives.ts';
import type { RedisOptions } from './options.ts';
import { Restore } from './restore.ts';
import { RENEW } from './scripts.ts';
import { Tags } from './tags.ts';
import { Taker } from './taker.ts';

/** The most members in one command. */
const CHUNK = 1000;

export interface RedisStoreOptions {
  readonly share: Share;
  readonly keys: Keys;
  readonly options: RedisOptions;
  readonly logger: Logger;
}

/** Opens the queues of the server that the URL names, over this process's link to it. */
export async function openStore(url: URL, given: ConnectOptions): Promise<QueueStore> {
  const { keys, options, share } = await shareLink(url, given);
  return new RedisStore({ share, keys, options, logger: given.logger });
}

/** One connection's queues. */
export class RedisStore implements QueueStore {
  readonly leaseMs: number;
  readonly closed: Promise<Error | undefined>;
  readonly #share: Share;
  readonly #keys: Keys;
  readonly #countsEars: boolean;
  readonly #logger: Logger;
  readonly #bindings: Bindings;
  readonly #lives: Lives;
  readonly #restore: Restore;
  readonly #taker: Taker;
  readonly #tags = new Tags();
  readonly #closed = deferred<Error | undefined>();
  /** The lists of what is held, by tag, in the order of the takes. */
  readonly #held = new Map<string, string>();
  readonly #ears = new Set<AsyncDisposable>();
  /** What is being given back. */
  readonly #returns = new Set<Promise<void>>();
  #returning: { readonly tags: Set<string>; readonly done: Promise<void> } | undefined;
  #disposing: Promise<void> | undefined;

  constructor({ keys, logger, options, share }: RedisStoreOptions) {
    this.leaseMs = options.leaseMs;
    this.closed = this.#closed.promise;
    this.#share = share;
    this.#keys = keys;
    this.#logger = logger;
    this.#countsEars = !options.cluster;
    this.#bindings = new Bindings(share.link, keys);
    const { link } = share;
    this.#lives = new Lives({ link, keys, bindings: this.#bindings });
    this.#restore = new Restore({ link, keys, bindings: this.#bindings, options });
    this.#taker = new Taker({ link: share.link, keys, options });
    void share.link.closed.then((reason) => this.#closed.resolve(reason));
  }

  async put(entries: readonly PutEntry[]): Promise<void> {
    this.#ensureOpen();
    const lists = new Map<string, string[]>();
    for (const { envelope, queue } of entries) {
      const list = this.#keys.listFor(queue, envelope.message.properties.priority);
      const text = encodeEnvelope(envelope, { deliveryTag: this.#tags.next() });
      const texts = lists.get(list);
      if (texts) texts.push(text);
      else lists.set(list, [text]);
    }
    try {
      await this.#push([...lists]);
    } catch (error) {
      throw published(error);
    }
  }

  async take(
    queues: readonly string[],
    { max, signal }: { readonly max: number; readonly signal: AbortSignal },
  ): Promise<readonly Taken[]> {
    if (signal.aborted) return [];
    this.#ensureOpen();
    if (this.#returns.size > 0) await Promise.allSettled(this.#returns); // it comes first
    const catches = await this.#calling(this.#taker.take(queues, max, signal));
    const taken: Taken[] = [];
    for (const { list, queue, tag, text } of catches) {
      const { envelope, lost, redelivered } = readEnvelope(text, queue);
      this.#held.set(tag, list);
      taken.push({ tag, queue, envelope, redelivered, deliveries: lost + 1 });
    }
    if (taken.length === 0 || !this.#disposing) return taken;
    await this.#requeue(taken.map((each) => each.tag)); // nobody is there to take care of it
    return [];
  }

  async settle(tags: readonly string[], how: 'done' | 'requeue'): Promise<void> {
    this.#ensureOpen();
    await this.#calling(how === 'done' ? this.#forget(tags) : this.#requeue(tags));
  }

  async renew(tags: readonly string[]): Promise<void> {
    this.#ensureOpen();
    const { index, leases, separator } = this.#keys;
    const members = this.#membersOf(tags.filter((tag) => this.#held.has(tag)));
    for (const chunk of chunks(members))
      await this.#calling(
        this.#share.link.script(RENEW, [index, leases], [this.leaseMs / 1000, separator, ...chunk]),
      );
  }

  async restoreExpired(): Promise<number> {
    this.#ensureOpen();
    return this.#calling(this.#restore.expired());
  }

  /** A queue is a list, and there is no empty list; what is kept is how long it lives. */
  async declare(queue: string, expiresMs?: number): Promise<void> {
    this.#ensureOpen();
    await this.#calling(this.#lives.declare(queue, expiresMs));
  }

  async use(queue: string): Promise<number | undefined> {
    this.#ensureOpen();
    return this.#calling(this.#lives.use(queue));
  }

  async removeUnused(): Promise<number> {
    this.#ensureOpen();
    return this.#calling(this.#lives.removeUnused());
  }

  async size(queue: string): Promise<number> {
    return this.#sizes(queue, []);
  }

  async purge(queue: string): Promise<number> {
    return this.#sizes(queue, [['DEL', ...this.#keys.lists(queue)]]);
  }

  async drop(queue: string): Promise<void> {
    this.#ensureOpen();
    await this.#calling(this.#lives.remove(queue, 'now'));
  }

  async bind(binding: BindingRecord): Promise<void> {
    this.#ensureOpen();
    await this.#calling(this.#lives.bind(binding));
  }

  async bindings(exchange: string): Promise<readonly BindingRecord[]> {
    this.#ensureOpen();
    return this.#calling(this.#bindings.of(exchange));
  }

  /** In a cluster the server counts only those who listen at the same node. */
  async broadcast(exchange: string, routingKey: string, envelope: Envelope): Promise<number | undefined> {
    this.#ensureOpen();
    const text = encodeEnvelope(envelope, { deliveryTag: this.#tags.next() });
    const channel = this.#keys.channel(exchange, routingKey);
    const heard = await this.#calling(this.#share.link.call('PUBLISH', channel, text));
    return this.#countsEars ? Number(heard) : undefined;
  }

  async listen(
    exchange: string,
    pattern: string,
    onEnvelope: (envelope: Envelope) => void,
  ): Promise<AsyncDisposable> {
    this.#ensureOpen();
    const { fanout } = this.#share.link;
    const patterns = this.#keys.channelPatterns(exchange, pattern);
    const matches = topicMatcher(pattern);
    const hear = (channel: string, message: Buffer): void => {
      const { envelope } = readEnvelope(message, exchange);
      if (!matches(this.#keys.routingKeyOf(channel, exchange) ?? envelope.routingKey)) return;
      try {
        onEnvelope(envelope);
      } catch (error) {
        this.#logger.error('A listener threw', { exchange, error: toError(error) });
      }
    };
    const ear: AsyncDisposable = {
      [Symbol.asyncDispose]: async () => {
        if (this.#ears.delete(ear)) await this.#deafen(patterns, hear);
      },
    };
    this.#ears.add(ear);
    try {
      await fanout.listen(patterns, hear);
      return ear;
    } catch (error) {
      await ear[Symbol.asyncDispose]();
      throw unavailable(error);
    }
  }

  /** What is held comes back when its lease ends. Settles always. */
  [Symbol.asyncDispose](): Promise<void> {
    return (this.#disposing ??= this.#dispose());
  }

  async #dispose(): Promise<void> {
    const ears = [...this.#ears];
    await this.#taker.stop();
    await Promise.allSettled(this.#returns);
    await Promise.all(ears.map((ear) => ear[Symbol.asyncDispose]()));
    this.#share.release();
    this.#closed.resolve(undefined);
  }

  /** A subscription that stays brings what nobody hears; with the connection it goes anyway. */
  async #deafen(patterns: readonly string[], hear: Hear): Promise<void> {
    try {
      await this.#share.link.fanout.unlisten(patterns, hear);
    } catch (error) {
      this.#logger.debug('A subscription could not be ended', { error: toError(error).message });
    }
  }

  async #push(lists: readonly (readonly [string, readonly string[]])[]): Promise<void> {
    const { link } = this.#share;
    const [first, ...others] = lists.map(([list, texts]) => ['LPUSH', list, ...texts] as const);
    if (!first) return;
    if (others.length === 0) await link.call(...first);
    else await link.atomically([first, ...others]);
  }

  /** The sum of the queue's lists, as of the moment before some more commands are run. */
  async #sizes(queue: string, commands: readonly (readonly [string, ...string[]])[]): Promise<number> {
    this.#ensureOpen();
    const lists = this.#keys.lists(queue);
    const lengths = lists.map((list) => ['LLEN', list] as const);
    const { link } = this.#share;
    // Whoever only asks needs no transaction: workers ask all the time.
    const asking =
      commands.length === 0 ? link.pipeline(lengths) : link.atomically([...lengths, ...commands]);
    const answers = await this.#calling(asking);
    return answers.slice(0, lists.length).reduce<number>((sum, each) => sum + Number(each), 0);
  }

  /** The record goes first: without it, what is left elsewhere is nothing that could come back. */
  async #forget(tags: readonly string[]): Promise<void> {
    const { index, leases, unacked } = this.#keys;
    for (const chunk of chunks(tags.filter((tag) => this.#held.has(tag)))) {
      const members = this.#membersOf(chunk);
      for (const tag of chunk) this.#held.delete(tag);
      await this.#share.link.pipeline([
        ['HDEL', unacked, ...chunk],
        ['ZREM', index, ...chunk],
        ['ZREM', leases, ...members],
      ]);
    }
  }

  /** What several channels give back in one turn of the event loop goes back together, in the order of the takes. */
  #requeue(tags: readonly string[]): Promise<void> {
    if (!this.#returning) {
      const done = turnOfTheEventLoop().then(() => this.#giveBack());
      this.#returning = { tags: new Set(), done };
      this.#returns.add(done);
      const over = (): void => void this.#returns.delete(done);
      done.then(over, over);
    }
    for (const tag of tags) this.#returning.tags.add(tag);
    return this.#returning.done;
  }

  async #giveBack(): Promise<void> {
    const tags = this.#returning?.tags;
    this.#returning = undefined;
    if (!tags) return;
    const holds = [...this.#held].filter(([tag]) => tags.has(tag)).map(([tag, list]) => ({ tag, list }));
    for (const { tag } of holds) this.#held.delete(tag);
    await this.#restore.giveBack(holds, 'mine');
  }

  #membersOf(tags: readonly string[]): string[] {
    return tags.map((tag) => tag + this.#keys.separator + this.#held.get(tag));
  }

  async #calling<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      throw unavailable(error);
    }
  }

  #ensureOpen(): void {
    if (this.#disposing) throw new ClosedError('The connection to Redis');
  }
}

function turnOfTheEventLoop(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

function* chunks<T>(items: readonly T[]): Generator<readonly T[]> {
  for (let start = 0; start < items.length; start += CHUNK) yield items.slice(start, start + CHUNK);
}

function unavailable(error: unknown): TqError {
  if (error instanceof TqError) return error;
  return new BrokerUnavailableError(`Redis refused a command: ${toError(error).message}`, { cause: error });
}

/** Redis is there, but doesn't want the message: its memory is full, its disk is, the user may not. */
function published(error: unknown): TqError {
  if (error instanceof TqError) return error;
  return new PublishError(`Redis did not take the message: ${toError(error).message}`, { cause: error });
}

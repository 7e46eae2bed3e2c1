import { BackendUnavailableError, ClosedError, ImproperlyConfigured } from '@tq/core';
import type {
  Address,
  BackendDriver,
  BackendOptions,
  BrokerAccess,
  Delivery,
  Encoded,
  Message,
  ReplyRoute,
  ResultBackend,
  TaskMeta,
} from '@tq/core';
import { decodeMeta, Feed, isFinal, toError, Turn } from '@tq/core/internal';
import { RpcGroups } from './groups.ts';
import { Memory } from './memory.ts';
import { Replies } from './replies.ts';
import { readReply, replyOf } from './reply.ts';
import { settingsOf } from './settings.ts';
import type { RpcSettings } from './settings.ts';

/** Results as messages to the caller. It has no server of its own: the app's broker carries them. */
export const rpcBackend: BackendDriver = {
  async connect(url: URL, options: BackendOptions): Promise<ResultBackend> {
    if (!options.broker)
      throw new ImproperlyConfigured(
        'The result backend rpc:// sends results through the broker of an app, and was opened without one.',
      );
    return new RpcBackend(options.broker, settingsOf(url, options.options, options.expiresMs), options);
  },
};

interface Outgoing {
  readonly message: Message;
  readonly to: Address;
}

/** Sends what a worker stores to where the caller listens; keeps what has come for this process. */
class RpcBackend implements ResultBackend {
  readonly traits = { driver: 'rpc', persistent: false, expiresByItself: true };
  readonly groups: RpcGroups;
  readonly #broker: BrokerAccess;
  readonly #options: BackendOptions;
  readonly #outageMs: number;
  readonly #memory: Memory;
  readonly #replies: Replies;
  readonly #sent: Turn<Outgoing | undefined, void>;
  readonly #feeds = new Map<string, Set<Feed>>();
  #patience: NodeJS.Timeout | undefined;
  #disposing: Promise<void> | undefined;

  constructor(broker: BrokerAccess, settings: RpcSettings, options: BackendOptions) {
    const { clock, logger, expiresMs, timeoutMs } = options;
    this.#broker = broker;
    this.#options = options;
    this.#outageMs = settings.outageMs;
    this.#memory = new Memory(clock, { expiresMs, ...settings });
    this.#sent = new Turn((messages) => this.#send(messages));
    this.groups = new RpcGroups({
      broker,
      clock,
      logger,
      timeoutMs,
      expiresMs,
      queueLifeMs: settings.groupLifeMs,
      leaseMs: settings.chordLeaseMs,
    });
    this.#replies = new Replies({
      broker,
      clock,
      logger,
      queueLifeMs: settings.queueLifeMs,
      onReply: (delivery) => this.#take(delivery),
      onChange: (how) => this.#linkChanged(how),
    });
  }

  /** Answers to calls of this process come to its queue, which must be there first. */
  expect(): Promise<void> | undefined {
    if (this.#disposing) return Promise.reject(closed());
    return this.#replies.listening ? undefined : this.#replies.ready();
  }

  /** Whoever asked for no answer gets none. */
  store(meta: TaskMeta<Encoded>, route: ReplyRoute): Promise<void> {
    try {
      this.#ensureOpen();
      const { replyTo } = route;
      const outgoing = replyTo === undefined ? undefined : this.#outgoing(meta, route, replyTo);
      return this.#sent.add(outgoing).all as Promise<unknown> as Promise<void>;
    } catch (error) {
      return Promise.reject(toError(error));
    }
  }

  /** What has come to this process; of other calls nothing is known. */
  async load(taskId: string): Promise<TaskMeta | undefined> {
    this.#ensureOpen();
    const text = this.#memory.get(taskId);
    return text === undefined ? undefined : decodeMeta(text);
  }

  async *watch(taskId: string, { signal }: { readonly signal: AbortSignal }): AsyncIterable<TaskMeta> {
    this.#ensureOpen();
    if (signal.aborted) return;
    const feed = new Feed();
    const abort = (): void => feed.end();
    signal.addEventListener('abort', abort, { once: true });
    this.#add(taskId, feed);
    try {
      for await (const text of feed.read()) {
        const meta = decodeMeta(text);
        yield meta;
        if (isFinal(meta.status)) return;
      }
    } finally {
      signal.removeEventListener('abort', abort);
      this.#remove(taskId, feed);
    }
  }

  async forget(taskId: string): Promise<void> {
    this.#ensureOpen();
    this.#memory.forget(taskId);
  }

  /** What was given before is sent. Settles always. */
  [Symbol.asyncDispose](): Promise<void> {
    return (this.#disposing ??= this.#dispose());
  }

  async #dispose(): Promise<void> {
    clearTimeout(this.#patience);
    this.#endAll(closed());
    await Promise.all([this.#sent.flush(), this.#replies.close(), this.groups.close()]);
  }

  #outgoing(meta: TaskMeta<Encoded>, route: ReplyRoute, replyTo: string): Outgoing {
    return {
      message: replyOf(meta, route, this.#options),
      to: { exchange: '', routingKey: replyTo }, // whose reader may have gone
    };
  }

  async #send(messages: readonly (Outgoing | undefined)[]): Promise<readonly void[]> {
    const sending = messages.flatMap((each) => (each ? [this.#broker.publish(each.message, each.to)] : []));
    const failed = (await Promise.allSettled(sending)).find((end) => end.status === 'rejected');
    if (failed) throw failed.reason;
    return [];
  }

  /** A message that can't be read must not keep the others. */
  #take(delivery: Delivery): void {
    try {
      const { taskId, text } = readReply(delivery.message, this.#options.codec);
      if (this.#memory.keep(taskId, text)) for (const feed of this.#feeds.get(taskId) ?? []) feed.hear(text);
    } catch (error) {
      this.#options.logger.warn('A result could not be read', { error: toError(error).message });
    }
    delivery.ack();
  }

  #add(taskId: string, feed: Feed): void {
    feed.present(this.#memory.get(taskId) ?? null);
    const feeds = this.#feeds.get(taskId);
    if (feeds) feeds.add(feed);
    else this.#feeds.set(taskId, new Set([feed]));
  }

  #remove(taskId: string, feed: Feed): void {
    const feeds = this.#feeds.get(taskId);
    feeds?.delete(feed);
    if (feeds?.size === 0) this.#feeds.delete(taskId);
  }

  #linkChanged(how: 'lost' | 'regained'): void {
    clearTimeout(this.#patience);
    if (how === 'regained' || this.#disposing) return;
    this.#patience = setTimeout(() => {
      this.#endAll(
        new BackendUnavailableError(
          `The broker has been away for ${this.#outageMs / 1000} s while results were awaited. They can be asked for again when it is back.`,
        ),
      );
    }, this.#outageMs).unref();
  }

  #endAll(reason: Error): void {
    for (const feeds of this.#feeds.values()) for (const feed of feeds) feed.end(reason);
  }

  #ensureOpen(): void {
    if (this.#disposing) throw closed();
  }
}

function closed(): ClosedError {
  return new ClosedError('The result backend');
}

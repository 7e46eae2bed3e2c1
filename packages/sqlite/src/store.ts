import { BrokerUnavailableError, ClosedError, TqError } from '@tq/core';
import type { ConnectOptions, Logger } from '@tq/core';
import { deferred, toError } from '@tq/core/internal';
import type { BindingRecord, Envelope, PutEntry, QueueStore, Taken } from '@tq/virtual';
import { Ears } from './ears.ts';
import { writeContent } from './content.ts';
import { nameOf, rowsOf, takenOf } from './envelopes.ts';
import { Holds } from './holds.ts';
import { shareLink } from './links.ts';
import type { Share } from './links.ts';
import { locate } from './location.ts';
import type { CallName, Calls, Catch } from './wire.ts';

/** The most messages in one take, whatever is asked for. */
const BATCH = 1000;

/** Opens the file that the URL names, in this process's thread for it. */
export async function openStore(url: URL, options: ConnectOptions): Promise<QueueStore> {
  try {
    const location = locate(url, options.options);
    const share = await shareLink(location, options.timeoutMs);
    return new SqliteStore({ share, leaseMs: location.leaseMs, logger: options.logger });
  } catch (error) {
    throw unavailable(error);
  }
}

export interface SqliteStoreOptions {
  readonly share: Share;
  readonly leaseMs: number;
  readonly logger: Logger;
}

/** One connection's queues, in the file that its thread serves. */
export class SqliteStore implements QueueStore {
  readonly leaseMs: number;
  readonly closed: Promise<Error | undefined>;
  readonly #share: Share;
  readonly #closed = deferred<Error | undefined>();
  readonly #holds = new Holds();
  readonly #ears: Ears;
  readonly #takes = new Set<() => void>();
  readonly #stopHearing: () => void;
  /** Whether the thread knows of this connection. */
  #attached = false;
  #disposing: Promise<void> | undefined;

  constructor({ share, leaseMs, logger }: SqliteStoreOptions) {
    this.leaseMs = leaseMs;
    this.closed = this.#closed.promise;
    this.#share = share;
    this.#ears = new Ears(logger);
    this.#stopHearing = share.link.listen((report) => this.#ears.hear(report));
    void share.link.closed.then((reason) => this.#closed.resolve(reason && unavailable(reason)));
  }

  async put(entries: readonly PutEntry[]): Promise<void> {
    const rows = rowsOf(entries);
    if (rows.length > 0) await this.#call('put', [rows]);
  }

  async take(
    queues: readonly string[],
    { max, signal }: { readonly max: number; readonly signal: AbortSignal },
  ): Promise<readonly Taken[]> {
    if (signal.aborted) return [];
    const caught = await this.#waitFor(queues, Math.min(max, BATCH), signal);
    const taken = takenOf(caught, this.#holds);
    if (taken.length === 0 || !(signal.aborted || this.#disposing)) return taken;
    // It was on its way when it was called off.
    if (!this.#disposing)
      await this.settle(
        taken.map((each) => each.tag),
        'requeue',
      );
    return [];
  }

  async settle(tags: readonly string[], how: 'done' | 'requeue'): Promise<void> {
    this.#ensureOpen();
    const ids = this.#holds.release(tags);
    if (ids !== undefined) await this.#call(how, [ids, this.#share.connection]);
  }

  async renew(tags: readonly string[]): Promise<void> {
    this.#ensureOpen();
    const ids = this.#holds.keep(tags);
    if (ids !== undefined) await this.#call('renew', [ids, this.#share.connection, this.leaseMs]);
  }

  restoreExpired(): Promise<number> {
    return this.#call('restoreExpired', []);
  }

  async declare(queue: string, expiresMs?: number): Promise<void> {
    await this.#call('declare', [nameOf(queue), expiresMs ?? null]);
  }

  async use(queue: string): Promise<number | undefined> {
    return (await this.#call('use', [queue])) ?? undefined;
  }

  /** Looks before it writes: a write wakes everybody. */
  async removeUnused(): Promise<number> {
    return (await this.#call('anyUnused', [])) ? this.#call('removeUnused', []) : 0;
  }

  size(queue: string): Promise<number> {
    return this.#call('size', [queue]);
  }

  purge(queue: string): Promise<number> {
    return this.#call('purge', [queue]);
  }

  async drop(queue: string): Promise<void> {
    await this.#call('drop', [queue]);
  }

  async bind(binding: BindingRecord): Promise<void> {
    const { exchange, queue, routingKey, type } = binding;
    const args = JSON.stringify(binding.arguments ?? null);
    await this.#call('bind', [nameOf(exchange), [nameOf(queue), nameOf(routingKey), type, args]]);
  }

  async bindings(exchange: string): Promise<readonly BindingRecord[]> {
    const rows = await this.#call('bindings', [exchange]);
    return rows.map(([queue, routingKey, type, args]) => {
      const record = { exchange, queue, routingKey, type: type as BindingRecord['type'] };
      const given = JSON.parse(args) as BindingRecord['arguments'] | null;
      return given ? { ...record, arguments: given } : record;
    });
  }

  async broadcast(exchange: string, routingKey: string, { message }: Envelope): Promise<number> {
    const { content, body } = writeContent({ message, exchange, routingKey });
    return this.#call('broadcast', [nameOf(exchange), content, body]);
  }

  async listen(
    exchange: string,
    pattern: string,
    onEnvelope: (envelope: Envelope) => void,
  ): Promise<AsyncDisposable> {
    this.#attached = true;
    const listening = await this.#call('listen', [this.#share.connection, nameOf(exchange)]);
    const [listener] = listening;
    this.#ears.add(listening, exchange, pattern, onEnvelope);
    const release = this.#share.link.hold();
    return {
      [Symbol.asyncDispose]: async () => {
        release();
        if (this.#ears.remove(listener) && !this.#disposing) await this.#call('unlisten', [listener]);
      },
    };
  }

  /** Gives back what is held, and lets the thread end if nobody else uses it. Settles always. */
  [Symbol.asyncDispose](): Promise<void> {
    return (this.#disposing ??= this.#dispose());
  }

  async #dispose(): Promise<void> {
    this.#stopHearing();
    this.#ears.clear();
    for (const cancel of this.#takes) cancel();
    const { link, connection } = this.#share;
    // If that fails, what is held comes back with its lease.
    if (this.#attached) await link.call('detach', [connection]).catch(() => undefined);
    await this.#share.release();
    this.#closed.resolve(undefined);
  }

  async #waitFor(queues: readonly string[], max: number, signal: AbortSignal): Promise<Catch> {
    this.#ensureOpen();
    const { link, connection } = this.#share;
    this.#attached = true;
    const { id, answer } = link.request('take', [connection, queues, max, this.leaseMs]);
    const cancel = (): void => link.tell('cancel', [id]);
    this.#takes.add(cancel);
    signal.addEventListener('abort', cancel, { once: true });
    try {
      return await answer;
    } catch (error) {
      throw unavailable(error);
    } finally {
      this.#takes.delete(cancel);
      signal.removeEventListener('abort', cancel);
    }
  }

  async #call<K extends CallName>(name: K, args: Parameters<Calls[K]>): Promise<ReturnType<Calls[K]>> {
    this.#ensureOpen();
    try {
      return await this.#share.link.call(name, args);
    } catch (error) {
      throw unavailable(error);
    }
  }

  #ensureOpen(): void {
    if (this.#disposing) throw new ClosedError('The connection to the queue file');
  }
}

function unavailable(error: unknown): TqError {
  if (error instanceof TqError) return error;
  return new BrokerUnavailableError(toError(error).message, { cause: error });
}

import { BackendUnavailableError, ClosedError } from '@tq/core';
import type { BackendDriver, BackendOptions, Encoded, ResultBackend, TaskMeta } from '@tq/core';
import { decodeMeta, encodeMeta, isFinal, jsonResults, pieces, toError, Turn } from '@tq/core/internal';
import { openClient } from './client.ts';
import type { Client } from './client.ts';
import { unavailable } from './failure.ts';
import { Format } from './format.ts';
import { RedisGroups } from './groups.ts';
import { keysWith } from './keys.ts';
import type { Keys } from './keys.ts';
import { settingsOf } from './settings.ts';
import type { RedisSettings } from './settings.ts';
import { Watches } from './watches.ts';

/** Results in Redis as Celery keeps them. */
export const redisBackend: BackendDriver = {
  async connect(url: URL, options: BackendOptions): Promise<ResultBackend> {
    const settings = settingsOf(url, options);
    const format = new Format(options.codec ?? jsonResults());
    return new RedisBackend({ client: await openClient(settings, options), format, settings, options });
  },
};

/** Redis stands still while a script runs, so one script takes so much at most. */
const STORED_AT_ONCE = { count: 500, size: 1_000_000 };
const LOADED_AT_ONCE = { count: 1000, size: Infinity };

/** From so many characters on, bytes are sent in less time than a text. */
const LARGE = 65_536;

type Kept = readonly [key: string, value: string | Buffer];

interface Parts {
  readonly client: Client;
  readonly format: Format;
  readonly settings: RedisSettings;
  readonly options: BackendOptions;
}

/** One connection to Redis. What is stored or asked for in one tick travels together; nothing is polled. */
class RedisBackend implements ResultBackend {
  readonly traits = { driver: 'redis', persistent: true, expiresByItself: true };
  readonly groups: RedisGroups;
  readonly #client: Client;
  readonly #format: Format;
  readonly #keys: Keys;
  /** Milliseconds, or '' for ever. */
  readonly #life: string;
  readonly #timeoutMs: number;
  readonly #kept: Turn<Kept, void>;
  readonly #loaded: Turn<string, string | null>;
  readonly #dropped: Turn<string, void>;
  readonly #watches: Watches;
  #disposing: Promise<void> | undefined;

  constructor({ client, format, settings, options: { expiresMs, timeoutMs } }: Parts) {
    this.#client = client;
    this.#format = format;
    this.#keys = keysWith(settings.globalPrefix);
    this.#life = expiresMs === undefined ? '' : String(Math.max(1, Math.round(expiresMs)));
    this.#timeoutMs = timeoutMs;
    this.#kept = new Turn((metas) => this.#keep(metas));
    this.#loaded = new Turn((keys) => this.#read(keys));
    this.#dropped = new Turn((keys) => this.#drop(keys));
    this.#watches = new Watches({
      client,
      settings,
      read: (kept) => format.read(kept),
      load: (keys) => this.#read(keys),
    });
    this.groups = new RedisGroups({
      client,
      format,
      keys: this.#keys,
      ordered: settings.chordOrdered,
      life: this.#life,
      leaseMs: settings.chordLeaseMs,
      guard: (work) => this.#guard(work),
      put: (key, value) => this.#kept.ask([key, value]),
      get: (key) => this.#loaded.ask(key),
      drop: async (...keys) => void (await Promise.all(keys.map((key) => this.#dropped.ask(key)))),
    });
  }

  /** Results stay, so none can be missed. */
  expect(): Promise<void> | undefined {
    return this.#disposing && Promise.reject(closed());
  }

  store(meta: TaskMeta<Encoded>): Promise<void> {
    try {
      this.#ensureOpen();
      return this.#kept.add([this.#keys.task(meta.taskId), this.#format.write(encodeMeta(meta))])
        .all as Promise<unknown> as Promise<void>;
    } catch (error) {
      return Promise.reject(toError(error));
    }
  }

  load(taskId: string): Promise<TaskMeta | undefined> {
    return this.#guard(async () => {
      const text = await this.#loaded.ask(this.#keys.task(taskId));
      return text === null ? undefined : decodeMeta(text);
    });
  }

  async *watch(taskId: string, { signal }: { readonly signal: AbortSignal }): AsyncIterable<TaskMeta> {
    this.#ensureOpen();
    if (signal.aborted) return;
    for await (const text of this.#watches.watch(this.#keys.task(taskId), signal)) {
      const meta = decodeMeta(text);
      yield meta;
      if (isFinal(meta.status)) return;
    }
  }

  forget(taskId: string): Promise<void> {
    return this.#guard(() => this.#dropped.ask(this.#keys.task(taskId)));
  }

  /** What was given before is stored, if Redis answers in time. Settles always. */
  [Symbol.asyncDispose](): Promise<void> {
    return (this.#disposing ??= this.#dispose());
  }

  async #dispose(): Promise<void> {
    this.#watches.close(closed());
    const turns = [this.#kept, this.#loaded, this.#dropped, this.groups];
    const reason = new BackendUnavailableError('The result backend was closed before Redis had answered.');
    const timer = setTimeout(() => {
      for (const turn of turns) turn.abandon(reason);
    }, this.#timeoutMs);
    await Promise.all(turns.map((turn) => turn.flush()));
    clearTimeout(timer);
    this.#client.disconnect();
  }

  async #keep(values: readonly Kept[]): Promise<readonly void[]> {
    try {
      const open = this.#format.isReadable ? values : await this.#withoutSuccess(values);
      await Promise.all(
        pieces(open, STORED_AT_ONCE, ([, value]) => value.length).map((piece) =>
          this.#client.tqStore(
            piece.length,
            ...piece.map(([key]) => key),
            this.#life,
            ...piece.map(([, value]) => (value.length < LARGE ? value : Buffer.from(value as string))),
          ),
        ),
      );
      return [];
    } catch (error) {
      throw unavailable(error);
    }
  }

  /** A success stays. What no script can read is looked at here, as Celery does it. */
  async #withoutSuccess(values: readonly Kept[]): Promise<readonly Kept[]> {
    const found = await this.#client.mgetBuffer(...values.map(([key]) => key));
    return values.filter((_, index) => !this.#isSuccess(found[index] ?? null));
  }

  #isSuccess(kept: Buffer | null): boolean {
    if (kept === null) return false;
    try {
      return decodeMeta(this.#format.read(kept)).status === 'SUCCESS';
    } catch {
      return false; // the size of a chord, a group, or of another serializer
    }
  }

  async #read(keys: readonly string[]): Promise<readonly (string | null)[]> {
    const found = await Promise.all(
      pieces(keys, LOADED_AT_ONCE, () => 0).map((piece) => this.#client.mgetBuffer(...piece)),
    );
    return found.flat().map((kept) => kept && this.#format.read(kept));
  }

  async #drop(keys: readonly string[]): Promise<readonly void[]> {
    await this.#client.del(...keys);
    return [];
  }

  async #guard<T>(work: () => Promise<T>): Promise<T> {
    this.#ensureOpen();
    try {
      return await work();
    } catch (error) {
      throw this.#disposing ? closed() : unavailable(error);
    }
  }

  #ensureOpen(): void {
    if (this.#disposing) throw closed();
  }
}

function closed(): ClosedError {
  return new ClosedError('The result backend');
}

import type { App, Connection, Duration, Logger } from '@tq/core';
import { backoffMs, durationMs, toError } from '@tq/core/internal';
import { listenToEvents } from './listen.ts';
import { patternFor } from './vocabulary.ts';
import type { ReceivedEvent } from './vocabulary.ts';
import { readEvents } from './wire.ts';

/** Pauses between two attempts to come back. */
const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 3000;

export interface ReceiverOptions {
  readonly app: App;
  /** What to do with an event, by its type; `*` takes those that have no other. One that throws is logged. */
  readonly handlers: Readonly<Record<string, (event: ReceivedEvent) => void>>;
  /** Only these types. @default those of the handlers, all if there is a `*` */
  readonly types?: readonly string[];
  /** Called each time it has begun to listen: the place to ask workers for a sign of life. */
  readonly onListening?: (connection: Connection) => void | Promise<void>;
  /** @default the app's */
  readonly logger?: Logger;
}

export interface CaptureOptions {
  /** Resolve after so many events. @default no limit */
  readonly limit?: number;
  /** Resolve after this long. @default no limit */
  readonly timeout?: Duration;
  /** Ends it. */
  readonly signal?: AbortSignal;
}

/** Receives the events of a cluster, from workers of any language, over a connection of its own that it keeps up. */
export class EventReceiver {
  readonly #options: ReceiverOptions;
  readonly #logger: Logger;
  readonly #types: ReadonlySet<string> | undefined;
  #received = 0;
  #malformed = 0;

  constructor(options: ReceiverOptions) {
    this.#options = options;
    this.#logger = options.logger ?? options.app.logger;
    const own = Object.keys(options.handlers);
    const types = options.types ?? (own.includes('*') ? undefined : own);
    this.#types = types && new Set(types);
  }

  /** Events so far. */
  get received(): number {
    return this.#received;
  }

  /** What came and was no event. */
  get malformed(): number {
    return this.#malformed;
  }

  /**
   * Receives until it has got what it was asked for. @throws BrokerUnavailableError when there is no broker at first; a
   * connection lost later is made anew.
   */
  async capture(options: CaptureOptions = {}): Promise<void> {
    const stop = new AbortController();
    const end = (): void => stop.abort();
    if (options.signal?.aborted) return;
    const { timeout } = options;
    const timer = timeout === undefined ? undefined : setTimeout(end, durationMs(timeout, 'timeout'));
    options.signal?.addEventListener('abort', end, { once: true });
    const most = this.#received + (options.limit ?? Infinity);
    try {
      await this.#keepListening(stop, most);
    } finally {
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', end);
    }
  }

  async #keepListening(stop: AbortController, most: number): Promise<void> {
    const { app } = this.#options;
    const { signal } = stop;
    let failures = -1; // none is forgiven before the first connection
    while (!signal.aborted) {
      try {
        await using connection = await app.connect({ signal });
        await using _ears = await this.#listen(connection, most, stop);
        failures = 0;
        const reason = await Promise.race([connection.closed, aborted(signal)]);
        if (reason)
          this.#logger.warn('Connection to broker lost; listening again soon', { reason: reason.message });
      } catch (error) {
        if (signal.aborted) return;
        if (failures < 0) throw error;
        failures += 1;
        this.#logger.warn('Events can not be received', { error: toError(error).message });
        const waitMs = backoffMs(failures - 1, { firstMs: FIRST_WAIT_MS, maxMs: LONGEST_WAIT_MS });
        await app.clock.sleep(waitMs, { signal }).catch(() => undefined); // the loop looks
      }
    }
  }

  async #listen(connection: Connection, most: number, stop: AbortController): Promise<AsyncDisposable> {
    const { app, onListening } = this.#options;
    const ears = await listenToEvents(connection, {
      app,
      pattern: patternFor(this.#types && [...this.#types]),
      onDelivery: ({ message }) => {
        const { events, malformed } = readEvents(app, message);
        this.#malformed += malformed;
        for (const event of events) {
          if (this.#received >= most) break;
          this.#hand(event);
        }
        if (this.#received >= most) stop.abort();
      },
    });
    try {
      await onListening?.(connection);
    } catch (error) {
      this.#logger.warn('Workers could not be asked for a sign of life', { error: toError(error).message });
    }
    return ears;
  }

  #hand(event: ReceivedEvent): void {
    if (this.#types && !this.#types.has(event.type)) return;
    this.#received += 1;
    const { handlers } = this.#options;
    const handler = Object.hasOwn(handlers, event.type) ? handlers[event.type] : handlers['*'];
    try {
      handler?.(event);
    } catch (error) {
      this.#logger.error('A handler of events threw', { type: event.type, error: toError(error) });
    }
  }
}

function aborted(signal: AbortSignal): Promise<undefined> {
  if (signal.aborted) return Promise.resolve(undefined);
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(undefined), { once: true }));
}

import { BackendUnavailableError, ClosedError, TqError } from '@tq/core';
import type { BrokerAccess, Clock, Delivery, Logger } from '@tq/core';
import { backoffMs, deferred, maskUrl, toError } from '@tq/core/internal';
import type { Deferred } from '@tq/core/internal';

/** Answers that the broker may hand over before they are acknowledged. */
const PREFETCH = 1000;
const CLOSE_MS = 2000;

export interface RepliesOptions {
  readonly broker: BrokerAccess;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly queueLifeMs: number;
  readonly onReply: (delivery: Delivery) => void;
  /** The consumer is gone, or it is there again. */
  readonly onChange: (how: 'lost' | 'regained') => void;
}

/**
 * The one consumer of the reply queue. Opened at the first call that wants an answer, opened again when the connection is
 * lost; the queue outlives the connection, so what is sent meanwhile waits in it.
 */
export class Replies {
  readonly #options: RepliesOptions;
  readonly #stop = new AbortController();
  readonly #stopped = aborted(this.#stop.signal);
  #listening = false;
  #ready: Deferred<void> | undefined;
  #running: Promise<void> | undefined;

  constructor(options: RepliesOptions) {
    this.#options = options;
  }

  /** Whether answers are heard. */
  get listening(): boolean {
    return this.#listening;
  }

  /** Resolves when they are. @throws BackendUnavailableError when the broker can't be reached */
  async ready(): Promise<void> {
    if (this.#listening) return;
    this.#stop.signal.throwIfAborted();
    this.#ready ??= newDeferred();
    this.#running ??= this.#run();
    await this.#ready.promise;
  }

  /** Settles always. */
  async close(): Promise<void> {
    const reason = new ClosedError('The result backend');
    this.#stop.abort(reason);
    this.#ready?.reject(reason);
    await this.#running;
  }

  /** Until the end, or until the very first attempt has failed: then the next call begins anew. */
  async #run(): Promise<void> {
    const { clock, logger, onChange } = this.#options;
    const { signal } = this.#stop;
    let known = false;
    for (let attempt = 0; !signal.aborted; attempt++) {
      try {
        const reason = await this.#listen(() => {
          if (known) onChange('regained');
          known = true;
          attempt = 0;
        });
        if (signal.aborted) break;
        onChange('lost');
        logger.warn('Connection for results lost; reconnecting', {
          reason: maskUrl(reason?.message ?? 'closed'),
        });
      } catch (error) {
        if (signal.aborted) break;
        this.#refuse(error);
        if (!known) break;
        logger.debug('Still no connection for results', { attempt });
      }
      await clock.sleep(backoffMs(attempt, { firstMs: 100, maxMs: 5000 }), { signal }).catch(() => undefined); // the end
    }
    this.#running = undefined;
  }

  /** Listens until the connection is lost. */
  async #listen(onListening: () => void): Promise<Error | undefined> {
    const { broker, onReply, queueLifeMs } = this.#options;
    const { signal } = this.#stop;
    const connection = await broker.connect({ signal });
    try {
      const channel = await connection.openChannel();
      await channel.prefetch(PREFETCH);
      // Unlike Celery's it isn't deleted with its consumer: answers outlast a lost connection. Nobody else declares it.
      await channel.declareQueue({ name: broker.replyTo, arguments: { 'x-expires': queueLifeMs } });
      await channel.consume(broker.replyTo, onReply);
      this.#listening = true;
      this.#ready?.resolve();
      this.#ready = undefined;
      onListening();
      const reason = await Promise.race([connection.closed, this.#stopped]);
      this.#listening = false;
      if (signal.aborted) await this.#leave(() => channel.deleteQueue(broker.replyTo));
      return reason;
    } finally {
      this.#listening = false;
      await connection.close();
    }
  }

  #refuse(error: unknown): void {
    this.#ready?.reject(asFailure(error));
    this.#ready = undefined;
  }

  /** The queue goes with its reader; where that fails, `x-expires` removes it. */
  async #leave(remove: () => Promise<void>): Promise<void> {
    const { clock } = this.#options;
    const done = new AbortController();
    const late = clock.sleep(CLOSE_MS, { signal: done.signal });
    await Promise.race([remove(), late]).catch(() => undefined);
    done.abort();
    await late.catch(() => undefined);
  }
}

/** What the user has to set right stays what it is. */
function asFailure(error: unknown): Error {
  if (error instanceof TqError && error.code !== 'TQ_BROKER_UNAVAILABLE') return error;
  const why = maskUrl(toError(error).message);
  return new BackendUnavailableError(`Can't listen for results at the broker: ${why}`, { cause: error });
}

function newDeferred(): Deferred<void> {
  const made = deferred();
  made.promise.catch(() => undefined); // whoever waits is told
  return made;
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
}

import { BrokerUnavailableError } from '@tq/core';
import type { App, Component, Connection, ConsumerFrozenError, Logger } from '@tq/core';
import { backoffMs, deferred, startAll, toError } from '@tq/core/internal';

/** A connection that looks well and brings nothing. */
export interface Freeze {
  readonly error: ConsumerFrozenError;
  /** Whether it had brought anything before. */
  readonly hasWorked: boolean;
}

export interface ConnectionLoopParts {
  readonly app: App;
  readonly logger: Logger;
  /** The components of one connection, in the order of their start. */
  innerRing(connection: Connection, frozen: (freeze: Freeze) => void): readonly Component[];
  onConnected(connection: Connection): void;
  /** No connection, and no more attempts allowed. */
  onGivenUp(error: Error): void;
}

/** First wait after a lost connection, and the longest: a broker that is back has its workers back within 5 s. */
const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 3000;

/** A frozen connection is built anew so often; when none of those brings anything either, somebody has to look. */
const REBUILDS = 3;

/**
 * Keeps a connection and the components that live on it: connect, start them, wait for the loss, stop them, again.
 */
export class ConnectionLoop implements Component {
  readonly name = 'connection';
  readonly #parts: ConnectionLoopParts;
  readonly #stopping = new AbortController();
  readonly #started = deferred();
  #running: Promise<void> | undefined;

  constructor(parts: ConnectionLoopParts) {
    this.#parts = parts;
    this.#started.promise.catch(() => undefined);
  }

  /** Resolves when the inner ring runs for the first time. */
  start(): Promise<void> {
    this.#running ??= this.#run();
    return this.#started.promise;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { app, logger } = this.#parts;
    let failures = 0;
    let rebuilds = 0;
    for (let connectedOnce = false; !this.#stopping.signal.aborted;) {
      try {
        await using connection = await app.connect({ signal: this.#stopping.signal });
        this.#parts.onConnected(connection);
        const freezing = deferred<Freeze>();
        await using _ring = await startAll(
          this.#parts.innerRing(connection, (freeze) => freezing.resolve(freeze)),
        );
        failures = 0;
        connectedOnce = true;
        this.#started.resolve();
        const ends = [connection.closed, aborted(this.#stopping.signal), freezing.promise];
        const reason = await Promise.race(ends);
        if (isFreeze(reason)) {
          rebuilds = reason.hasWorked ? 1 : rebuilds + 1;
          if (rebuilds > REBUILDS) throw reason.error;
          logger.error(`${reason.error.message} Connecting anew…`, { attempt: rebuilds, of: REBUILDS });
        } else if (reason)
          logger.warn(
            `Connection to broker lost: ${toError(reason).message}. Trying to re-establish the connection…`,
          );
        else if (!this.#stopping.signal.aborted)
          logger.warn('Connection to broker closed. Trying to re-establish the connection…');
      } catch (error) {
        if (this.#stopping.signal.aborted) break;
        if (!this.#mayRetry(error, connectedOnce, ++failures)) return this.#giveUp(error as Error);
        await this.#pause(error, failures);
      }
    }
    this.#started.resolve();
  }

  #mayRetry(error: unknown, connectedOnce: boolean, failures: number): boolean {
    if (!(error instanceof BrokerUnavailableError)) return false;
    const { brokerConnectionRetry, brokerConnectionRetryOnStartup, brokerConnectionMaxRetries } =
      this.#parts.app.config;
    if (!(connectedOnce ? brokerConnectionRetry : brokerConnectionRetryOnStartup)) return false;
    return (
      brokerConnectionMaxRetries === null ||
      brokerConnectionMaxRetries === 0 ||
      failures <= brokerConnectionMaxRetries
    );
  }

  async #pause(error: unknown, failures: number): Promise<void> {
    const wait =
      FIRST_WAIT_MS / 2 + backoffMs(failures - 1, { firstMs: FIRST_WAIT_MS, maxMs: LONGEST_WAIT_MS });
    this.#parts.logger.error(
      `consumer: Cannot connect to the broker: ${toError(error).message}. Trying again in ${(wait / 1000).toFixed(2)} seconds…`,
    );
    await this.#parts.app.clock.sleep(wait, { signal: this.#stopping.signal }).catch(() => undefined);
  }

  #giveUp(error: Error): void {
    this.#started.reject(error);
    this.#parts.onGivenUp(error);
  }
}

function isFreeze(reason: Error | Freeze | undefined): reason is Freeze {
  return reason !== undefined && 'hasWorked' in reason;
}

function aborted(signal: AbortSignal): Promise<undefined> {
  if (signal.aborted) return Promise.resolve(undefined);
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(undefined), { once: true }));
}

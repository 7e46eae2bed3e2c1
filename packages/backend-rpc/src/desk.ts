import { BackendUnavailableError, ClosedError, TqError } from '@tq/core';
import type { BrokerAccess, Channel, Clock, Connection, QueueSpec } from '@tq/core';
import { backoffMs, Lazy, maskUrl, toError } from '@tq/core/internal';

export interface DeskOptions {
  readonly broker: BrokerAccess;
  readonly clock: Clock;
  /** How long what may be done twice is tried again. Milliseconds. */
  readonly timeoutMs: number;
  /** The broker drops a queue of groups and chords that nobody has touched for so long; undefined = never. Milliseconds. */
  readonly queueLifeMs: number | undefined;
  /** What was held on the connection belongs to the broker again. */
  readonly onLost: () => void;
}

/** The connection on which groups and chords are kept: opened when it is first needed, and again when it was lost. */
export class Desk {
  readonly #options: DeskOptions;
  readonly #stop = new AbortController();
  readonly #connection: Lazy<Connection> = new Lazy(() => this.#connect());
  readonly #channel: Lazy<Channel> = new Lazy(() => this.openChannel());

  constructor(options: DeskOptions) {
    this.#options = options;
  }

  /** Every process says the same of a queue, so any of them may come first. */
  queue(name: string): QueueSpec {
    const { queueLifeMs } = this.#options;
    return queueLifeMs === undefined ? { name } : { name, arguments: { 'x-expires': queueLifeMs } };
  }

  /** Messages ready in a queue, which is there afterwards. */
  async ready(channel: Channel, name: string): Promise<number> {
    const { messages } = await channel.declareQueue(this.queue(name));
    return messages;
  }

  /** Does what may be done twice, until it succeeds or the time is over. @throws BackendUnavailableError, ClosedError */
  async again<T>(work: (channel: Channel) => Promise<T>): Promise<T> {
    const { clock, timeoutMs } = this.#options;
    const { signal } = this.#stop;
    const giveUpMs = clock.monotonic() + timeoutMs;
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.#work(work);
      } catch (error) {
        if (signal.aborted || !isOutage(error) || clock.monotonic() >= giveUpMs) throw this.#failure(error);
        await clock
          .sleep(backoffMs(attempt, { firstMs: 50, maxMs: 1000 }), { signal })
          .catch(() => undefined);
      }
    }
  }

  /** Does what must not be done twice. @throws BackendUnavailableError, ClosedError */
  async once<T>(work: (channel: Channel) => Promise<T>): Promise<T> {
    try {
      return await this.#work(work);
    } catch (error) {
      throw this.#failure(error);
    }
  }

  /** A channel of the caller's own. */
  async openChannel(): Promise<Channel> {
    const connection = await this.#connection.get();
    return connection.openChannel();
  }

  /** What is held goes back to its queues. Settles always. */
  async close(): Promise<void> {
    this.#stop.abort(closed());
    this.#forgetChannel();
    const connection = await this.#connection.reset()?.catch(() => undefined);
    await connection?.close();
  }

  async #connect(): Promise<Connection> {
    this.#stop.signal.throwIfAborted();
    const connection = await this.#options.broker.connect({ signal: this.#stop.signal });
    void connection.closed.then(() => {
      void this.#connection.reset(); // it was open, so nobody is to be told
      this.#forgetChannel();
      this.#options.onLost();
    });
    return connection;
  }

  #forgetChannel(): void {
    void this.#channel.reset()?.catch(() => undefined); // whoever asked for it was told
  }

  async #work<T>(work: (channel: Channel) => Promise<T>): Promise<T> {
    this.#stop.signal.throwIfAborted();
    const opening = this.#channel.get();
    const channel = await opening;
    try {
      return await work(channel);
    } catch (error) {
      this.#channel.forget(opening); // a broker closes the channel on which something was refused
      await channel.close();
      throw error;
    }
  }

  #failure(error: unknown): Error {
    if (this.#stop.signal.aborted) return closed();
    if (error instanceof TqError && !isOutage(error)) return error;
    return new BackendUnavailableError(
      `The broker didn't keep what belongs to a group or chord: ${maskUrl(toError(error).message)}`,
      { cause: error },
    );
  }
}

function isOutage(error: unknown): boolean {
  const { code } = error as { readonly code?: unknown };
  return code === 'TQ_BROKER_UNAVAILABLE' || code === 'TQ_CLOSED' || code === 'TQ_PUBLISH';
}

function closed(): ClosedError {
  return new ClosedError('The result backend');
}

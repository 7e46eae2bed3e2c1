import { BrokerUnavailableError, ClosedError, PublishError } from '@tq/core';
import type { Channel, Connection, Delivery, Transport, TransportTraits } from '@tq/core';
import { deferred } from '@tq/core/internal';

/** A transport with a fault injector. Without faults it behaves as the one inside. */
export class FaultyTransport implements Transport {
  readonly traits: TransportTraits;
  readonly #inner: Transport;
  readonly #faults = new Faults();
  readonly #open = new Set<FaultyConnection>();
  #refuse = 0;
  #attempts = 0;

  constructor(inner: Transport) {
    this.#inner = inner;
    this.traits = inner.traits;
  }

  /** How often somebody has tried to connect. */
  get attempts(): number {
    return this.#attempts;
  }

  /** Connections that are open now. */
  get connections(): number {
    return this.#open.size;
  }

  async connect(...args: Parameters<Transport['connect']>): Promise<Connection> {
    this.#attempts += 1;
    if (this.#refuse > 0) {
      this.#refuse -= 1;
      throw new BrokerUnavailableError('The broker refuses connections (injected fault).');
    }
    const connection = new FaultyConnection(await this.#inner.connect(...args), this.#faults);
    this.#open.add(connection);
    void connection.closed.then(() => this.#open.delete(connection));
    return connection;
  }

  /** The next attempts to connect are refused. */
  failConnects(times: number): void {
    this.#refuse = times;
  }

  /** Every open connection is lost now, as seen by its user. Resolves when the broker knows it, too. */
  async loseConnections(): Promise<void> {
    await Promise.all([...this.#open].map((connection) => connection.lose()));
  }

  /** What becomes of a publish: it passes, it is rejected, or it never ends. Nothing but what passes is sent. */
  set publishing(how: 'pass' | 'fail' | 'hang') {
    this.#faults.publishing = how;
  }

  /** Consumers hear nothing, though the connection looks well. What is delivered meanwhile comes with `thaw()`. */
  freeze(): void {
    this.#faults.frozen = true;
  }

  thaw(): void {
    this.#faults.frozen = false;
    for (const deliver of this.#faults.held.splice(0)) deliver();
  }
}

/** The wishes of a test, seen by every channel. */
class Faults {
  publishing: 'pass' | 'fail' | 'hang' = 'pass';
  frozen = false;
  readonly held: (() => void)[] = [];
}

class FaultyConnection implements Connection {
  readonly traits: TransportTraits;
  readonly closed: Promise<Error | undefined>;
  readonly #gone = new AbortController();
  readonly #inner: Connection;
  readonly #faults: Faults;
  readonly #ended = deferred<Error | undefined>();

  constructor(inner: Connection, faults: Faults) {
    this.#inner = inner;
    this.#faults = faults;
    this.traits = inner.traits;
    this.closed = this.#ended.promise;
    void inner.closed.then((reason) => this.#ended.resolve(reason));
  }

  async openChannel(): Promise<Channel> {
    this.#gone.signal.throwIfAborted();
    return faultyChannel(await this.#inner.openChannel(), this.#faults, this.#gone.signal);
  }

  async lose(): Promise<void> {
    const reason = new BrokerUnavailableError('The connection was lost (injected fault).');
    this.#gone.abort(reason);
    this.#ended.resolve(reason);
    await this.#inner.close();
  }

  close(): Promise<void> {
    const closing = this.#inner.close();
    void closing.then(() => this.#gone.abort(new ClosedError('The connection')));
    return closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

function faultyChannel(inner: Channel, faults: Faults, gone: AbortSignal): Channel {
  return {
    declareExchange: (exchange) => inner.declareExchange(exchange),
    declareQueue: (queue) => inner.declareQueue(queue),
    bindQueue: (binding) => inner.bindQueue(binding),
    prefetch: (count) => inner.prefetch(count),
    purgeQueue: (queue) => inner.purgeQueue(queue),
    deleteQueue: (queue) => inner.deleteQueue(queue),
    flush: () => inner.flush(),
    close: () => inner.close(),
    [Symbol.asyncDispose]: () => inner.close(),
    async publish(message, to) {
      gone.throwIfAborted();
      if (faults.publishing === 'hang') return endOf(gone);
      if (faults.publishing === 'fail') throw new PublishError('The broker takes nothing (injected fault).');
      return inner.publish(message, to);
    },
    async consume(queue, onDelivery, options) {
      gone.throwIfAborted();
      const deliver = (delivery: Delivery): void => {
        if (gone.aborted) return;
        if (faults.frozen) faults.held.push(() => deliver(delivery));
        else onDelivery(delivery);
      };
      return inner.consume(queue, deliver, options);
    },
  };
}

/** Rejects with the end of the connection. */
function endOf(gone: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    gone.addEventListener('abort', () => reject(gone.reason as Error), { once: true });
  });
}

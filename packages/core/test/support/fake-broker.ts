import { BrokerUnavailableError } from '@tq/core';
import type { Address, Channel, Connection, ConnectOptions, Message, QueueSpec, Transport } from '@tq/core';
import { deferred } from '@tq/core/internal';
import type { Deferred } from '@tq/core/internal';

export interface Published {
  readonly message: Message;
  readonly to: Address;
}

/** A broker that does as it is told: answers, is down, hangs, loses its links. */
export class FakeBroker {
  readonly published: Published[] = [];
  readonly queues: QueueSpec[] = [];
  readonly exchanges: string[] = [];
  readonly connections: FakeConnection[] = [];
  /** Addresses that somebody tried to reach. */
  readonly tried: string[] = [];
  /** What was given with each. */
  readonly options: ConnectOptions[] = [];
  /** Awaited before a connection is there. */
  onConnect: (url: URL, signal?: AbortSignal) => void | Promise<void> = () => undefined;
  /** Awaited before a message is confirmed. */
  onPublish: (published: Published) => void | Promise<void> = () => undefined;
  /** Awaited before a queue is declared. */
  onDeclare: (queue: QueueSpec) => void | Promise<void> = () => undefined;

  readonly transport: Transport = {
    traits: {
      driver: 'fake',
      eventExchange: 'topic',
      redelivery: 'on-disconnect',
      priorities: 10,
      adjustablePrefetch: true,
      delays: false,
      shared: false,
    },
    connect: async (url, options) => {
      this.tried.push(url.href);
      this.options.push(options);
      await this.onConnect(url, options.signal);
      const connection = new FakeConnection(this);
      this.connections.push(connection);
      return connection;
    },
  };

  get open(): number {
    return this.connections.filter((connection) => !connection.isClosed).length;
  }

  /** Arguments of the calls that came. */
  get calls(): unknown[] {
    return this.published.map(({ message }) => {
      const [args, kwargs] = JSON.parse(Buffer.from(message.body).toString()) as unknown[];
      return [args, kwargs];
    });
  }
}

export class FakeConnection implements Connection {
  readonly traits;
  readonly closed: Promise<Error | undefined>;
  isClosed = false;
  readonly #broker: FakeBroker;
  readonly #ended: Deferred<Error | undefined> = deferred<Error | undefined>();

  constructor(broker: FakeBroker) {
    this.#broker = broker;
    this.traits = broker.transport.traits;
    this.closed = this.#ended.promise;
  }

  async openChannel(): Promise<Channel> {
    const broker = this.#broker;
    const alive = (): void => {
      if (this.isClosed) throw new BrokerUnavailableError('The link is gone.');
    };
    return {
      declareExchange: async ({ name }) => void broker.exchanges.push(name),
      declareQueue: async (queue) => {
        alive();
        await broker.onDeclare(queue);
        broker.queues.push(queue);
        return { name: queue.name, messages: 0, consumers: 0 };
      },
      bindQueue: async () => undefined,
      publish: async (message, to) => {
        alive();
        await broker.onPublish({ message, to });
        alive();
        broker.published.push({ message, to });
      },
      consume: () => Promise.reject(new Error('not here')),
      prefetch: async () => undefined,
      purgeQueue: async () => 0,
      deleteQueue: async () => undefined,
      flush: async () => undefined,
      close: async () => undefined,
      [Symbol.asyncDispose]: async () => undefined,
    };
  }

  /** The link breaks. */
  lose(reason: Error = new BrokerUnavailableError('The plug was pulled.')): void {
    this.isClosed = true;
    this.#ended.resolve(reason);
  }

  async close(): Promise<void> {
    this.isClosed = true;
    this.#ended.resolve(undefined);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

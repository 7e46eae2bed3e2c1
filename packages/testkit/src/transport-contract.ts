import { afterEach, beforeEach, describe } from '@jest/globals';
import { systemClock } from '@tq/core';
import type { Channel, Connection, Transport, TransportTraits } from '@tq/core';
import { uniqueName } from './fixtures.ts';
import { memoryLogger } from './memory-logger.ts';
import type { MemoryLogger } from './memory-logger.ts';
import { transportAcknowledge } from './transport/acknowledge.ts';
import { transportBroadcast } from './transport/broadcast.ts';
import { transportConsume } from './transport/consume.ts';
import { transportDelays } from './transport/delays.ts';
import { transportExchanges } from './transport/exchanges.ts';
import { transportLife } from './transport/life.ts';
import { transportLoss } from './transport/loss.ts';
import { transportPrefetch } from './transport/prefetch.ts';
import { transportPublish } from './transport/publish.ts';
import { transportQueues } from './transport/queues.ts';
import { transportVolume } from './transport/volume.ts';

export interface TransportContractOptions {
  readonly transport: Transport;
  /** Asked once a test; all connections of the test go to what it gives. Queue names are unique in any case. */
  url(): URL | Promise<URL>;
  /** The setting `brokerTransportOptions`. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** Which numbers are more urgent: the larger (AMQP) or the smaller (Redis). @default 'larger' */
  readonly urgent?: 'larger' | 'smaller';
  /**
   * Cuts a connection as a crash of its process would: nothing more gets through, nothing is given back by it. Tests of
   * lost connections are skipped without it.
   */
  sever?(connection: Connection): Promise<void> | void;
  /** When, at the latest, others get what a cut connection held. Milliseconds. @default 10000 */
  readonly redeliveryMs?: number;
  /** An address where nobody answers. */
  readonly unreachable?: URL;
}

/** What a test of the kit works with. */
export interface TransportBench {
  readonly traits: TransportTraits;
  /** Priorities from the least to the most urgent, no two of them in one step. */
  readonly priorities: readonly number[];
  readonly sever: TransportContractOptions['sever'];
  readonly redeliveryMs: number;
  readonly unreachable: URL | undefined;
  readonly logger: MemoryLogger;
  /** One more connection, as another process would have it. */
  connect(url?: URL): Promise<Connection>;
  /** A channel on a connection of its own. */
  channel(): Promise<Channel>;
  /** A name for a queue or an exchange. */
  name(prefix?: string): string;
}

/** What every transport must do. Run it in a test file of the driver's own package. */
export function transportContract(name: string, options: TransportContractOptions): void {
  const opened: Connection[] = [];
  const logger = memoryLogger();
  let url: URL;

  const connect = async (to: URL = url): Promise<Connection> => {
    const connection = await options.transport.connect(to, {
      logger,
      clock: systemClock,
      options: options.options ?? {},
      timeoutMs: 10_000,
    });
    opened.push(connection);
    return connection;
  };
  const bench: TransportBench = {
    traits: options.transport.traits,
    priorities: options.urgent === 'smaller' ? [9, 6, 3, 0] : [0, 3, 6, 9],
    sever: options.sever?.bind(options),
    redeliveryMs: options.redeliveryMs ?? 10_000,
    unreachable: options.unreachable,
    logger,
    connect,
    channel: async () => (await connect()).openChannel(),
    name: (prefix = 'queue') => uniqueName(prefix),
  };

  describe(`${name} as a transport`, () => {
    beforeEach(async () => {
      url = await options.url();
      logger.clear();
    });
    afterEach(async () => {
      for (const connection of opened.splice(0).reverse()) await connection.close();
    });
    transportPublish(bench);
    transportConsume(bench);
    transportPrefetch(bench);
    transportAcknowledge(bench);
    transportExchanges(bench);
    transportBroadcast(bench);
    transportQueues(bench);
    transportDelays(bench);
    transportLife(bench);
    transportLoss(bench);
    transportVolume(bench);
  });
}

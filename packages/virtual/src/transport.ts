import { BrokerUnavailableError, TqError } from '@tq/core';
import type { Connection, ConnectOptions, Logger, Transport, TransportTraits } from '@tq/core';
import { toError } from '@tq/core/internal';
import { VirtualConnection } from './connection.ts';
import type { QueueStore } from './store.ts';

/** Opens a store for one connection; rejects with `BrokerUnavailableError` when it can't. */
export type OpenStore = (url: URL, options: ConnectOptions) => Promise<QueueStore>;

/** Makes a transport of a way to open a queue store. */
export function virtualTransport(
  traits: TransportTraits,
  open: OpenStore,
  more: Pick<Transport, 'place'> = {},
): Transport {
  return {
    ...more,
    traits,
    async connect(url: URL, options: ConnectOptions): Promise<Connection> {
      const { clock, logger } = options;
      const store = await openInTime(open, url, options);
      return new VirtualConnection({ traits, store, clock, logger });
    },
  };
}

async function openInTime(open: OpenStore, url: URL, options: ConnectOptions): Promise<QueueStore> {
  const where = `${url.protocol}//${url.host}${url.pathname}`; // never the password
  const giveUp = new AbortController();
  const signals = options.signal ? [options.signal, giveUp.signal] : [giveUp.signal];
  const late = options.clock.sleep(options.timeoutMs, { signal: AbortSignal.any(signals) }).then(
    () => `no answer in ${options.timeoutMs} ms`,
    () => 'connecting was given up',
  );
  const opening = open(url, options);
  try {
    const first = await Promise.race([opening, late]);
    if (typeof first !== 'string') return first;
    disposeLater(opening, options.logger);
    throw new BrokerUnavailableError(`Can't connect to ${where}: ${first}.`);
  } catch (error) {
    if (error instanceof TqError) throw error;
    throw new BrokerUnavailableError(`Can't connect to ${where}: ${toError(error).message}`, {
      cause: error,
    });
  } finally {
    giveUp.abort();
  }
}

/** A store that opens after nobody waits for it any more is closed at once. */
function disposeLater(opening: Promise<QueueStore>, logger: Logger): void {
  const dispose = async (): Promise<void> => {
    try {
      await (await opening)[Symbol.asyncDispose]();
    } catch (error) {
      logger.debug('A connection that was given up has failed', { error: toError(error).message });
    }
  };
  void dispose(); // never rejects
}

import { silentLogger, systemClock } from '@tq/core';
import type { BrokerAccess, Channel, Connection, Transport } from '@tq/core';
import { Lazy } from '@tq/core/internal';
import { uniqueName } from './fixtures.ts';

/** What an app gives a backend that answers by message, without the app. */
export function brokerThrough(transport: Transport, url: URL): BrokerAccess & AsyncDisposable {
  const connect = (signal?: AbortSignal): Promise<Connection> =>
    transport.connect(url, {
      logger: silentLogger,
      clock: systemClock,
      options: {},
      timeoutMs: 10_000,
      ...(signal && { signal }),
    });
  const publisher = new Lazy(async (): Promise<{ connection: Connection; channel: Channel }> => {
    const connection = await connect();
    return { connection, channel: await connection.openChannel() };
  });
  return {
    replyTo: uniqueName('reply'),
    connect: ({ signal }) => connect(signal),
    publish: async (message, to) => (await publisher.get()).channel.publish(message, to),
    async [Symbol.asyncDispose]() {
      const opened = await publisher.reset()?.catch(() => undefined); // whoever published was told
      await opened?.connection.close();
    },
  };
}

import { systemClock } from '@tq/core';
import type { Channel, Clock, Connection, TransportTraits } from '@tq/core';
import { memoryLogger } from '@tq/testkit';
import type { MemoryLogger } from '@tq/testkit';
import { virtualTransport } from '@tq/virtual';
import { RecordingStore } from './recording-store.ts';

export const traits: TransportTraits = {
  driver: 'recording',
  eventExchange: 'topic',
  redelivery: 'on-disconnect',
  priorities: 1,
  adjustablePrefetch: true,
  delays: false,
  shared: false,
};

export interface Connected {
  readonly store: RecordingStore;
  readonly connection: Connection;
  readonly channel: Channel;
  readonly logger: MemoryLogger;
}

/** A channel over a recording store. */
export async function connected(
  change: {
    readonly clock?: Clock;
    readonly traits?: Partial<TransportTraits>;
    readonly leaseMs?: number;
  } = {},
): Promise<Connected> {
  const store = new RecordingStore();
  store.leaseMs = change.leaseMs ?? store.leaseMs;
  const logger = memoryLogger();
  const transport = virtualTransport({ ...traits, ...change.traits }, async () => store);
  const connection = await transport.connect(new URL('recording://'), {
    logger,
    clock: change.clock ?? systemClock,
    options: {},
    timeoutMs: 1000,
  });
  return { store, connection, logger, channel: await connection.openChannel() };
}

/** The next turn of the event loop. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

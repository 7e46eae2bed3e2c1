import { BrokerUnavailableError } from '@tq/core';
import type { Connection, Transport } from '@tq/core';
import { transportContract, uniqueName } from '@tq/testkit';
import { virtualTransport } from '@tq/virtual';
import { MemoryBroker } from '../src/broker.ts';
import { MemoryStore } from '../src/store.ts';
import { memory, traits } from '../src/transport.ts';

transportContract('memory', { transport: memory, url: () => new URL(`memory://${uniqueName('kit')}`) });

const brokers = new Map<string, MemoryBroker>();
const stores = new Map<Connection, MemoryStore>();
let newest: MemoryStore;

/** The same, with a hand on the plug. */
const open = virtualTransport(traits, async (url, { clock }) => {
  const broker = brokers.get(url.host) ?? new MemoryBroker();
  brokers.set(url.host, broker);
  newest = new MemoryStore({ broker, clock, leaseMs: 60_000 });
  return newest;
});
const pluggable: Transport = {
  traits,
  async connect(url, options) {
    const connection = await open.connect(url, options);
    stores.set(connection, newest);
    return connection;
  },
};

transportContract('memory that can be cut off', {
  transport: pluggable,
  url: () => new URL(`memory://${uniqueName('kit')}`),
  sever: (connection) => stores.get(connection)?.lose(new BrokerUnavailableError('The plug was pulled.')),
});

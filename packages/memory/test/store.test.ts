import { storeContract } from '@tq/testkit';
import { systemClock } from '@tq/core';
import { MemoryBroker } from '../src/broker.ts';
import { MemoryStore } from '../src/store.ts';
import { traits } from '../src/transport.ts';

const brokers = new Map<string, MemoryBroker>();

function brokerNamed(name: string): MemoryBroker {
  const broker = brokers.get(name) ?? new MemoryBroker();
  brokers.set(name, broker);
  return broker;
}

storeContract('memory', {
  traits,
  open: async ({ broker, leaseMs = 60_000 }) =>
    new MemoryStore({ broker: brokerNamed(broker), clock: systemClock, leaseMs }),
});

import type { Transport, TransportTraits } from '@tq/core';
import { virtualTransport } from '@tq/virtual';
import { MemoryBroker } from './broker.ts';
import { MemoryStore } from './store.ts';

export const traits: TransportTraits = {
  driver: 'memory',
  eventExchange: 'topic',
  redelivery: 'on-disconnect',
  priorities: 10,
  adjustablePrefetch: true,
  delays: true,
  shared: false,
};

/** A connection renews what it holds; only one whose event loop is stuck for this long loses it. */
const LEASE_MS = 60_000;

const brokers = new Map<string, MemoryBroker>();

/** A broker in this very process. `memory://name`: equal names reach the same queues. */
export const memory: Transport = virtualTransport(traits, async (url, { clock }) => {
  return new MemoryStore({ broker: brokerOf(nameOf(url)), clock, leaseMs: LEASE_MS });
});

/** Forgets the messages and bindings of one broker, or of all. */
export function resetBrokers(name?: string): void {
  for (const [each, broker] of brokers) if (name === undefined || each === name) broker.clear();
}

export function nameOf(url: URL): string {
  return `${url.host}${url.pathname}`.replace(/\/+$/, '');
}

function brokerOf(name: string): MemoryBroker {
  let broker = brokers.get(name);
  if (!broker) brokers.set(name, (broker = new MemoryBroker()));
  return broker;
}

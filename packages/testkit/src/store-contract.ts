import { afterEach, beforeEach, describe } from '@jest/globals';
import type { TransportTraits } from '@tq/core';
import type { QueueStore } from '@tq/virtual';
import { uniqueName } from './fixtures.ts';
import { storeBindings } from './store/bindings.ts';
import { storeBroadcast } from './store/broadcast.ts';
import { storeDelays } from './store/delays.ts';
import { storeExpiry } from './store/expiry.ts';
import { storeHolds } from './store/holds.ts';
import { storeLeases } from './store/leases.ts';
import { storeLife } from './store/life.ts';
import { storeOrder } from './store/order.ts';
import { storeQueues } from './store/queues.ts';
import { storeVolume } from './store/volume.ts';
import { storeWaiting } from './store/waiting.ts';

export interface StoreContractOptions {
  /**
   * Opens one more connection, as another process would have it. Calls with one `broker` reach the same queues,
   * other names don't. Every test uses a name of its own; the kit disposes what it opened.
   */
  open(where: StoreWhere): Promise<QueueStore>;
  readonly traits: TransportTraits;
  /** Which numbers are more urgent: the larger (AMQP) or the smaller (Redis). @default 'larger' */
  readonly urgent?: 'larger' | 'smaller';
  /** Ends a connection as the death of its process would. By default the kit just stops renewing. */
  vanish?(store: QueueStore): Promise<void> | void;
}

export interface StoreWhere {
  readonly broker: string;
  /** Wanted length of a lease; the kit goes by what the store then says it is. Undefined: the store's own. */
  readonly leaseMs: number | undefined;
}

/** What a test of the kit works with. */
export interface StoreBench {
  readonly traits: TransportTraits;
  /** Priorities from the least to the most urgent, no two of them in one step. */
  readonly priorities: readonly number[];
  open(leaseMs?: number): Promise<QueueStore>;
  vanish(store: QueueStore): Promise<void>;
  /** A name for a queue or an exchange. */
  name(prefix?: string): string;
}

/** What every `QueueStore` must do. Run it in a test file of the store's own package. */
export function storeContract(name: string, options: StoreContractOptions): void {
  const opened: QueueStore[] = [];
  let broker = '';
  const bench: StoreBench = {
    traits: options.traits,
    priorities: options.urgent === 'smaller' ? [9, 6, 3, 0] : [0, 3, 6, 9],
    async open(leaseMs) {
      const store = await options.open({ broker, leaseMs });
      opened.push(store);
      return store;
    },
    async vanish(store) {
      await options.vanish?.(store);
    },
    name: (prefix = 'queue') => uniqueName(prefix),
  };

  describe(`${name} as a queue store`, () => {
    beforeEach(() => {
      broker = uniqueName('kit');
    });
    afterEach(async () => {
      for (const store of opened.splice(0).reverse()) await store[Symbol.asyncDispose]();
    });
    storeOrder(bench);
    storeWaiting(bench);
    storeHolds(bench);
    storeLeases(bench);
    storeDelays(bench);
    storeQueues(bench);
    storeExpiry(bench);
    storeBindings(bench);
    storeBroadcast(bench);
    storeLife(bench);
    storeVolume(bench);
  });
}

import type { Transport } from '@tq/core';
import { virtualTransport } from '@tq/virtual';
import { openStore } from './store.ts';

/** Queues on Redis, as Celery's peers keep them. `redis://`, `rediss://`, `redis+socket://` and `sentinel://`. */
export const redis: Transport = virtualTransport(
  {
    driver: 'redis',
    eventExchange: 'fanout',
    redelivery: 'after-visibility-timeout',
    priorities: 4,
    adjustablePrefetch: true,
    delays: false,
    shared: true,
  },
  openStore,
);

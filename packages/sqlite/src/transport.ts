import type { Transport } from '@tq/core';
import { virtualTransport } from '@tq/virtual';
import { placeOf } from './location.ts';
import { openStore } from './store.ts';

/** Queues in an SQLite file: `sqlite:///abs/path.db`, or `sqlite://` for `.tq/queue.db` in the working directory. */
export const sqlite: Transport = virtualTransport(
  {
    driver: 'sqlite',
    eventExchange: 'topic',
    redelivery: 'after-visibility-timeout',
    priorities: 10,
    adjustablePrefetch: true,
    delays: true,
    shared: true,
  },
  openStore,
  { place: placeOf },
);

import type { Clock, Logger } from '@tq/core';
import { Recurring } from './recurring.ts';
import type { QueueStore } from './store.ts';

export interface LeaseOptions {
  readonly store: QueueStore;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Tells the store, while something is held, that it is; three times a lease, so that one failure costs nothing. */
export function renewing(options: LeaseOptions, held: () => readonly string[]): Recurring {
  const { clock, logger, store } = options;
  return new Recurring({
    everyMs: store.leaseMs / 3,
    clock,
    logger,
    what: 'The leases of held messages could not be renewed',
    async run() {
      const tags = held();
      if (tags.length > 0) await store.renew(tags);
      return tags.length > 0;
    },
  });
}

/** Gives back what other holders lost. Jitter keeps processes that started together apart. */
export function restoring(options: LeaseOptions): Recurring {
  const { clock, logger, store } = options;
  return new Recurring({
    everyMs: (store.leaseMs / 2) * (0.8 + 0.4 * Math.random()),
    clock,
    logger,
    what: 'Messages of lost holders could not be looked for',
    async run() {
      const count = await store.restoreExpired();
      if (count > 0) logger.info('Gave back messages whose holder is gone', { count });
      return true;
    },
  });
}

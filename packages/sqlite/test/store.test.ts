import { silentLogger, systemClock } from '@tq/core';
import type { QueueStore } from '@tq/virtual';
import { storeContract } from '@tq/testkit';
import type { StoreWhere } from '@tq/testkit';
import { Link } from '../src/link.ts';
import { locate } from '../src/location.ts';
import { SqliteStore, openStore } from '../src/store.ts';
import { sqlite } from '../src/transport.ts';
import { fileUrl, keepOpen, testFolder } from './folder.ts';

const folder = testFolder();
const optionsOf = ({ leaseMs }: StoreWhere): Readonly<Record<string, unknown>> =>
  leaseMs === undefined ? {} : { visibility_timeout: leaseMs / 1000 };

const shared = fileUrl(folder);
keepOpen(shared);
storeContract('sqlite, one thread for all connections', {
  traits: sqlite.traits,
  open: (where) =>
    openStore(shared, {
      logger: silentLogger,
      clock: systemClock,
      options: optionsOf(where),
      timeoutMs: 10_000,
    }),
});

/** As if every connection were in a process of its own. */
storeContract('sqlite, a thread for each connection', {
  traits: sqlite.traits,
  async open(where): Promise<QueueStore> {
    const location = locate(fileUrl(folder, where.broker), optionsOf(where));
    const link = new Link({ ...location, timeoutMs: 10_000 });
    await link.opened;
    const share = { link, connection: 1, release: () => link.end() };
    return new SqliteStore({ share, leaseMs: location.leaseMs, logger: silentLogger });
  },
});

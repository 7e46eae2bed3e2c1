import type { Connection, Transport } from '@tq/core';
import { transportContract } from '@tq/testkit';
import { virtualTransport } from '@tq/virtual';
import { Link } from '../src/link.ts';
import { locate } from '../src/location.ts';
import { SqliteStore } from '../src/store.ts';
import { sqlite } from '../src/transport.ts';
import { fileUrl, keepOpen, testFolder } from './folder.ts';

const folder = testFolder();
const shared = fileUrl(folder);

keepOpen(shared);
transportContract('sqlite', {
  transport: sqlite,
  url: () => shared,
  unreachable: new URL('sqlite:///no/such/folder/queue.db'),
});

/** Every connection has a thread of its own, as if it were in another process, and that thread can be killed. */
class SeparateThreads implements Transport {
  readonly traits = sqlite.traits;
  readonly #links = new WeakMap<Connection, Link>();

  async connect(...[url, options]: Parameters<Transport['connect']>): Promise<Connection> {
    const location = locate(url, options.options);
    const link = new Link({ ...location, timeoutMs: options.timeoutMs });
    const opened = virtualTransport(sqlite.traits, async () => {
      await link.opened;
      const share = { link, connection: 1, release: () => link.end() };
      return new SqliteStore({ share, leaseMs: location.leaseMs, logger: options.logger });
    });
    const connection = await opened.connect(url, options);
    this.#links.set(connection, link);
    return connection;
  }

  sever(connection: Connection): void {
    this.#links.get(connection)?.kill();
  }
}

const separate = new SeparateThreads();
transportContract('sqlite, a thread for each connection', {
  transport: separate,
  url: () => fileUrl(folder),
  options: { visibilityTimeout: '1s' },
  sever: (connection) => separate.sever(connection),
});

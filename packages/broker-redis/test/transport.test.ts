import type { Connection, Transport } from '@tq/core';
import { transportContract } from '@tq/testkit';
import { virtualTransport } from '@tq/virtual';
import type { Link } from '../src/link.ts';
import { ownLink } from '../src/links.ts';
import { RedisStore } from '../src/store.ts';
import { redis } from '../src/transport.ts';
import { plainClient, redisUrl, removeKeys } from './server.ts';

const prefix = `transport-${process.pid}:`;
const unreachable = new URL('redis://127.0.0.1:1');

transportContract('redis', {
  transport: redis,
  url: redisUrl,
  urgent: 'smaller',
  options: { globalKeyprefix: prefix },
  unreachable,
});

/** Every connection has a link of its own, as if it were in another process, and that link can be cut. */
class SeparateLinks implements Transport {
  readonly traits = redis.traits;
  readonly #links = new WeakMap<Connection, Link>();

  async connect(...[url, options]: Parameters<Transport['connect']>): Promise<Connection> {
    const opened: Link[] = [];
    const transport = virtualTransport(redis.traits, async () => {
      const own = await ownLink(url, options);
      opened.push(own.share.link);
      return new RedisStore({ ...own, logger: options.logger });
    });
    const connection = await transport.connect(url, options);
    this.#links.set(connection, opened[0]!);
    return connection;
  }

  sever(connection: Connection): void {
    this.#links.get(connection)?.end(new Error('cut by the test'));
  }
}

const separate = new SeparateLinks();
transportContract('redis, a link for each connection', {
  transport: separate,
  url: redisUrl,
  urgent: 'smaller',
  options: { globalKeyprefix: prefix, lease: '1s' },
  sever: (connection) => separate.sever(connection),
  unreachable,
});

afterAll(async () => {
  const client = await plainClient();
  await removeKeys(client, prefix);
  client.disconnect();
});

import type { Connection, Transport } from '@tq/core';
import { serviceUrl, TcpProxy, transportContract } from '@tq/testkit';
import { amqp } from '../src/transport.ts';

/** Every connection goes through a proxy of its own, which can cut it. */
class Severable implements Transport {
  readonly traits = amqp.traits;
  readonly #proxies = new Map<Connection, TcpProxy>();

  async connect(...[url, options]: Parameters<Transport['connect']>): Promise<Connection> {
    if (url.port !== serviceUrl('amqp').port) return amqp.connect(url, options);
    const proxy = await TcpProxy.open(Number(url.port));
    const connection = await amqp.connect(proxy.through(url), options);
    this.#proxies.set(connection, proxy);
    void connection.closed.then(() => proxy.close());
    return connection;
  }

  sever(connection: Connection): void {
    this.#proxies.get(connection)?.cut();
  }
}

const severable = new Severable();
transportContract('amqp', {
  transport: severable,
  url: () => serviceUrl('amqp'),
  unreachable: new URL('amqp://127.0.0.1:1'),
  sever: (connection) => severable.sever(connection),
});

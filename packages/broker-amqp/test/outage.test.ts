import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { BrokerUnavailableError, ImproperlyConfigured } from '@tq/core';
import type { Delivery } from '@tq/core';
import { eventually, message, serviceUrl, startRabbitmq, TcpProxy, uniqueName, within } from '@tq/testkit';
import type { TestServer } from '@tq/testkit';
import { afterwards, open } from './support/open.ts';

/** Through a proxy of the test's own. */
async function proxied(): Promise<TcpProxy> {
  const proxy = await TcpProxy.open(Number(serviceUrl('amqp').port));
  afterwards(() => proxy.close());
  return proxy;
}

describe('a line that swallows everything', () => {
  test('is noticed by asking, long before the heartbeat', async () => {
    const proxy = await proxied();
    const url = proxy.through(serviceUrl('amqp'));
    const connection = await open({ url, options: { probeInterval: '300ms', heartbeat: 600 } });
    const channel = await connection.openChannel();
    const { name } = await channel.declareQueue({ name: uniqueName('hole'), autoDelete: true });
    proxy.blackHole();
    const publishing = channel.publish(message('a'), { exchange: '', routingKey: name });
    const refused = expect(within(publishing, 5000, 'the refusal')).rejects.toBeInstanceOf(
      BrokerUnavailableError,
    );
    const started = performance.now();
    const reason = await within(connection.closed, 5000, 'the end');
    expect(reason).toBeInstanceOf(BrokerUnavailableError);
    expect(performance.now() - started).toBeLessThan(1500);
    await refused;
    await within(connection.close(), 6000, 'close');
  });

  test('is noticed by the heartbeat as well', async () => {
    const proxy = await proxied();
    const connection = await open({
      url: proxy.through(serviceUrl('amqp')),
      options: { probeInterval: 0, heartbeat: 1 },
    });
    proxy.blackHole();
    expect(await within(connection.closed, 8000, 'the end')).toBeInstanceOf(BrokerUnavailableError);
  });

  test('during the greeting is a broker that can’t be reached', async () => {
    const proxy = await proxied();
    proxy.blackHole();
    const connecting = open({ url: proxy.through(serviceUrl('amqp')), timeoutMs: 300 });
    await expect(within(connecting, 2000, 'the refusal')).rejects.toThrow("doesn't answer within 0.3 s");
  });
});

test('a broker that is only idle is left alone', async () => {
  const connection = await open({ options: { probeInterval: '50ms' } });
  await expect(within(connection.closed, 600, 'the end')).rejects.toThrow('Waited');
});

test('a process that is busy for longer than two intervals keeps its connection', async () => {
  const connection = await open({ options: { probeInterval: '50ms' } });
  await expect(within(connection.closed, 120, 'the end')).rejects.toThrow('Waited');
  const until = performance.now() + 400;
  while (performance.now() < until);
  await expect(within(connection.closed, 300, 'the end')).rejects.toThrow('Waited');
  await (await connection.openChannel()).close();
});

test('connecting ends at once when nobody wants it any more', async () => {
  const sockets = new Set<Socket>();
  const silent = createServer((socket) => void sockets.add(socket.on('error', () => undefined)));
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  afterwards(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => silent.close(resolve));
  });
  const stop = new AbortController();
  const { port } = silent.address() as AddressInfo;
  const connecting = open({ url: `amqp://127.0.0.1:${port}`, signal: stop.signal });
  setTimeout(() => stop.abort(new Error('not wanted')), 50);
  await expect(within(connecting, 1000, 'the end')).rejects.toThrow('not wanted');
});

describe('what the broker says to a newcomer', () => {
  const urlOf = (change: (url: URL) => void): URL => {
    const url = serviceUrl('amqp');
    change(url);
    return url;
  };

  test('a wrong password is said to be one, without showing it', async () => {
    const connecting = open({ url: urlOf((url) => (url.password = 'hunter2')) });
    await expect(connecting).rejects.toBeInstanceOf(ImproperlyConfigured);
    await expect(connecting).rejects.toThrow('refuses the user "guest"');
    await expect(connecting).rejects.not.toThrow('hunter2');
  });

  test('a virtual host that isn’t there is said to be missing', async () => {
    const connecting = open({ url: urlOf((url) => (url.pathname = '/no%2Fsuch')) });
    await expect(connecting).rejects.toBeInstanceOf(BrokerUnavailableError);
    await expect(connecting).rejects.toThrow('virtual host "no/such"');
  });

  test('another protocol on its port is a broker that can’t be reached', async () => {
    const http = createServer(
      (socket) =>
        void socket
          .on('error', () => undefined)
          .resume()
          .end('HTTP/1.1 400 Bad\r\n\r\n'),
    );
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    afterwards(() => new Promise((resolve) => http.close(resolve)));
    const { port } = http.address() as AddressInfo;
    await expect(open({ url: `amqp://127.0.0.1:${port}` })).rejects.toBeInstanceOf(BrokerUnavailableError);
  });

  test('pyamqp and the other logins get in, too', async () => {
    const { port } = serviceUrl('amqp');
    for (const url of [
      `pyamqp://guest:guest@127.0.0.1:${port}//`,
      `librabbitmq://127.0.0.1:${port}/%2F?heartbeat=30`,
      `amqp://127.0.0.1:${port}?login_method=AMQPLAIN`,
    ]) {
      const connection = await open({ url });
      await connection.close();
      expect(await connection.closed).toBeUndefined();
    }
  });
});

describe('a broker that is killed', () => {
  let rabbitmq: TestServer;
  beforeAll(async () => {
    rabbitmq = await startRabbitmq();
  }, 60_000);
  afterAll(() => rabbitmq.end());

  test('ends its connections with the reason, and keeps what it has confirmed', async () => {
    const connection = await open({ url: rabbitmq.url });
    const channel = await connection.openChannel();
    await channel.declareQueue({ name: 'durable' });
    const to = { exchange: '', routingKey: 'durable' };
    const confirmed: string[] = [];
    let refused = 0;
    const send = async (text: string): Promise<void> => {
      try {
        await channel.publish(message(text, { deliveryMode: 2 }), to);
        confirmed.push(text);
      } catch (error) {
        expect(error).toBeInstanceOf(BrokerUnavailableError);
        refused += 1;
      }
    };
    const sending: Promise<void>[] = [];
    let killing: Promise<void> | undefined;
    for (let serial = 0; refused === 0; serial++) {
      sending.push(send(`m${serial}`));
      if (serial % 50 === 0) await new Promise(setImmediate);
      if (confirmed.length > 200) killing ??= rabbitmq.kill();
    }
    await killing;
    await Promise.all(sending);
    expect(await within(connection.closed, 5000, 'the end')).toBeInstanceOf(BrokerUnavailableError);
    await expect(open({ url: rabbitmq.url })).rejects.toBeInstanceOf(BrokerUnavailableError);

    await rabbitmq.start();
    const again = await (await open({ url: rabbitmq.url })).openChannel();
    const seen: Delivery[] = [];
    await again.consume('durable', (delivery) => seen.push(delivery));
    const texts = (): Set<string> =>
      new Set(seen.map(({ message: { body } }) => Buffer.from(body).toString()));
    await eventually(() => confirmed.every((text) => texts().has(text)), {
      timeoutMs: 15_000,
      everyMs: 100,
      what: 'all that was confirmed',
    });
  }, 60_000);
});

import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { Socket } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { serviceUrl, startRedis, TcpProxy, within } from '@tq/testkit';

const cleanUp: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const undo of cleanUp.splice(0).reverse()) await undo();
});

/** What the server answers to a line of text. */
async function ask(port: number, line: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  try {
    socket.write(`${line}\r\n`);
    const [data] = (await within(once(socket, 'data'), 500, 'an answer')) as [Buffer];
    return data.toString();
  } finally {
    socket.destroy();
  }
}

describe('a server of a test’s own', () => {
  test('comes back after a kill on the same port, with its data', async () => {
    const redis = await startRedis({ persistent: true });
    cleanUp.push(() => redis.end());
    expect(redis.url.port).toBe(String(redis.port));
    expect(await ask(redis.port, 'SET key 5')).toBe('+OK\r\n');
    await redis.kill();
    await expect(ask(redis.port, 'PING')).rejects.toThrow('ECONNREFUSED');
    await redis.start();
    expect(await ask(redis.port, 'INCR key')).toBe(':6\r\n');
  });

  test('says why it could not start', async () => {
    await expect(startRedis({ config: ['--no-such-setting', '1'] })).rejects.toThrow('no-such-setting');
  });
});

describe('the proxy', () => {
  async function echo(): Promise<number> {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined).pipe(socket);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    cleanUp.push(async () => {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    });
    return (server.address() as { port: number }).port;
  }

  async function opened(): Promise<TcpProxy> {
    const proxy = await TcpProxy.open(await echo());
    cleanUp.push(() => proxy.close());
    return proxy;
  }

  test('passes what it gets', async () => {
    const proxy = await opened();
    expect(await ask(proxy.port, 'hello')).toBe('hello\r\n');
  });

  test('holds back as long as it is told', async () => {
    const proxy = await opened();
    proxy.delayMs = 60;
    const started = performance.now();
    await ask(proxy.port, 'hello');
    expect(performance.now() - started).toBeGreaterThanOrEqual(118);
  });

  test('swallows everything without a word, then works for new connections', async () => {
    const proxy = await opened();
    const socket = connect(proxy.port, '127.0.0.1').on('error', () => undefined);
    const heard: string[] = [];
    socket.on('data', (data) => heard.push(data.toString()));
    socket.write('a');
    await within(once(socket, 'data'), 2000, 'an answer');
    proxy.blackHole();
    socket.write('b');
    expect(await ask(proxy.port, 'c').catch((error: Error) => error.message)).toMatch('Waited');
    expect(heard).toEqual(['a']);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    proxy.heal();
    await within(closed, 2000, 'the end');
    expect(await ask(proxy.port, 'again')).toBe('again\r\n');
  });
});

test('without its variable a service says how to get one', () => {
  const before = process.env['TQ_TEST_REDIS_URL'];
  delete process.env['TQ_TEST_REDIS_URL'];
  try {
    expect(() => serviceUrl('redis')).toThrow('TQ_TEST_REDIS_URL is not set: run the tests with npm test');
  } finally {
    if (before !== undefined) process.env['TQ_TEST_REDIS_URL'] = before;
  }
});

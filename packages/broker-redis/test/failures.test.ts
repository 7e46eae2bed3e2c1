import { setTimeout as delay } from 'node:timers/promises';
import { BrokerUnavailableError, ImproperlyConfigured, PublishError } from '@tq/core';
import { entry, eventually, memoryLogger, numbered, textsOf, within } from '@tq/testkit';
import type { QueueStore } from '@tq/virtual';
import { ownLink } from '../src/links.ts';
import { RedisStore } from '../src/store.ts';
import { redis } from '../src/transport.ts';
import { PrivateRedis, Wire, noServer } from './rig.ts';
import { connectOptions } from './server.ts';

const whenServer = noServer === undefined ? describe : describe.skip;
const opened: AsyncDisposable[] = [];

function keep<T extends AsyncDisposable>(thing: T): T {
  opened.push(thing);
  return thing;
}

async function open(url: URL, options: Readonly<Record<string, unknown>> = {}): Promise<QueueStore> {
  const given = connectOptions(options);
  return keep(new RedisStore({ ...(await ownLink(url, given)), logger: given.logger }));
}

const signal = (ms = 5000): AbortSignal => AbortSignal.timeout(ms);

afterEach(async () => {
  for (const thing of opened.splice(0).reverse()) await thing[Symbol.asyncDispose]();
});

whenServer(`failures of the server${noServer === undefined ? '' : ` (${noServer})`}`, () => {
  test('a server that dies ends the store with the reason, and what it had taken is there when it is back', async () => {
    const server = keep(await PrivateRedis.start());
    const store = await open(server.url, { lease: 0.5 });
    await store.put([entry('q', 'a'), entry('q', 'b')]);
    const [held] = await store.take(['q'], { max: 1, signal: signal() });
    const waiting = store.take(['empty'], { max: 1, signal: signal(30_000) });
    waiting.catch(() => undefined);
    await server.kill();
    expect(await within(store.closed, 2000, 'closed')).toBeInstanceOf(BrokerUnavailableError);
    await expect(within(waiting, 2000, 'the take')).rejects.toBeInstanceOf(BrokerUnavailableError);
    await expect(store.put([entry('q', 'c')])).rejects.toBeInstanceOf(BrokerUnavailableError);
    await expect(open(server.url)).rejects.toBeInstanceOf(BrokerUnavailableError);
    await server.start();
    const again = await open(server.url, { lease: 0.5 });
    await eventually(() => again.restoreExpired(), { what: 'the message that was held' });
    expect(textsOf(await again.take(['q'], { max: 2, signal: signal() }))).toEqual(['a', 'b']);
    await expect(store.settle([held!.tag], 'done')).rejects.toBeInstanceOf(BrokerUnavailableError);
  });

  test('a server that stops answering is found out in bounded time, while waiting and while sending', async () => {
    const server = keep(await PrivateRedis.start());
    for (const busy of [false, true]) {
      const wire = keep(await Wire.to(server.url));
      const store = await open(wire.through(server.url), { socket_timeout: 1 });
      const waiting = store.take(['q'], { max: 1, signal: signal(30_000) });
      waiting.catch(() => undefined);
      await store.size('q');
      wire.swallow();
      const sending = busy ? store.put([entry('other', 'a')]) : undefined;
      sending?.catch(() => undefined);
      expect(await within(store.closed, 3000, 'closed')).toMatchObject({
        message: expect.stringContaining('no answer in 1000 ms'),
      });
      await expect(waiting).rejects.toBeInstanceOf(BrokerUnavailableError);
      if (sending) await expect(sending).rejects.toBeInstanceOf(BrokerUnavailableError);
    }
  });

  test('a server that takes a connection and never answers is given up in time, and asked anew later', async () => {
    const server = keep(await PrivateRedis.start());
    const wire = keep(await Wire.to(server.url));
    const url = new URL(`redis://:secret@127.0.0.1:${wire.port}/1`);
    wire.swallow();
    const given = { ...connectOptions(), timeoutMs: 500 };
    for (let round = 0; round < 2; round++)
      await expect(within(redis.connect(url, given), 2000, 'the refusal')).rejects.toBeInstanceOf(
        BrokerUnavailableError,
      );
    await within(
      ownLink(url, given).catch(() => undefined),
      2000,
      'the end of the attempt',
    );
  });

  test('either connection that is cut ends the store', async () => {
    const server = keep(await PrivateRedis.start());
    for (const name of ['tq', 'tq-news']) {
      const store = await open(server.url);
      const waiting = store.take(['q'], { max: 1, signal: signal(30_000) });
      waiting.catch(() => undefined);
      const id = await eventually(async () => {
        const list = String(await server.ask('CLIENT', 'LIST'));
        return new RegExp(`^id=(\\d+) .* name=${name} `, 'm').exec(list)?.[1];
      });
      await server.ask('CLIENT', 'KILL', 'ID', id);
      expect(await within(store.closed, 2000, 'closed')).toBeInstanceOf(BrokerUnavailableError);
      await expect(waiting).rejects.toBeInstanceOf(BrokerUnavailableError);
    }
  });

  test('scripts that the server has forgotten are sent again', async () => {
    const server = keep(await PrivateRedis.start());
    const store = await open(server.url);
    for (const text of numbered(3)) {
      await store.put([entry('q', text)]);
      expect(await server.ask('SCRIPT', 'FLUSH')).toBe('OK');
      const [taken] = await store.take(['q'], { max: 1, signal: signal() });
      await server.ask('SCRIPT', 'FLUSH');
      await store.renew([taken!.tag]);
      await server.ask('SCRIPT', 'FLUSH');
      await store.settle([taken!.tag], 'requeue');
      await store.purge('q');
    }
  });

  test('an emptied database is as a lost connection for those who have bound something, and wakes the others', async () => {
    const server = keep(await PrivateRedis.start());
    const [bound, free] = [await open(server.url), await open(server.url)];
    await bound.bind({ exchange: 'ex', queue: 'q', routingKey: 'k', type: 'direct' });
    const takes = [bound, free].map((store) => store.take(['q'], { max: 1, signal: signal(10_000) }));
    for (const take of takes) take.catch(() => undefined);
    await eventually(async () => /tq-news/.test(String(await server.ask('CLIENT', 'LIST'))));
    await delay(100); // until both wait: nothing outside shows it
    await server.ask('FLUSHDB');
    expect(await within(bound.closed, 2000, 'closed')).toBeInstanceOf(BrokerUnavailableError);
    await free.put([entry('q', 'a')]);
    expect(textsOf(await takes[1]!)).toEqual(['a']);
  });

  test('a server without memory refuses a message with an error of its own, and the connection lives on', async () => {
    const server = keep(await PrivateRedis.start());
    const store = await open(server.url);
    await server.ask('CONFIG', 'SET', 'maxmemory', 1);
    for (const entries of [[entry('q', 'a')], [entry('q', 'a'), entry('r', 'b')]]) {
      const failure = await store.put(entries).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(PublishError);
      expect(String(failure)).toMatch(/OOM|maxmemory/);
    }
    await server.ask('CONFIG', 'SET', 'maxmemory', 0);
    await store.put([entry('q', 'a')]);
    expect(await store.size('q')).toBe(1);
  });

  test('a server that has become a replica ends the store, and is refused', async () => {
    const server = keep(await PrivateRedis.start());
    const store = await open(server.url);
    await server.ask('REPLICAOF', '127.0.0.1', 1);
    await expect(store.put([entry('q', 'a')])).rejects.toBeInstanceOf(BrokerUnavailableError);
    expect(await within(store.closed, 2000, 'closed')).toBeInstanceOf(BrokerUnavailableError);
    await expect(open(server.url)).rejects.toThrow('is a replica');
    await server.ask('REPLICAOF', 'NO', 'ONE');
    await (await open(server.url)).put([entry('q', 'a')]);
  });

  test('a server that throws keys away is refused with the command that ends it', async () => {
    const server = keep(await PrivateRedis.start('--maxmemory-policy', 'allkeys-lru'));
    const refused = open(server.url);
    await expect(refused).rejects.toBeInstanceOf(ImproperlyConfigured);
    await expect(refused).rejects.toThrow('CONFIG SET maxmemory-policy noeviction');
    await (await open(server.url, { allow_eviction: true })).put([entry('q', 'a')]);
    await server.ask('CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
    await open(server.url);
  });

  test('a server that keeps nothing on disk is told of once, with the command that ends it', async () => {
    const server = keep(await PrivateRedis.start('--appendonly', 'no'));
    const tell = async (options: Readonly<Record<string, unknown>> = {}): Promise<readonly string[]> => {
      const logger = memoryLogger();
      const given = { ...connectOptions(options), logger };
      keep(new RedisStore({ ...(await ownLink(server.url, given)), logger }));
      return logger.lines.filter((line) => line.level === 'warn').map((line) => line.message);
    };
    expect(await tell({ allow_volatile: true })).toEqual([]);
    await server.ask('CONFIG', 'SET', 'save', '3600 1');
    expect(await tell()).toEqual([]);
    await server.ask('CONFIG', 'SET', 'save', '');
    expect(await tell()).toEqual([
      expect.stringMatching(/every task that waits or runs is lost.*CONFIG SET appendonly yes/),
    ]);
    expect(await tell()).toEqual([]);
  });

  test('a server that says nothing of its snapshots is not told of', async () => {
    const server = keep(await PrivateRedis.start('--appendonly', 'no'));
    await server.ask('ACL', 'SETUSER', 'default', '-config');
    const logger = memoryLogger();
    keep(new RedisStore({ ...(await ownLink(server.url, { ...connectOptions(), logger })), logger }));
    expect(logger.lines).toEqual([]);
  });

  test('a wrong password and a database that there isn’t are told of', async () => {
    const server = keep(await PrivateRedis.start());
    await server.ask('ACL', 'SETUSER', 'app', 'on', '>hush', '~*', '&*', '+@all');
    await server.ask('CONFIG', 'SET', 'requirepass', 'secret');
    const as = (user: string, password: string, db = 0): URL =>
      new URL(`redis://${user}:${password}@127.0.0.1:${server.port}/${db}`);
    for (const url of [as('', 'wrong'), server.url]) {
      const failure = await open(url).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(BrokerUnavailableError);
      expect(String(failure)).toMatch(/WRONGPASS|NOAUTH/);
      expect(String(failure)).not.toContain('wrong@');
    }
    await expect(open(as('', 'secret', 99))).rejects.toThrow('DB index is out of range');
    await (await open(as('app', 'hush', 3))).put([entry('q', 'a')]);
    await (await open(as('', 'secret', 3))).put([entry('q', 'a')]);
    const credentialProvider = async () => ({ username: 'app', password: 'hush' });
    await (await open(server.url, { credentialProvider })).put([entry('q', 'a')]);
  }, 60_000);

  test('where the server may not tell of changes, tq looks for messages by itself', async () => {
    const server = keep(await PrivateRedis.start());
    await server.ask('ACL', 'SETUSER', 'app', 'on', '>hush', '~*', '&*', '+@all', '-client|tracking');
    const logger = memoryLogger();
    const given = { ...connectOptions(), logger };
    const url = new URL(`redis://app:hush@127.0.0.1:${server.port}/0`);
    const store = keep(new RedisStore({ ...(await ownLink(url, given)), logger }));
    const waiting = store.take(['q'], { max: 1, signal: signal(10_000) });
    await delay(300);
    await store.put([entry('q', 'a')]);
    expect(textsOf(await waiting)).toEqual(['a']);
    expect(logger.find('warn', 'CLIENT TRACKING')).toHaveLength(1);
  });

  test('a socket of Unix and a Cluster are servers like others', async () => {
    const server = keep(await PrivateRedis.start('--cluster-enabled', 'yes', '--unixsocket', 'redis.sock'));
    await server.ask('CLUSTER', 'ADDSLOTSRANGE', 0, 16_383);
    await eventually(async () => /cluster_state:ok/.test(String(await server.ask('CLUSTER', 'INFO'))), {
      timeoutMs: 10_000,
      what: 'the Cluster',
    });
    const options = { global_keyprefix: '{tq}:' };
    const [byCluster, bySocket] = [
      await open(server.url, { ...options, cluster: true }),
      await open(new URL(`redis+socket://${server.folder}/redis.sock`), options),
    ];
    await byCluster.bind({ exchange: 'ex', queue: 'q', routingKey: 'k', type: 'direct' });
    await byCluster.put([entry('q', 'a'), entry('q', 'b', { priority: 9 }), entry('r', 'c')]);
    const taken = await bySocket.take(['q', 'r'], { max: 3, signal: signal() });
    expect(textsOf(taken)).toEqual(['a', 'c', 'b']);
    await bySocket.settle([taken[0]!.tag], 'requeue');
    await byCluster.drop('q');
    expect(await byCluster.size('q')).toBe(0);
  });

  test('a process has two connections, however many queues, channels and connections it opens', async () => {
    const server = keep(await PrivateRedis.start());
    const connections = await Promise.all(
      Array.from({ length: 5 }, () => redis.connect(server.url, connectOptions())),
    );
    for (const connection of connections) {
      keep(connection);
      const channel = await connection.openChannel();
      for (const queue of numbered(20, 'q')) {
        await channel.declareQueue({ name: queue });
        await channel.consume(queue, (delivery) => delivery.ack());
      }
    }
    await eventually(async () => /tq-news/.test(String(await server.ask('CLIENT', 'LIST'))));
    const list = String(await server.ask('CLIENT', 'LIST'));
    expect(list.match(/ name=tq(-news)? /g)).toHaveLength(2);
  });

  test('an idle consumer of many queues says less than one thing a second', async () => {
    const server = keep(await PrivateRedis.start());
    const connection = keep(await redis.connect(server.url, connectOptions()));
    const channel = await connection.openChannel();
    for (const queue of numbered(50, 'q')) await channel.consume(queue, (delivery) => delivery.ack());
    await delay(500);
    await server.ask('CONFIG', 'RESETSTAT');
    await delay(12_000);
    const stats = String(await server.ask('INFO', 'commandstats'));
    const calls = (name: string): number =>
      Number(new RegExp(`^cmdstat_${name}:calls=(\\d+)`, 'm').exec(stats)?.[1] ?? 0);
    const said = calls('evalsha') + calls('eval') + calls('ping') + calls('set');
    expect(said).toBeGreaterThan(0);
    expect(said).toBeLessThanOrEqual(12);
  });
});

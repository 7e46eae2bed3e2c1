// Broker and results behind Redis Sentinel: when the master dies, its replica takes over, and everybody follows.
import { connect } from 'node:net';
import { createApp } from '@tq/core';
import { eventually, startRedis, startSentinel } from '@tq/testkit';
import type { TestServer } from '@tq/testkit';
import { Ledger } from './support/ledger.ts';
import { Workplace } from './support/worker-process.ts';

const OPTIONS = { master_name: 'tq' };
/** Sentinel notices after half a second, elects, and tells. */
const FAILOVER_MS = 20_000;

const servers: TestServer[] = [];

afterEach(async () => {
  for (const server of servers.splice(0).reverse()) await server.end();
});

async function keep(starting: Promise<TestServer>): Promise<TestServer> {
  const server = await starting;
  servers.push(server);
  return server;
}

/** What the server answers, two lines of it. */
async function ask(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1').setEncoding('utf8');
  try {
    socket.write(text);
    let answer = '';
    for await (const part of socket as AsyncIterable<string>) {
      answer += part;
      if (answer.split('\r\n').length > 2) break;
    }
    return answer;
  } finally {
    socket.destroy();
  }
}

test('worker, client and results follow the master, and what waited is done', async () => {
  const master = await keep(startRedis({ persistent: true, config: ['--repl-diskless-sync-delay', '0'] }));
  const following = ['--replicaof', `127.0.0.1 ${master.port}`];
  await keep(startRedis({ persistent: true, config: following }));
  const sentinel = await keep(startSentinel({ watches: master.port }));
  const url = `${sentinel.url.href}/0`;
  using place = new Workplace({
    fixture: 'outage',
    broker: url,
    env: {
      TRANSPORT_OPTIONS: JSON.stringify({ ...OPTIONS, lease: 2 }),
      BACKEND_OPTIONS: JSON.stringify(OPTIONS),
    },
  });
  const worker = await place.worker('-P', 'threads', '-c', '2').ready();
  const app = createApp('client', {
    broker: url,
    backend: url,
    conf: { brokerTransportOptions: OPTIONS, resultBackendTransportOptions: OPTIONS },
  });
  const ledger = new Ledger(place.ledgerFile);
  const echo = async (value: string): Promise<unknown> =>
    (await app.sendTask('outage.echo', [value])).get({ timeout: '10s' });
  try {
    expect(await echo('before')).toBe('before');
    await app.sendTask('outage.nap', ['held', 3000]);
    await app.sendTask('outage.note', ['waits'], { countdown: 3 });
    await app.sendTask('outage.note', ['replicated']);
    await eventually(() => ledger.runs().has('replicated'), { timeoutMs: 10_000, what: 'the worker' });

    // Replication isn't waited for by anybody else: what a master has not passed on dies with it.
    expect(await ask(master.port, 'SET marker 1\r\nWAIT 1 10000\r\n')).toBe('+OK\r\n:1\r\n');
    await master.kill();
    await eventually(async () => (await echo('after').catch(() => undefined)) === 'after', {
      timeoutMs: FAILOVER_MS,
      everyMs: 100,
      what: 'the replica to be the master',
    });
    await eventually(() => ['held', 'waits'].every((words) => ledger.runs().has(words)), {
      timeoutMs: 15_000,
      what: 'what the former master had',
    });
    expect(worker.output).toContain('Connection to broker lost');
    expect(worker.output).not.toMatch(/unhandled|uncaught/i);
    worker.child.kill('SIGTERM');
    expect(await worker.exited).toBe(0);
  } finally {
    await app.close();
  }
}, 90_000);

test('a sentinel that knows no such master is told of by its name', async () => {
  const master = await keep(startRedis());
  const sentinel = await keep(startSentinel({ watches: master.port }));
  const app = createApp('client', {
    broker: sentinel.url.href,
    conf: { brokerTransportOptions: { master_name: 'nobody' } },
  });
  await expect(app.sendTask('proj.add', [2, 2])).rejects.toThrow(/nobody|unreachable/);
  await app.close();
});

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';
import type { Message } from '@tq/core';
import { eventually, uniqueName } from '@tq/testkit';
import type { QueueStore } from '@tq/virtual';
import type { Redis } from 'ioredis';
import { openStore } from '../src/store.ts';
import { connectOptions, plainClient, redisUrl, removeKeys } from './server.ts';

const PYTHON = process.env['TQ_TEST_PYTHON'] ?? 'python3';
const noCelery = spawnSync(PYTHON, ['-c', 'import celery, redis']).status !== 0;
const why = noCelery
  ? ` (skipped: ${PYTHON} has no Celery with Redis; name one that has in TQ_TEST_PYTHON)`
  : '';
const whenCelery = noCelery ? describe.skip : describe;

let prefix: string;
let client: Redis;
const stores: QueueStore[] = [];

async function open(options: Readonly<Record<string, unknown>> = {}): Promise<QueueStore> {
  const store = await openStore(redisUrl(), connectOptions({ global_keyprefix: prefix, ...options }));
  stores.push(store);
  return store;
}

interface Peer {
  readonly lines: unknown[];
  readonly ended: Promise<unknown>;
}

function start(
  verb: string,
  args: readonly unknown[],
  options: Readonly<Record<string, unknown>> = {},
): Peer {
  const file = fileURLToPath(new URL('peer.py', import.meta.url));
  const given = JSON.stringify({ global_keyprefix: prefix, ...options });
  const child = spawn(PYTHON, [file, verb, redisUrl().href, given, JSON.stringify(args)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 30_000,
  });
  let [output, errors] = ['', ''];
  const lines: unknown[] = [];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    lines.splice(
      0,
      lines.length,
      ...output
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as unknown),
    );
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const ended = once(child, 'close').then(([code]) => {
    if (lines.length === 0) throw new Error(`The peer ended with ${code}: ${errors}`);
    return lines.at(-1);
  });
  ended.catch(() => undefined); // it is awaited where it matters
  return { lines, ended };
}

const peer = (...args: Parameters<typeof start>): Promise<unknown> => start(...args).ended;

function task(id: string, args: readonly unknown[]): Message {
  return {
    body: Buffer.from(
      JSON.stringify([args, {}, { callbacks: null, errbacks: null, chain: null, chord: null }]),
    ),
    headers: { task: 'proj.add', id, lang: 'js' },
    properties: {
      contentType: 'application/json',
      contentEncoding: 'utf-8',
      correlationId: id,
      deliveryMode: 2,
      priority: 3,
    },
  };
}

const signal = (): AbortSignal => AbortSignal.timeout(10_000);

beforeEach(async () => {
  prefix = `${uniqueName('python')}:`;
  client = await plainClient();
});
afterEach(async () => {
  for (const store of stores.splice(0)) await store[Symbol.asyncDispose]();
  await removeKeys(client, prefix);
  client.disconnect();
});

whenCelery(`a Celery peer${why}`, () => {
  test('what Celery sends is taken and acknowledged', async () => {
    const store = await open();
    const waiting = store.take(['work'], { max: 1, signal: signal() });
    const ids = (await peer('send', ['work', 5, 6])) as string[];
    const taken = [...(await waiting)];
    while (taken.length < 5) taken.push(...(await store.take(['work'], { max: 5, signal: signal() })));
    expect(taken.map((each) => each.envelope.message.headers['id'])).toEqual(ids);
    expect(taken[0]!.envelope.message.properties).toMatchObject({
      contentType: 'application/json',
      priority: 6,
    });
    await store.settle(
      taken.map((each) => each.tag),
      'done',
    );
    expect(
      await client.exists(`${prefix}unacked`, `${prefix}unacked_index`, `${prefix}unacked_index.tq`),
    ).toBe(0);
  });

  test('what tq puts is taken by kombu', async () => {
    const store = await open();
    await store.put(
      ['a', 'b'].map((id) => ({
        queue: 'work',
        envelope: { message: task(id, [1, 2]), exchange: '', routingKey: 'work' },
      })),
    );
    const seen = (await peer('take', ['work', 2])) as Record<string, Record<string, unknown>>[];
    expect(seen).toMatchObject(
      ['a', 'b'].map((id) => ({
        headers: { task: 'proj.add', id },
        properties: { correlation_id: id, priority: 3, body_encoding: 'base64' },
        delivery_info: { exchange: '', routing_key: 'work' },
      })),
    );
    expect(seen[0]!['body']).toMatchObject([[1, 2], {}, {}]);
  });

  test('what tq gives back is taken by kombu, marked redelivered', async () => {
    const store = await open();
    await peer('send', ['work', 1, 0]);
    const [taken] = await store.take(['work'], { max: 1, signal: signal() });
    await store.settle([taken!.tag], 'requeue');
    expect(await peer('take', ['work', 1])).toMatchObject([
      { headers: { redelivered: true }, delivery_info: { redelivered: true } },
    ]);
  });

  test('what a dead kombu held comes back to tq after the visibility timeout, and not before', async () => {
    const store = await open({ visibility_timeout: 3 });
    await peer('send', ['work', 1, 3]);
    await peer('hold', ['work', 1]);
    expect(await store.restoreExpired()).toBe(0);
    await eventually(() => store.restoreExpired(), {
      timeoutMs: 8000,
      everyMs: 100,
      what: 'the visibility timeout',
    });
    const [taken] = await store.take(['work'], { max: 1, signal: signal() });
    expect(taken).toMatchObject({ redelivered: true, deliveries: 2 });
  });

  test('kombu leaves alone what a live tq holds, and gives back what a dead one held', async () => {
    const store = await open({ visibility_timeout: 2 });
    await peer('send', ['work', 2, 0]);
    const taken = [...(await store.take(['work'], { max: 2, signal: signal() }))];
    while (taken.length < 2) taken.push(...(await store.take(['work'], { max: 1, signal: signal() })));
    const watching = peer('restore', [5], { visibility_timeout: 2 });
    const [kept] = taken;
    const stop = new AbortController();
    const renewing = (async () => {
      while (!stop.signal.aborted) {
        await store.renew([kept!.tag]);
        await delay(store.leaseMs / 3);
      }
    })();
    await watching;
    stop.abort();
    await renewing;
    expect(await store.size('work')).toBe(1);
    expect(await client.hkeys(`${prefix}unacked`)).toEqual([kept!.tag]);
  });

  test('broadcasts are heard on both sides', async () => {
    const store = await open();
    const heard: unknown[] = [];
    await store.listen('shouts', 'worker.#', ({ message }) =>
      heard.push(JSON.parse(Buffer.from(message.body).toString())),
    );
    await peer('shout', ['shouts', 'worker.online', { from: 'python' }]);
    await eventually(() => heard.length > 0, { what: "Python's broadcast" });
    expect(heard).toEqual([{ from: 'python' }]);

    const listener = start('hear', ['shouts', 'worker.#']);
    await eventually(() => listener.lines[0] === 'listening', {
      timeoutMs: 10_000,
      what: 'the peer to listen',
    });
    const message = { ...task('x', []), body: Buffer.from('{"from":"tq"}') };
    // Its subscription is on the way when it says so.
    const shouting = setInterval(
      () =>
        void store.broadcast('shouts', 'worker.online', {
          message,
          exchange: 'shouts',
          routingKey: 'worker.online',
        }),
      100,
    );
    try {
      expect(((await listener.ended) as unknown[])[0]).toEqual({ from: 'tq' });
    } finally {
      clearInterval(shouting);
    }
  });

  test('what Python clears of bindings of queues that expired leaves those that stay, and those in use', async () => {
    const store = await open();
    await store.declare('lasting');
    await store.declare('used', 60_000);
    for (const queue of ['lasting', 'used'])
      await store.bind({ exchange: 'x', queue, routingKey: 'k', type: 'direct' });
    const swept = await peer('expire', ['x', 'theirs', 'k']);
    const queues = (await store.bindings('x')).map((each) => each.queue);
    expect(queues).toEqual(expect.arrayContaining(['lasting', 'used']));
    if (swept !== null) expect(swept).toBe(0); // the exchange is kept as long as what is used there
    await client.zadd(`${prefix}_kombu.binding_deadlines`, 1, 'x');
    if ((await peer('expire', ['y', 'theirs', 'k'])) === null) return; // a kombu that never clears
    expect((await store.bindings('x')).map((each) => each.queue)).toContain('lasting');
  });
});

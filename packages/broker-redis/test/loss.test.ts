import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { entries, entry, eventually, numbered, textOf, uniqueName } from '@tq/testkit';
import type { QueueStore } from '@tq/virtual';
import type { Redis } from 'ioredis';
import { ownLink } from '../src/links.ts';
import { RedisStore } from '../src/store.ts';
import { Wire } from './rig.ts';
import { connectOptions, plainClient, redisUrl, removeKeys } from './server.ts';

const LEASE_S = 0.3;
let prefix: string;
let client: Redis;
const opened: AsyncDisposable[] = [];

async function open(url: URL = redisUrl()): Promise<QueueStore> {
  const given = connectOptions({ global_keyprefix: prefix, lease: LEASE_S });
  const store = new RedisStore({ ...(await ownLink(url, given)), logger: given.logger });
  opened.push(store);
  return store;
}

/** Everything that is left, once leases have passed. */
async function rest(store: QueueStore, count: number): Promise<string[]> {
  const texts: string[] = [];
  await eventually(
    async () => {
      await store.restoreExpired();
      const taken = await store.take(['q'], { max: 1000, signal: AbortSignal.timeout(50) });
      texts.push(...taken.map((each) => textOf(each.envelope)));
      await store.settle(
        taken.map((each) => each.tag),
        'done',
      );
      return texts.length >= count;
    },
    { timeoutMs: 5000, what: `${count} messages to come back` },
  );
  return texts;
}

async function nothingLeft(): Promise<boolean> {
  return (await client.keys(`${prefix}*`)).length === 0;
}

beforeEach(async () => {
  prefix = `${uniqueName('loss')}:`;
  client = await plainClient();
});
afterEach(async () => {
  for (const each of opened.splice(0).reverse()) await each[Symbol.asyncDispose]();
  await removeKeys(client, prefix);
  client.disconnect();
});

/** Where a holder may die between the pop and the end of the acknowledgement. */
const STEPS: readonly {
  readonly name: string;
  readonly lost: number;
  readonly arm: (wire: Wire) => void;
}[] = [
  { name: 'before its script has arrived', lost: 5, arm: (wire) => wire.swallow() },
  {
    name: 'after the script has run, before it hears of it',
    lost: 5,
    arm: (wire) => (wire.onRequest = (data) => data.includes('EVALSHA')),
  },
  {
    name: 'when the answer is on its way',
    lost: 5,
    arm: (wire) => (wire.onAnswer = (data) => data.includes('delivery_tag')),
  },
  {
    name: 'with the messages in its hands',
    lost: 5,
    arm: (wire) => (wire.onRequest = (data) => (data.includes('HDEL') ? (wire.cut(), true) : false)),
  },
  {
    name: 'after it has acknowledged, before it hears of it',
    lost: 0,
    arm: (wire) => (wire.onAnswer = () => false),
  },
];

test.each(STEPS)('a holder that dies $name loses nothing', async ({ arm, name, lost }) => {
  const keeper = await open();
  for (let round = 0; round < 5; round++) {
    const wire = await Wire.to(redisUrl());
    const store = await open(wire.through(redisUrl()));
    await store.renew([]);
    await keeper.put(entries('q', numbered(5)));
    // Scripts are known, and the second connection is there, before it counts.
    await store.take(['none'], { max: 1, signal: AbortSignal.timeout(20) });
    const afterAck = name.startsWith('after it has');
    arm(wire);
    const working = (async () => {
      const taken = await store.take(['q'], { max: 5, signal: AbortSignal.timeout(500) });
      if (afterAck) wire.onRequest = (data) => data.includes('HDEL');
      await store.settle(
        taken.map((each) => each.tag),
        'done',
      );
    })();
    await Promise.race([working.catch(() => undefined), delay(700)]);
    await wire[Symbol.asyncDispose]();
    await working.catch(() => undefined);
    expect((await rest(keeper, lost)).toSorted()).toEqual(numbered(lost));
    expect(await keeper.size('q')).toBe(0);
    await eventually(async () => {
      await keeper.restoreExpired();
      return nothingLeft();
    });
  }
});

test('workers that are killed at any moment lose nothing', async () => {
  const keeper = await open();
  const texts = numbered(4000);
  for (let start = 0; start < texts.length; start += 500)
    await keeper.put(texts.slice(start, start + 500).map((text) => entry('q', text)));
  const done = new Set<string>();
  const announced = new Set<string>();
  const options = JSON.stringify({ global_keyprefix: prefix, lease: LEASE_S });
  for (let round = 0; round < 12; round++) {
    const child = fork(
      fileURLToPath(new URL('child.mjs', import.meta.url)),
      [redisUrl().href, options, 'q'],
      { execArgv: [] },
    );
    const exited = once(child, 'exit');
    child.on('message', (word: { readonly taken?: readonly string[]; readonly done?: readonly string[] }) => {
      for (const text of word.taken ?? []) announced.add(text);
      for (const text of word.done ?? []) done.add(text);
    });
    await once(child, 'message');
    await delay(2 + Math.random() * 20);
    child.kill('SIGKILL');
    await exited;
  }
  const left = await rest(keeper, texts.length - announced.size);
  await delay(LEASE_S * 2000);
  if ((await keeper.restoreExpired()) > 0) left.push(...(await rest(keeper, 1)));
  for (const text of left) done.add(text);
  // What a worker was about to acknowledge when it was killed may be done without anybody having heard of it.
  const missing = texts.filter((text) => !done.has(text));
  expect(missing.filter((text) => !announced.has(text))).toEqual([]);
  expect(missing.length).toBeLessThanOrEqual(12 * 10);
  expect(await keeper.size('q')).toBe(0);
  expect(await nothingLeft()).toBe(true);
}, 60_000);

import { randomUUID } from 'node:crypto';
import { eventually, memoryLogger, startRedis, within } from '@tq/testkit';
import type { TestServer } from '@tq/testkit';
import { encoded, NO_ROUTE, partsOf, resultOf, rig, success } from './rig.ts';
import type { Rig } from './rig.ts';

let server: TestServer;
let here: Rig;
beforeAll(async () => {
  server = await startRedis();
  here = await rig({ url: server.url });
});
afterAll(async () => {
  await here[Symbol.asyncDispose]();
  await server.end();
});

/** How often each command has been called. */
async function calls(): Promise<Record<string, number>> {
  const stats = await here.redis.info('commandstats');
  return Object.fromEntries(
    [...stats.matchAll(/cmdstat_([\w|]+):calls=(\d+)/g)].map(([, name, count]) => [name, Number(count)]),
  );
}

test('ten thousand results are awaited on one connection, with one subscription and one write each', async () => {
  const ids = Array.from({ length: 10_000 }, () => randomUUID());
  const worker = await here.open();
  await here.redis.config('RESETSTAT');
  const results = Promise.all(ids.map((id) => resultOf(here.backend, id)));
  await eventually(async () => (await here.redis.pubsub('CHANNELS')).length === ids.length, {
    what: 'the subscriptions',
    timeoutMs: 20_000,
  });
  await Promise.all(ids.map((id) => worker.store(success(id, id), NO_ROUTE)));
  expect(await within(results, 25_000, 'the results')).toEqual(ids);
  await eventually(async () => (await here.redis.pubsub('CHANNELS')).length === 0, {
    what: 'the end of the subscriptions',
  });
  const called = await calls();
  expect(called['setex']).toBe(ids.length);
  expect(called['subscribe']).toBeLessThanOrEqual(20);
  expect(called['mget']).toBeLessThanOrEqual(20);
  expect((called['eval'] ?? 0) + (called['evalsha'] ?? 0)).toBeLessThanOrEqual(40);
  const clients = (await here.redis.client('LIST')) as string;
  expect(clients.match(/name=tq:results/g)).toHaveLength(2); // the caller and the worker
});

test('a chord of five thousand is counted in a few steps', async () => {
  const groups = here.backend.groups!;
  const id = randomUUID();
  const size = 5000;
  await groups.setChordSize(id, size);
  await here.redis.config('RESETSTAT');
  const answers = await Promise.all(
    Array.from({ length: size }, (_, index) =>
      groups.addChordPart(id, { taskId: `t${index}`, state: 'SUCCESS', result: encoded(index), index }),
    ),
  );
  const complete = answers.flatMap((answer) => partsOf(answer) ?? []);
  expect(complete.map((each) => each.index)).toEqual(Array.from({ length: size }, (_, index) => index));
  const called = await calls();
  expect((called['eval'] ?? 0) + (called['evalsha'] ?? 0)).toBeLessThanOrEqual(20);
});

test('a Redis that may throw results away is warned of', async () => {
  await here.redis.config('SET', 'maxmemory', '100mb', 'maxmemory-policy', 'volatile-lru');
  const logger = memoryLogger();
  await here.open({ logger });
  expect(logger.find('warn', 'maxmemory-policy noeviction')).toHaveLength(1);
  await here.redis.config('SET', 'maxmemory', '0', 'maxmemory-policy', 'noeviction');
});

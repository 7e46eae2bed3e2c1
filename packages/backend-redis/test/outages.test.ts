import { randomUUID } from 'node:crypto';
import { eventually, memoryLogger, startRedis, TcpProxy, within } from '@tq/testkit';
import type { TestServer } from '@tq/testkit';
import { encoded, NO_ROUTE, resultOf, rig, success } from './rig.ts';
import type { Rig, RigOptions } from './rig.ts';

let server: TestServer;
let proxy: TcpProxy;
let opened: Rig[];

beforeEach(async () => {
  server = await startRedis({ persistent: true });
  proxy = await TcpProxy.open(server.port);
  opened = [];
});
afterEach(async () => {
  for (const each of opened) await each[Symbol.asyncDispose]();
  await proxy.close();
  await server.end();
});

async function open(options: RigOptions = {}): Promise<Rig> {
  const here = await rig({ url: server.url, ...options });
  opened.push(here);
  return here;
}

const subscribed = async (here: Rig, id: string): Promise<void> => {
  const channel = `celery-task-meta-${id}`;
  await eventually(async () => (await here.redis.pubsub('NUMSUB', channel))[1] === 1, {
    what: 'the subscription',
    timeoutMs: 20_000,
  });
};

test('waiting outlasts a Redis that is killed and started again, time after time', async () => {
  const here = await open();
  const worker = (await open()).backend;
  for (let round = 0; round < 3; round++) {
    const ids = Array.from({ length: 50 }, () => randomUUID());
    const results = Promise.all(ids.map((id) => resultOf(here.backend, id)));
    await subscribed(here, ids[0]!);
    await server.kill();
    await server.start();
    await Promise.all(ids.map((id) => worker.store(success(id, id), NO_ROUTE)));
    expect(await within(results, 20_000, 'the results')).toEqual(ids);
  }
});

test('a result that was stored while the link was down is seen when it is back', async () => {
  const here = await open({ url: proxy.through(server.url) });
  const direct = await open();
  const worker = direct.backend;
  const id = randomUUID();
  const result = resultOf(here.backend, id);
  await subscribed(direct, id);
  proxy.blackHole();
  await worker.store(success(id, 'meanwhile'), NO_ROUTE);
  proxy.heal();
  expect(await within(result, 10_000, 'the result')).toBe('meanwhile');
});

test('what is stored while Redis is away is stored when it is back', async () => {
  const { backend } = await open();
  await server.kill();
  const id = randomUUID();
  const storing = backend.store(success(id, 1), NO_ROUTE);
  await server.start();
  await within(storing, 20_000, 'the write');
  expect(await backend.load(id)).toMatchObject({ result: 1 });
});

test('a connection that has died without a word is noticed, by those who ask and those who wait', async () => {
  const logger = memoryLogger();
  const here = await open({
    url: proxy.through(server.url),
    logger,
    options: { socket_timeout: 0.3, health_check_interval: 0.2 },
  });
  const worker = (await open()).backend;
  const [waited, stored] = [randomUUID(), randomUUID()];
  const result = resultOf(here.backend, waited);
  await subscribed(opened[1]!, waited);
  proxy.blackHole();
  await eventually(() => logger.find('warn', 'lost').length > 0, { what: 'the warning' });
  const storing = here.backend.store(success(stored, 1), NO_ROUTE);
  proxy.heal();
  await worker.store(success(waited, 2), NO_ROUTE);
  expect(await within(result, 10_000, 'the result')).toBe(2);
  await within(storing, 10_000, 'the write');
  expect(logger.find('info', 'again')).toHaveLength(1);
});

test('those who ask or wait too long for a Redis that is gone are told so', async () => {
  const { backend } = await open({
    options: { retry_policy: { max_retries: 3, interval_step: 0.01 }, outage_patience: '1s' },
  });
  const waiting = resultOf(backend, randomUUID());
  waiting.catch(() => undefined); // looked at below
  await server.kill();
  const gone = { code: 'TQ_BACKEND_UNAVAILABLE' };
  await expect(within(backend.load('x'), 5000, 'the load')).rejects.toMatchObject(gone);
  await expect(within(backend.store(success('x', 1), NO_ROUTE), 5000, 'the write')).rejects.toMatchObject(
    gone,
  );
  await expect(within(waiting, 5000, 'the end of the wait')).rejects.toMatchObject(gone);
  await server.start();
  await eventually(() => backend.load('x').then(() => true), { what: 'the next load', timeoutMs: 10_000 });
});

test('whoever completes a chord gets its parts, also if the answer was lost on the way', async () => {
  const here = await open({ url: proxy.through(server.url) });
  const { redis } = await open();
  const id = randomUUID();
  const groups = here.backend.groups!;
  await groups.setChordSize(id, 1);
  proxy.delayMs = 300;
  const counting = groups.addChordPart(id, { taskId: 'a', state: 'SUCCESS', result: encoded(1), index: 0 });
  await eventually(() => redis.exists(`celery-taskset-meta-${id}.c`), { what: 'the count' });
  proxy.cut();
  proxy.delayMs = 0;
  expect(await within(counting, 10_000, 'the answer')).toMatchObject({
    kind: 'complete',
    parts: [{ taskId: 'a', result: '1' }],
  });
});

test('a Redis that can’t be reached, or doesn’t answer, is an error of ours in time', async () => {
  const url = server.url;
  await server.pause(true);
  await expect(rig({ url, options: {} })).rejects.toMatchObject({ code: 'TQ_BACKEND_UNAVAILABLE' });
  await server.pause(false);
  await server.kill();
  await expect(rig({ url })).rejects.toThrow(/ECONNREFUSED/);
});

test('closing ends in time though Redis is gone, and refuses what can’t be written', async () => {
  const { backend } = await open();
  await server.kill();
  const storing = backend.store(success('x', 1), NO_ROUTE);
  storing.catch(() => undefined); // looked at below
  await within(Promise.resolve(backend[Symbol.asyncDispose]()), 6000, 'the end');
  await expect(storing).rejects.toMatchObject({ code: 'TQ_BACKEND_UNAVAILABLE' });
});

import { transport as amqp } from '@tq/broker-amqp';
import { silentLogger, systemClock } from '@tq/core';
import type { ChordPart, Encoded } from '@tq/core';
import {
  backendContract,
  brokerThrough,
  eventually,
  serviceUrl,
  startRabbitmq,
  uniqueName,
  within,
} from '@tq/testkit';
import type { TestServer } from '@tq/testkit';
import { rpcBackend } from '../src/backend.ts';
import { meta, open, resultOf } from './rig.ts';

backendContract('rpc over RabbitMQ', {
  driver: rpcBackend,
  url: () => new URL('rpc://'),
  broker: () => brokerThrough(amqp, serviceUrl('amqp')),
});

test('an answer to somebody who has gone is no error', async () => {
  await using worker = await open(serviceUrl('amqp'), { transport: amqp });
  const route = { replyTo: 'nobody-is-here', correlationId: 't' };
  await worker.backend.store(meta('t', 'SUCCESS', 1), route);
});

describe('with a RabbitMQ of its own', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startRabbitmq();
  }, 60_000);
  afterAll(() => server.end());

  test('persistent answers outlast a RabbitMQ that is killed and started again', async () => {
    await using caller = await open(server.url, { transport: amqp });
    const worker = await open(server.url, { transport: amqp, persistent: true });
    await caller.backend.expect('t');
    const early = resultOf(caller.backend, 'early');
    const late = resultOf(caller.backend, 'late');
    const route = { replyTo: caller.replyTo, correlationId: undefined };
    await worker.backend.store(meta('early', 'SUCCESS', 1), route);
    expect(await within(early, 5000, 'the first result')).toBe(1);
    await worker[Symbol.asyncDispose]();
    await server.kill();
    await server.start();
    const again = await eventually(
      async () => {
        const next = await open(server.url, { transport: amqp });
        await next.backend.store(meta('late', 'SUCCESS', 2), route);
        return next;
      },
      { what: 'a second worker', timeoutMs: 15_000 },
    );
    expect(await within(late, 15_000, 'the second result')).toBe(2);
    await again[Symbol.asyncDispose]();
  }, 60_000);

  test('the queue of answers is durable, outlasts its connection, and expires', async () => {
    const broker = brokerThrough(amqp, server.url);
    const backend = await rpcBackend.connect(new URL('rpc://'), {
      logger: silentLogger,
      clock: systemClock,
      options: { reply_queue_expires: '10m' },
      expiresMs: 86_400_000,
      timeoutMs: 4000,
      broker,
    });
    await backend.expect('t');
    const list = () =>
      server.control('list_queues', '-q', 'name', 'durable', 'auto_delete', 'exclusive', 'arguments');
    const line = (await list()).split('\n').find((each) => each.startsWith(broker.replyTo));
    expect(line).toMatch(/true\s+false\s+false\s+.*x-expires.*600000/);
    await backend[Symbol.asyncDispose]();
    expect(await list()).not.toContain(broker.replyTo);
    await broker[Symbol.asyncDispose]();
  }, 60_000);

  test('a chord outlasts a RabbitMQ that is killed, and goes to another worker', async () => {
    await using first = await open(server.url, { transport: amqp, timeoutMs: 20_000 });
    const part = (index: number): ChordPart => ({
      taskId: `t${index}`,
      state: 'SUCCESS',
      result: String(index) as Encoded,
      index,
    });
    const id = uniqueName('g');
    const groups = first.backend.groups!;
    await groups.save(id, ['kept']);
    await groups.setChordSize(id, 3);
    await groups.addChordPart(id, part(0));
    await server.kill();
    await server.start();
    expect(await groups.addChordPart(id, part(1))).toEqual({ kind: 'waiting' });
    expect(await groups.addChordPart(id, part(2))).toMatchObject({ kind: 'complete' });
    await server.kill();
    await server.start();
    const { backend, ...rest } = await open(server.url, { transport: amqp, timeoutMs: 20_000 });
    expect(await backend.groups!.addChordPart(id, part(2))).toEqual({
      kind: 'complete',
      parts: [part(0), part(1), part(2)],
    });
    expect(await backend.groups!.restore(id)).toEqual(['kept']);
    await backend.groups!.endChord(id);
    expect(await groups.addChordPart(id, part(2))).toEqual({ kind: 'waiting' });
    await rest[Symbol.asyncDispose]();
  }, 120_000);

  test('queues of groups and chords are durable and expire; of what is over none is left', async () => {
    await using worker = await open(server.url, { transport: amqp });
    const groups = worker.backend.groups!;
    const list = async (): Promise<readonly string[]> =>
      (await server.control('list_queues', '-q', 'name', 'durable', 'arguments'))
        .split('\n')
        .filter((line) => line.includes(id));
    const id = uniqueName('g');
    await groups.save(id, []);
    await groups.growChord(id, 1);
    await groups.setChordSize(id, 1);
    await groups.addChordPart(id, { taskId: 'a', state: 'SUCCESS', result: '1' as Encoded, index: 0 });
    const lines = await list();
    expect(lines).toHaveLength(6);
    for (const line of lines) expect(line).toMatch(/true\s+.*x-expires.*86400000/);
    await groups.endChord(id);
    await groups.forget(id);
    expect(await groups.restore(id)).toBeUndefined();
    expect(await list()).toEqual([]);
  }, 60_000);
});

import { silentLogger, systemClock } from '@tq/core';
import type { Clock, Encoded } from '@tq/core';
import { FakeClock, eventually, message, textOf, uniqueName } from '@tq/testkit';
import * as door from '@tq/memory';

const { memory, memoryBackend, resetMemory } = door;

const open = (url: string, clock: Clock = systemClock) =>
  memory.connect(new URL(url), { logger: silentLogger, clock, options: {}, timeoutMs: 1000 });

const results = (url: string, clock: Clock = systemClock, expiresMs?: number) =>
  memoryBackend.connect(new URL(url), {
    logger: silentLogger,
    clock,
    options: {},
    expiresMs,
    timeoutMs: 1000,
  });

const success = (taskId: string) => ({
  taskId,
  status: 'SUCCESS',
  result: '4' as Encoded,
  traceback: null,
  children: [],
  dateDone: '2026-11-22T16:03:41.461970+00:00',
});
const nowhere = { replyTo: undefined, correlationId: undefined };

describe('the memory package', () => {
  test('exports its drivers also under the names that an app looks for', () => {
    expect(door.transport).toBe(memory);
    expect(door.backend).toBe(memoryBackend);
  });

  test('equal names are one broker, other names are others, and the slash at the end doesn’t count', async () => {
    const name = uniqueName('broker');
    await using one = await open(`memory://${name}`);
    await using same = await open(`memory://${name}/`);
    await using other = await open(`memory://${name}-other`);
    await using nameless = await open('memory://');
    const size = async (connection: typeof one) =>
      (await (await connection.openChannel()).declareQueue({ name: 'q' })).messages;
    await (await one.openChannel()).publish(message('a'), { exchange: '', routingKey: 'q' });
    expect([await size(same), await size(other), await size(nameless)]).toEqual([1, 0, 0]);
  });

  test('a reset forgets messages, bindings and results of a name, and leaves connections usable', async () => {
    const name = uniqueName('broker');
    const url = `memory://${name}`;
    await using connection = await open(url);
    await using backend = await results(url);
    await using bystander = await results(`${url}-other`);
    const channel = await connection.openChannel();
    await channel.declareExchange({ name: 'ex', type: 'direct' });
    await channel.declareQueue({ name: 'q' });
    await channel.bindQueue({ exchange: 'ex', queue: 'q', routingKey: 'k' });
    await channel.publish(message('a'), { exchange: 'ex', routingKey: 'k' });
    await Promise.all([backend.store(success('t'), nowhere), bystander.store(success('t'), nowhere)]);
    resetMemory(name);
    expect((await channel.declareQueue({ name: 'q' })).messages).toBe(0);
    expect(await backend.load('t')).toBeUndefined();
    expect(await bystander.load('t')).toMatchObject({ result: 4 });
    const seen: string[] = [];
    await channel.consume('q', (delivery) => void seen.push(textOf(delivery)));
    await channel.publish(message('b'), { exchange: '', routingKey: 'q' });
    await eventually(() => seen.length === 1, { what: 'the next message' });
    resetMemory();
    expect(await bystander.load('t')).toBeUndefined();
  });

  test('delays go by the given clock', async () => {
    const clock = new FakeClock();
    await using connection = await open(`memory://${uniqueName('broker')}`, clock);
    const channel = await connection.openChannel();
    const seen: string[] = [];
    await channel.consume('q', (delivery) => void seen.push(textOf(delivery)));
    const notBeforeMs = clock.now() + 5 * 3_600_000;
    await channel.publish(message('a'), { exchange: '', routingKey: 'q', notBeforeMs });
    await clock.advance(5 * 3_600_000 - 1);
    expect(seen).toEqual([]);
    await clock.advance(1);
    await eventually(() => seen.length === 1, { what: 'the delayed message' });
  });

  test('what is held stays held, however much time passes on the clock', async () => {
    const clock = new FakeClock();
    const url = `memory://${uniqueName('broker')}`;
    await using one = await open(url, clock);
    await using two = await open(url, clock);
    const seen: string[] = [];
    for (const connection of [one, two])
      await (await connection.openChannel()).consume('q', (delivery) => void seen.push(textOf(delivery)));
    await (await one.openChannel()).publish(message('a'), { exchange: '', routingKey: 'q' });
    await eventually(() => seen.length === 1, { what: 'the message' });
    await clock.advance(3_600_000);
    expect(seen).toEqual(['a']);
  });

  test('results expire by the given clock', async () => {
    const clock = new FakeClock();
    await using backend = await results(`memory://${uniqueName('results')}`, clock, 60_000);
    await backend.store(success('t'), nowhere);
    await backend.groups!.save('g', ['t']);
    await clock.advance(59_999);
    expect(await backend.load('t')).toBeDefined();
    expect(await backend.groups!.restore('g')).toEqual(['t']);
    await clock.advance(1);
    expect(await backend.load('t')).toBeUndefined();
    expect(await backend.groups!.restore('g')).toBeUndefined();
  });

  test('without an expiry results stay', async () => {
    const clock = new FakeClock();
    await using backend = await results(`memory://${uniqueName('results')}`, clock);
    await backend.store(success('t'), nowhere);
    await clock.advance(365 * 86_400_000);
    expect(await backend.load('t')).toBeDefined();
  });
});

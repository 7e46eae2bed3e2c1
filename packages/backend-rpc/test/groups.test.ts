import type { Channel, ChordPart, Connection, Encoded, GroupStore, Transport } from '@tq/core';
import { memory } from '@tq/memory';
import { eventually, FaultyTransport, uniqueName, within } from '@tq/testkit';
import { brokerUrl, channelTo, open } from './rig.ts';
import type { Caller } from './rig.ts';

function part(index: number): ChordPart {
  return { taskId: `t${index}`, state: 'SUCCESS', result: String(index) as Encoded, index };
}

function groupsOf({ backend }: Caller): GroupStore {
  return backend.groups!;
}

/** Counts what is asked of the broker. */
class Counting implements Transport {
  readonly traits = memory.traits;
  readonly calls: Record<string, number> = {};

  async connect(...args: Parameters<Transport['connect']>): Promise<Connection> {
    const connection = await memory.connect(...args);
    return new Proxy(connection, {
      get: (target, name) => {
        const value = Reflect.get(target, name, target) as unknown;
        if (name === 'openChannel') return async () => this.#watched(await connection.openChannel());
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
  }

  #watched(channel: Channel): Channel {
    return new Proxy(channel, {
      get: (target, name) => {
        const value = Reflect.get(target, name, target) as unknown;
        if (typeof value !== 'function') return value;
        return (...given: readonly unknown[]): unknown => {
          this.calls[String(name)] = (this.calls[String(name)] ?? 0) + 1;
          return Reflect.apply(value, target, given);
        };
      },
    });
  }
}

test('a part costs a fixed number of operations, and only the last one takes anything', async () => {
  const transport = new Counting();
  await using worker = await open(brokerUrl(), { transport });
  const groups = groupsOf(worker);
  const id = uniqueName('g');
  const size = 300;
  await groups.setChordSize(id, size);
  expect(transport.calls['publish']).toBe(size + 1);
  for (const name of Object.keys(transport.calls)) transport.calls[name] = 0;
  for (let index = 0; index < size - 1; index++) await groups.addChordPart(id, part(index));
  expect(transport.calls).toMatchObject({ publish: size - 1, declareQueue: 5 * (size - 1) });
  expect(transport.calls['consume'] ?? 0).toBe(0);
  expect(await groups.addChordPart(id, part(size - 1))).toMatchObject({ kind: 'complete' });
  expect(transport.calls['consume']).toBe(2); // the token, the parts
  await groups.endChord(id);
});

test('of a chord that is over, and of what is forgotten, nothing is left', async () => {
  const url = brokerUrl();
  await using worker = await open(url);
  const groups = groupsOf(worker);
  const id = uniqueName('g');
  await groups.save(id, ['a']);
  await groups.setChordSize(id, 2);
  await groups.addChordPart(id, part(0));
  await groups.addChordPart(id, part(0));
  expect(await groups.addChordPart(id, part(1))).toMatchObject({ kind: 'complete' });
  await groups.endChord(id);
  await groups.forget(id);
  const channel = await channelTo(url);
  for (const name of ['parts', 'size', 'growth', 'token'])
    expect(await channel.declareQueue({ name: `tq.chord.${id}.${name}` })).toMatchObject({ messages: 0 });
  for (const name of [`tq.group.${id}`, `tq.group.${id}.saved`])
    expect(await channel.declareQueue({ name })).toMatchObject({ messages: 0 });
  await channel.end();
});

test('parts that came twice don’t complete a chord, and are not kept', async () => {
  const url = brokerUrl();
  await using worker = await open(url);
  const groups = groupsOf(worker);
  const id = uniqueName('g');
  await groups.setChordSize(id, 3);
  for (const index of [0, 0, 0, 1, 1, 0]) {
    const progress = await groups.addChordPart(id, part(index));
    expect(progress).toEqual({ kind: 'waiting' });
  }
  const channel = await channelTo(url);
  expect(await channel.declareQueue({ name: `tq.chord.${id}.parts` })).toMatchObject({ messages: 2 });
  await channel.end();
  expect(await groups.addChordPart(id, part(2))).toEqual({
    kind: 'complete',
    parts: [part(0), part(1), part(2)],
  });
});

test('whoever loses the connection has lost the body, and may take it again', async () => {
  const url = brokerUrl();
  const faulty = new FaultyTransport(memory);
  await using worker = await open(url, { transport: faulty });
  await using other = await open(url);
  const id = uniqueName('g');
  await groupsOf(worker).setChordSize(id, 1);
  expect(await groupsOf(worker).addChordPart(id, part(0))).toMatchObject({ kind: 'complete' });
  expect(await groupsOf(other).addChordPart(id, part(0))).toMatchObject({ kind: 'taken' });
  await faulty.loseConnections();
  await eventually(
    async () => (await groupsOf(other).addChordPart(id, part(0))).kind === 'complete' || undefined,
    { what: 'the body', timeoutMs: 20_000, everyMs: 50 },
  );
  expect(await groupsOf(worker).addChordPart(id, part(0))).toMatchObject({ kind: 'taken' });
  await groupsOf(other).endChord(id);
  expect(await groupsOf(worker).addChordPart(id, part(0))).toEqual({ kind: 'waiting' });
}, 30_000);

test('what may be done twice is tried again; what can’t be done in time fails with an error of ours', async () => {
  const faulty = new FaultyTransport(memory);
  await using worker = await open(brokerUrl(), { transport: faulty, timeoutMs: 2000 });
  const groups = groupsOf(worker);
  const id = uniqueName('g');
  faulty.failConnects(2);
  await groups.setChordSize(id, 2);
  await faulty.loseConnections();
  faulty.failConnects(2);
  expect(await groups.addChordPart(id, part(0))).toEqual({ kind: 'waiting' });
  await groups.save(id, ['a']);
  await faulty.loseConnections();
  expect(await groups.restore(id)).toEqual(['a']);
  await faulty.loseConnections();
  faulty.failConnects(10_000);
  await expect(within(groups.addChordPart(id, part(1)), 10_000, 'the answer')).rejects.toMatchObject({
    code: 'TQ_BACKEND_UNAVAILABLE',
  });
  await expect(groups.growChord(id, 1)).rejects.toMatchObject({ code: 'TQ_BACKEND_UNAVAILABLE' });
  faulty.failConnects(0);
  expect(await groups.addChordPart(id, part(1))).toMatchObject({ kind: 'complete' });
});

test('after the end nothing is asked any more', async () => {
  const worker = await open(brokerUrl());
  await worker[Symbol.asyncDispose]();
  await expect(groupsOf(worker).addChordPart('g', part(0))).rejects.toMatchObject({ code: 'TQ_CLOSED' });
  await expect(groupsOf(worker).save('g', [])).rejects.toMatchObject({ code: 'TQ_CLOSED' });
});

test('a message of somebody else among the parts counts for nothing', async () => {
  const url = brokerUrl();
  await using worker = await open(url);
  const groups = groupsOf(worker);
  const id = uniqueName('g');
  await groups.setChordSize(id, 2);
  await groups.addChordPart(id, part(0));
  const channel = await channelTo(url);
  const address = { exchange: '', routingKey: `tq.chord.${id}.parts` };
  await channel.publish({ body: Buffer.from('x'), headers: {}, properties: {} }, address);
  await channel.end();
  expect(await groups.addChordPart(id, part(1))).toMatchObject({ kind: 'complete' });
});

/** Results in other formats than JSON, and compressed: as Celery writes them. */
import { gzipSync } from 'node:zlib';
import { createApp } from '@tq/core';
import type { ChordPart, ResultBackend, ResultCodec } from '@tq/core';
import { resultCodec } from '@tq/core/internal';
import { eventually, uniqueName } from '@tq/testkit';
import { encoded, NO_ROUTE, partsOf, rig, success, vectorsOf } from './rig.ts';
import type { Rig } from './rig.ts';

let here: Rig;
beforeEach(async () => {
  here = await rig();
});
afterEach(() => here[Symbol.asyncDispose]());

function codec(resultSerializer: string, resultCompression: string | null = null): ResultCodec {
  const { config, serializers } = createApp('t', { conf: { resultSerializer, resultCompression } });
  return resultCodec(config, serializers);
}

const part = (taskId: string, index: number | undefined, result: unknown): ChordPart => ({
  taskId,
  state: 'SUCCESS',
  result: encoded(result),
  index,
});
const key = (id: string): string => `celery-task-meta-${id}`;

interface Recorded {
  readonly id: string;
  readonly key?: string;
  readonly body?: { readonly task_id: string; readonly result: unknown };
  readonly body_raw_base64?: string;
  readonly keys?: Readonly<Record<string, { readonly type: string; readonly value: unknown }>>;
}
const recorded = vectorsOf('results-redis-msgpack') as unknown as readonly Recorded[];
const vector = (id: string): Recorded => recorded.find((each) => each.id === id)!;

const FORMATS: readonly (readonly [string, string | null])[] = [
  ['msgpack', null],
  ['yaml', null],
  ['json', 'gzip'],
  ['msgpack', 'brotli'],
];

describe.each(FORMATS)('%s, compressed with %s', (serializer, compression) => {
  let backend: ResultBackend;
  beforeEach(async () => {
    backend = await here.open({ codec: codec(serializer, compression) });
  });

  test('a result is stored, told of, loaded and not overwritten', async () => {
    const id = uniqueName('t');
    const states: unknown[] = [];
    const watching = (async () => {
      const signal = AbortSignal.timeout(10_000);
      for await (const meta of backend.watch(id, { signal })) states.push([meta.status, meta.result]);
    })();
    await backend.store({ ...success(id, null), status: 'STARTED' }, NO_ROUTE);
    await eventually(() => states.length === 1, { what: 'the first state' });
    await backend.store(success(id, { text: 'naïve', deep: [1, null, 2.5] }), NO_ROUTE);
    await watching;
    expect(states).toEqual([
      ['STARTED', null],
      ['SUCCESS', { text: 'naïve', deep: [1, null, 2.5] }],
    ]);
    await backend.store({ ...success(id, 'late'), status: 'FAILURE' }, NO_ROUTE);
    expect(await backend.load(id)).toMatchObject({ status: 'SUCCESS', result: { text: 'naïve' } });
  });

  test('chords count each part once, and hand over all', async () => {
    const group = uniqueName('g');
    const { groups } = backend;
    await groups!.setChordSize(group, 3);
    expect(await here.redis.get(`celery-taskset-meta-${group}.s`)).toBe('3');
    expect(partsOf(await groups!.addChordPart(group, part('a', 1, 'one')))).toBeUndefined();
    expect(partsOf(await groups!.addChordPart(group, part('a', 1, 'one')))).toBeUndefined();
    expect(partsOf(await groups!.addChordPart(group, part('c', undefined, [3])))).toBeUndefined();
    const all = partsOf(await groups!.addChordPart(group, part('b', 0, 2)));
    expect(all?.map((each) => [each.taskId, JSON.parse(each.result), each.index])).toEqual([
      ['b', 2, 0],
      ['a', 'one', 1],
      ['c', [3], undefined],
    ]);
  });

  test('groups are saved and restored', async () => {
    const group = uniqueName('g');
    await backend.groups!.save(group, [[['a', null], null]]);
    expect(await backend.groups!.restore(group)).toEqual([[['a', null], null]]);
  });
});

test('what Celery has packed is read, and packed the same again', async () => {
  const backend = await here.open({ codec: codec('msgpack') });
  const { body, body_raw_base64: raw, key: place } = vector('msgpack-success');
  await here.redis.set(place!, Buffer.from(raw!, 'base64'), 'EX', 60);
  const meta = (await backend.load(body!.task_id))!;
  expect(meta).toMatchObject({ status: 'SUCCESS', result: body!.result });
  await here.redis.del(place!);
  await backend.store({ ...meta, result: encoded(meta.result) }, NO_ROUTE);
  expect((await here.redis.getBuffer(place!))!.toString('base64')).toBe(raw);
});

test('a part of a chord that Celery has counted and packed counts', async () => {
  const backend = await here.open({ codec: codec('msgpack') });
  const [group, other] = [uniqueName('g'), uniqueName('g')];
  const [, joined] = Object.entries(vector('msgpack-chord').keys!).find(([name]) => name.endsWith('.j'))!;
  const [[entry]] = joined.value as [[{ readonly $base64: string }, number]];
  await here.redis.zadd(`celery-taskset-meta-${group}.j`, 0, Buffer.from(entry.$base64, 'base64'));
  await backend.groups!.setChordSize(group, 2);
  const all = partsOf(await backend.groups!.addChordPart(group, part('b', 1, 4)));
  const theirs = '2aebe5b2-c6a1-4455-9817-8aea3f0f4e7a';
  expect(all?.map((each) => [each.taskId, each.state, each.result])).toEqual([
    [theirs, 'SUCCESS', '2'],
    ['b', 'SUCCESS', '4'],
  ]);
  await backend.groups!.addChordPart(other, part(theirs, 0, 2));
  const [own] = await here.redis.zrangeBuffer(`celery-taskset-meta-${other}.j`, '0', '-1');
  expect(own!.toString('base64')).toBe(entry.$base64);
});

test('who compresses nothing reads what others have compressed', async () => {
  const id = uniqueName('t');
  const packing = await here.open({ codec: codec('json', 'gzip') });
  await packing.store(success(id, 'x'.repeat(10_000)), NO_ROUTE);
  expect(await here.redis.strlen(key(id))).toBeLessThan(1000);
  expect((await here.backend.load(id))!.result).toHaveLength(10_000);
});

test('what is damaged says so', async () => {
  const id = uniqueName('t');
  const magic = Buffer.from('\0celery-compressed\0application/x-gzip\0');
  await here.redis.set(key(id), Buffer.concat([magic, gzipSync('{}').subarray(0, 8)]), 'EX', 60);
  await expect(here.backend.load(id)).rejects.toThrow('is damaged');
});

/** Key for key what Celery writes; the recorded values stand in test/wire/vectors. */
import type { ChordPart } from '@tq/core';
import { decodeMeta } from '@tq/core/internal';
import { eventually, uniqueName } from '@tq/testkit';
import { encoded, NO_ROUTE, partsOf, resultOf, rig, success, vectorOf, vectorsOf } from './rig.ts';
import type { Rig } from './rig.ts';

let here: Rig;
beforeEach(async () => {
  here = await rig();
});
afterEach(() => here[Symbol.asyncDispose]());

const part = (taskId: string, index: number | undefined, result: unknown): ChordPart => ({
  taskId,
  state: 'SUCCESS',
  result: encoded(result),
  index,
});

describe('a result', () => {
  test('stands under Celery’s key with Celery’s members and life, and is published there', async () => {
    const recorded = vectorOf('results-redis', 'success');
    const { redis, backend } = here;
    const heard: string[] = [];
    const ear = redis.duplicate();
    await ear.subscribe(recorded.key);
    ear.on('message', (channel, text) => heard.push(`${channel} ${text}`));
    const meta = decodeMeta(recorded.body_raw);
    await redis.del(recorded.key);
    await backend.store({ ...meta, result: encoded(meta.result) }, NO_ROUTE);
    const kept = (await redis.get(recorded.key)) as string;
    expect(JSON.parse(kept)).toEqual(recorded.body);
    expect(Object.keys(JSON.parse(kept) as object)).toEqual(Object.keys(recorded.body));
    expect(await redis.ttl(recorded.key)).toBe(recorded.ttl_after);
    await eventually(() => heard.length === 1, { what: 'the publication' });
    expect(heard).toEqual([`${recorded.key} ${kept}`]);
    ear.disconnect();
  });

  test.each(['results-redis', 'results-redis-5.2.6', 'results-redis-extended'])(
    'that Celery has written is read: %s',
    async (file) => {
      for (const { key, body, body_raw: text } of vectorsOf(file).filter((each) => each.body_raw)) {
        await here.redis.set(key, text, 'EX', 60);
        const found = await here.backend.load(key.replace('celery-task-meta-', ''));
        expect(found).toMatchObject({ status: body['status'], taskId: body['task_id'] });
      }
    },
  );

  test('of Python that is a SUCCESS isn’t overwritten, whatever comes first in it', async () => {
    const { redis, backend } = here;
    const [plain, turned, packed] = [uniqueName('t'), uniqueName('t'), uniqueName('t')];
    const key = (id: string): string => `celery-task-meta-${id}`;
    await redis.set(key(plain), `{"status": "SUCCESS", "result": 1, "task_id": "${plain}"}`, 'EX', 60);
    await redis.set(key(turned), `{"task_id": "${turned}", "result": 1, "status": "SUCCESS"}`, 'EX', 60);
    const msgpack = vectorOf('results-redis-msgpack', 'msgpack-success') as unknown as {
      readonly body_raw_base64: string;
    };
    await redis.set(key(packed), Buffer.from(msgpack.body_raw_base64, 'base64'), 'EX', 60);
    for (const id of [plain, turned, packed]) await backend.store(success(id, 2), NO_ROUTE);
    expect(await backend.load(plain)).toMatchObject({ result: 1 });
    expect(await backend.load(turned)).toMatchObject({ result: 1 });
    expect(await redis.getBuffer(key(packed))).toEqual(Buffer.from(msgpack.body_raw_base64, 'base64'));
    await expect(backend.load(packed)).rejects.toMatchObject({ code: 'TQ_DECODE' });
  });

  test('that can’t be read ends the wait for it, and no other', async () => {
    const [broken, sound] = [uniqueName('t'), uniqueName('t')];
    const waits = [resultOf(here.backend, broken), resultOf(here.backend, sound)];
    await eventually(async () => (await here.redis.pubsub('NUMSUB', `celery-task-meta-${broken}`))[1] === 1, {
      what: 'the subscription',
    });
    await here.redis.publish(`celery-task-meta-${broken}`, 'not JSON');
    await expect(waits[0]).rejects.toMatchObject({ code: 'TQ_DECODE' });
    await here.backend.store(success(sound, 4), NO_ROUTE);
    expect(await waits[1]).toBe(4);
  });

  test('without an expiry lives for ever', async () => {
    const backend = await here.open({ expiresMs: undefined });
    const id = uniqueName('t');
    await backend.store(success(id, 1), NO_ROUTE);
    expect(await here.redis.ttl(`celery-task-meta-${id}`)).toBe(-1);
    await backend.forget(id);
  });
});

describe('groups', () => {
  test('a saved group is Celery’s', async () => {
    const recorded = vectorOf('chord-redis', 'group-save');
    const [key, { value }] = Object.entries(recorded.keys).find(([each]) => each.includes('taskset'))!;
    const id = key.replace('celery-taskset-meta-', '');
    const { result } = JSON.parse(value as string) as { readonly result: readonly [unknown, unknown[]] };
    await here.backend.groups!.save(id, result[1]);
    expect(JSON.parse((await here.redis.get(key)) as string)).toEqual({ result });
    expect(await here.redis.ttl(key)).toBe(86_400);
    await here.redis.set(key, value as string, 'EX', 60);
    expect(await here.backend.groups!.restore(id)).toEqual(result[1]);
  });
});

describe('chords', () => {
  test.each(['chord-half', 'chord-half-failed'])('half of one looks like Celery’s: %s', async (id) => {
    const { redis, backend } = here;
    const { keys } = vectorOf('chord-redis', id);
    const [key, { value }] = Object.entries(keys).find(([each]) => each.endsWith('.j'))!;
    const [[entry, score]] = value as [[string, number]];
    const [, taskId, state, result] = JSON.parse(entry) as [number, string, string, unknown];
    const base = key.slice(0, -2);
    await redis.del(key, `${base}.s`, `${base}.t`, `${base}.d`);
    const groups = backend.groups!;
    const groupId = base.replace('celery-taskset-meta-', '');
    await groups.setChordSize(groupId, Number(keys[`${base}.s`]!.value));
    await groups.addChordPart(groupId, { taskId, state, result: encoded(result), index: score });
    const joined = await redis.zrange(key, '0', '-1', 'WITHSCORES');
    expect(JSON.parse(joined[0]!)).toEqual(JSON.parse(entry));
    expect(Number(joined[1])).toBe(score);
    expect(await redis.get(`${base}.s`)).toBe(keys[`${base}.s`]!.value);
    expect(await redis.smembers(`${base}.d`)).toEqual([`${taskId}:${score}`]); // since 5.7
    for (const each of [key, `${base}.s`, `${base}.d`]) expect(await redis.ttl(each)).toBe(86_400);
    expect(await redis.keys(`${base}*`)).toHaveLength(3);
  });

  test('members may run in Python and in tq; what was added later counts too', async () => {
    const { redis, backend } = here;
    const id = uniqueName('g');
    const base = `celery-taskset-meta-${id}`;
    await redis.setex(`${base}.s`, 60, '2'); // by a Python sender
    await redis.zadd(`${base}.j`, '1', '[1, "py", "SUCCESS", {"nan": NaN, "n": 12345678901234567890}]');
    await redis.incr(`${base}.t`); // add_to_chord
    const groups = backend.groups!;
    expect(await groups.addChordPart(id, part('js', 0, 'a'))).toEqual({ kind: 'waiting' });
    expect(await groups.addChordPart(id, part('py', 1, 'other'))).toEqual({ kind: 'waiting' }); // delivered again, here
    expect(await groups.addChordPart(id, part('added', 0, 'c'))).toEqual({
      kind: 'complete',
      parts: [
        part('added', 0, 'c'),
        part('js', 0, 'a'),
        { taskId: 'py', state: 'SUCCESS', result: '{"nan": NaN, "n": 12345678901234567890}', index: 1 },
      ],
    });
  });

  test('the claim on a body ends, and a chord that is over soon leaves nothing', async () => {
    const { redis, backend } = here;
    const id = uniqueName('g');
    const base = `celery-taskset-meta-${id}`;
    await backend.groups!.setChordSize(id, 1);
    expect(await backend.groups!.addChordPart(id, part('a', 0, 1))).toMatchObject({ kind: 'complete' });
    expect(await redis.ttl(`${base}.c`)).toBeGreaterThan(25);
    expect(await redis.ttl(`${base}.c`)).toBeLessThanOrEqual(30);
    await backend.groups!.growChord(id, 1);
    await backend.groups!.endChord(id);
    expect(await redis.keys(`${base}*`)).toEqual([`${base}.c`]);
    expect(await redis.get(`${base}.c`)).toBe('done');
    expect(await redis.ttl(`${base}.c`)).toBe(300);
  });

  test('with result_chord_ordered: false parts are a list in the order of their arrival', async () => {
    const unordered = await rig({ options: { result_chord_ordered: false, global_keyprefix: 'myapp' } });
    const groups = unordered.backend.groups!;
    const id = uniqueName('g');
    const key = `myapp_celery-taskset-meta-${id}.j`;
    await groups.setChordSize(id, 3);
    await groups.addChordPart(id, part('b', 1, 2));
    await groups.addChordPart(id, part('b', 1, 2));
    await unordered.redis.rpush(key, '[1, "py", "SUCCESS", 3]');
    expect(await unordered.redis.lrange(key, 0, -1)).toEqual([
      '[1, "b", "SUCCESS", 2]',
      '[1, "py", "SUCCESS", 3]',
    ]);
    const all = partsOf(await groups.addChordPart(id, part('a', 0, 4)));
    expect(all?.map((each) => each.taskId)).toEqual(['b', 'py', 'a']);
    await unordered[Symbol.asyncDispose]();
  });

  test('one whose keys are of another kind fails alone', async () => {
    const { redis, backend } = here;
    const [bad, good] = [uniqueName('g'), uniqueName('g')];
    await redis.rpush(`celery-taskset-meta-${bad}.j`, 'x');
    await redis.expire(`celery-taskset-meta-${bad}.j`, 60);
    await backend.groups!.setChordSize(good, 1);
    const [failed, done] = await Promise.allSettled([
      backend.groups!.addChordPart(bad, part('a', 0, 1)),
      backend.groups!.addChordPart(good, part('a', 0, 1)),
    ]);
    expect(failed).toMatchObject({ status: 'rejected', reason: { code: 'TQ_BACKEND_UNAVAILABLE' } });
    expect(done).toMatchObject({ status: 'fulfilled', value: { kind: 'complete' } });
  });
});

test('every key has an end', async () => {
  const { redis, backend } = here;
  const before = new Set(await redis.keys('*'));
  const id = uniqueName('t');
  await backend.store(success(id, 1), NO_ROUTE);
  await backend.groups!.save(id, ['a']);
  await backend.groups!.setChordSize(id, 3);
  await backend.groups!.addChordPart(id, part('a', 0, 1));
  await backend.groups!.addChordPart(id, part('b', undefined, 1));
  await backend.groups!.growChord(id, 1);
  const own = (await redis.keys(`*${id}*`)).filter((key) => !before.has(key));
  expect(own.map((key) => key.replace(id, '…')).toSorted()).toEqual([
    'celery-task-meta-…',
    'celery-taskset-meta-…',
    'celery-taskset-meta-….d',
    'celery-taskset-meta-….g',
    'celery-taskset-meta-….j',
    'celery-taskset-meta-….s',
    'celery-taskset-meta-….t',
  ]);
  for (const key of own) expect(await redis.ttl(key)).toBeGreaterThan(0);
});

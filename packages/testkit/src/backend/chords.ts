import { describe, expect, test } from '@jest/globals';
import type { ChordPart, ChordProgress, GroupStore } from '@tq/core';
import type { BackendBench } from '../backend-contract.ts';
import { eventually } from '../eventually.ts';
import { groupsOf } from './groups.ts';
import { encoded } from './metas.ts';

const WAITING: ChordProgress = { kind: 'waiting' };

function part(index: number, taskId = `t${index}`): ChordPart {
  return { taskId, state: 'SUCCESS', result: encoded({ value: index }), index };
}

function parts(count: number): readonly ChordPart[] {
  return Array.from({ length: count }, (_, index) => part(index));
}

function complete(all: readonly ChordPart[]): ChordProgress {
  return { kind: 'complete', parts: all };
}

function partsOf(progress: ChordProgress | undefined): readonly ChordPart[] | undefined {
  return progress?.kind === 'complete' ? progress.parts : undefined;
}

/** Of the answers those that are complete. */
function completed(answers: readonly ChordProgress[]): readonly (readonly ChordPart[])[] {
  return answers.flatMap((answer) => (answer.kind === 'complete' ? [answer.parts] : []));
}

export function backendChords(bench: BackendBench): void {
  const whenGroups = bench.groups ? describe : describe.skip;
  const stores = async (count: number, leaseMs?: number): Promise<readonly GroupStore[]> => {
    const opened: GroupStore[] = [];
    for (let at = 0; at < count; at++)
      opened.push(groupsOf(await bench.open(leaseMs === undefined ? {} : { leaseMs })));
    return opened;
  };
  whenGroups('chords', () => {
    counting(bench, stores);
    claims(bench, stores);
    growth(bench, stores);
    numbers(bench, stores);
  });
}

type Stores = (count: number, leaseMs?: number) => Promise<readonly GroupStore[]>;

function counting(bench: BackendBench, stores: Stores): void {
  test('whoever brings the last part gets all of them, in the order of the header', async () => {
    const [one, two] = (await stores(2)) as [GroupStore, GroupStore];
    const id = bench.id();
    await one.setChordSize(id, 3);
    expect(await one.addChordPart(id, part(2))).toEqual(WAITING);
    expect(await two.addChordPart(id, part(0))).toEqual(WAITING);
    expect(await two.addChordPart(id, part(1))).toEqual(complete(parts(3)));
  });

  test('a header of one is complete at once', async () => {
    const [groups] = (await stores(1)) as [GroupStore];
    const id = bench.id();
    await groups.setChordSize(id, 1);
    expect(await groups.addChordPart(id, part(0))).toEqual(complete([part(0)]));
  });

  test('eleven parts come in the order of numbers, not of texts', async () => {
    const [groups] = (await stores(1)) as [GroupStore];
    const id = bench.id();
    await groups.setChordSize(id, 11);
    let all: readonly ChordPart[] | undefined;
    for (const index of [10, 2, 9, 1, 0, 3, 8, 4, 7, 5, 6])
      all = partsOf(await groups.addChordPart(id, part(index)));
    expect(all).toEqual(parts(11));
  });

  test('parts without a position come in the order of their arrival, after those with one', async () => {
    const [groups] = (await stores(1)) as [GroupStore];
    const id = bench.id();
    await groups.setChordSize(id, 4);
    const given = ['b', 'a', 'c'].map((taskId) => ({ ...part(0, taskId), index: undefined }));
    for (const each of given) expect(await groups.addChordPart(id, each)).toEqual(WAITING);
    expect(await groups.addChordPart(id, part(7, 'last'))).toEqual(complete([part(7, 'last'), ...given]));
  });

  test('a task counts once, however often it is delivered', async () => {
    const [one, two] = (await stores(2)) as [GroupStore, GroupStore];
    const id = bench.id();
    await one.setChordSize(id, 2);
    for (const groups of [one, two, one]) expect(await groups.addChordPart(id, part(0))).toEqual(WAITING);
    const other: ChordPart = { ...part(0), result: encoded('another result of the same task') };
    expect(await two.addChordPart(id, other)).toEqual(WAITING);
    expect(await two.addChordPart(id, part(1))).toEqual(complete(parts(2)));
  });

  test('a task without a position counts once, too', async () => {
    const [one, two] = (await stores(2)) as [GroupStore, GroupStore];
    const id = bench.id();
    const placeless = { ...part(0), index: undefined };
    await one.setChordSize(id, 2);
    for (const groups of [one, two, one]) expect(await groups.addChordPart(id, placeless)).toEqual(WAITING);
    expect(await two.addChordPart(id, part(1))).toEqual(complete([part(1), placeless]));
  });

  test('the same task at two positions counts twice', async () => {
    const [groups] = (await stores(1)) as [GroupStore];
    const id = bench.id();
    await groups.setChordSize(id, 2);
    expect(await groups.addChordPart(id, part(0, 't'))).toEqual(WAITING);
    expect(await groups.addChordPart(id, part(1, 't'))).toEqual(complete([part(0, 't'), part(1, 't')]));
  });

  test('parts that finish in one tick are counted each', async () => {
    const [groups] = (await stores(1)) as [GroupStore];
    const id = bench.id();
    await groups.setChordSize(id, 100);
    const answers = await Promise.all(parts(100).map((each) => groups.addChordPart(id, each)));
    expect(completed(answers)).toEqual([parts(100)]);
  });

  test('the size may be set after most of the parts', async () => {
    const [groups] = (await stores(1)) as [GroupStore];
    const id = bench.id();
    expect(await groups.addChordPart(id, part(0))).toEqual(WAITING);
    expect(await groups.addChordPart(id, part(1))).toEqual(WAITING);
    await groups.setChordSize(id, 3);
    expect(await groups.addChordPart(id, part(2))).toEqual(complete(parts(3)));
  });

  test('failed parts count, and say so', async () => {
    const [groups] = (await stores(1)) as [GroupStore];
    const id = bench.id();
    await groups.setChordSize(id, 2);
    const failed: ChordPart = { ...part(0), state: 'FAILURE', result: encoded({ exc_type: 'E' }) };
    await groups.addChordPart(id, failed);
    expect(await groups.addChordPart(id, part(1))).toEqual(complete([failed, part(1)]));
  });

  test('chords don’t mix', async () => {
    const [groups] = (await stores(1)) as [GroupStore];
    const [one, two] = [bench.id(), bench.id()];
    await groups.setChordSize(one, 2);
    await groups.setChordSize(two, 2);
    expect(await groups.addChordPart(one, part(0))).toEqual(WAITING);
    expect(await groups.addChordPart(two, part(0))).toEqual(WAITING);
    expect(await groups.addChordPart(one, part(1))).toEqual(complete(parts(2)));
    expect(await groups.addChordPart(two, part(1))).toEqual(complete(parts(2)));
  });

  test('of what is forgotten nothing counts', async () => {
    const [groups] = (await stores(1)) as [GroupStore];
    const id = bench.id();
    await groups.setChordSize(id, 2);
    expect(await groups.addChordPart(id, part(0))).toEqual(WAITING);
    await groups.forget(id);
    await groups.setChordSize(id, 2);
    expect(await groups.addChordPart(id, part(1))).toEqual(WAITING);
    expect(await groups.addChordPart(id, part(0))).toEqual(complete(parts(2)));
  });
}

function claims(bench: BackendBench, stores: Stores): void {
  test('while one sends the body, others are told to ask again later', async () => {
    const [one, two] = (await stores(2)) as [GroupStore, GroupStore];
    const id = bench.id();
    await one.setChordSize(id, 2);
    await one.addChordPart(id, part(0));
    expect(await one.addChordPart(id, part(1))).toEqual(complete(parts(2)));
    for (const again of parts(2)) {
      const answer = await two.addChordPart(id, again);
      expect(answer).toEqual({ kind: 'taken', againMs: expect.any(Number) });
      const { againMs } = answer as { againMs: number };
      expect(againMs).toBeGreaterThan(0);
      expect(againMs).toBeLessThanOrEqual(30_000);
    }
  });

  test('whoever has the body asks again with the same part and has it still', async () => {
    const [groups] = (await stores(1)) as [GroupStore];
    const id = bench.id();
    await groups.setChordSize(id, 2);
    await groups.addChordPart(id, part(0));
    for (let time = 0; time < 3; time++)
      expect(await groups.addChordPart(id, part(1))).toEqual(complete(parts(2)));
    expect(await groups.addChordPart(id, part(0))).toMatchObject({ kind: 'taken' });
  });

  test('a body whose sender has died goes to another, once', async () => {
    const dying = await bench.open({ leaseMs: 400 });
    const [one, two] = (await stores(2)) as [GroupStore, GroupStore];
    const id = bench.id();
    await groupsOf(dying).setChordSize(id, 2);
    await groupsOf(dying).addChordPart(id, part(0));
    expect(await groupsOf(dying).addChordPart(id, part(1))).toEqual(complete(parts(2)));
    expect(await one.addChordPart(id, part(1))).toMatchObject({ kind: 'taken' });
    await dying[Symbol.asyncDispose](); // without a word about the chord
    const heir = await eventually(async () => partsOf(await one.addChordPart(id, part(1))), {
      what: 'the end of the lease',
      timeoutMs: 15_000,
      everyMs: 20,
    });
    expect(heir).toEqual(parts(2));
    expect(await two.addChordPart(id, part(1))).toMatchObject({ kind: 'taken' });
    await one.endChord(id);
    expect(await two.addChordPart(id, part(1))).toEqual(WAITING);
  });

  test('a body that isn’t sent in time goes to another', async () => {
    const [slow] = (await stores(1, 400)) as [GroupStore];
    const [other] = (await stores(1)) as [GroupStore];
    const id = bench.id();
    await slow.setChordSize(id, 2);
    await slow.addChordPart(id, part(0));
    expect(await slow.addChordPart(id, part(1))).toEqual(complete(parts(2)));
    const answer = await other.addChordPart(id, part(0));
    expect(answer.kind).toBe('taken');
    const all = await eventually(async () => partsOf(await other.addChordPart(id, part(0))), {
      what: 'the end of the lease',
      timeoutMs: 15_000,
      everyMs: 20,
    });
    expect(all).toEqual(parts(2));
    expect(await slow.addChordPart(id, part(1))).toMatchObject({ kind: 'taken' });
    await other.endChord(id);
    await slow.endChord(id);
    expect(await slow.addChordPart(id, part(1))).toEqual(WAITING);
  });

  test('after the end nothing completes, and ending twice is no error', async () => {
    const [one, two] = (await stores(2)) as [GroupStore, GroupStore];
    const id = bench.id();
    await one.setChordSize(id, 2);
    await one.addChordPart(id, part(0));
    expect(await one.addChordPart(id, part(1))).toEqual(complete(parts(2)));
    await one.endChord(id);
    await one.endChord(id);
    await two.endChord(id);
    for (const groups of [one, two])
      for (const again of [part(1), part(0)]) expect(await groups.addChordPart(id, again)).toEqual(WAITING);
  });

  test('a chord that is given up before it is complete never completes', async () => {
    const [one, two] = (await stores(2)) as [GroupStore, GroupStore];
    const id = bench.id();
    await one.setChordSize(id, 2);
    await one.addChordPart(id, part(0));
    await two.endChord(id);
    for (const each of parts(2)) expect(await one.addChordPart(id, each)).toEqual(WAITING);
  });

  test('a new size on the id of a chord that is over begins anew', async () => {
    const [groups] = (await stores(1)) as [GroupStore];
    const id = bench.id();
    for (let run = 0; run < 2; run++) {
      await groups.setChordSize(id, 2);
      expect(await groups.addChordPart(id, part(0))).toEqual(WAITING);
      expect(await groups.addChordPart(id, part(1))).toEqual(complete(parts(2)));
      await groups.endChord(id);
    }
  });
}

function growth(bench: BackendBench, stores: Stores): void {
  test('a running member adds others to the header', async () => {
    const [one, two] = (await stores(2)) as [GroupStore, GroupStore];
    const id = bench.id();
    await one.setChordSize(id, 2);
    expect(await one.addChordPart(id, part(0))).toEqual(WAITING);
    await two.growChord(id, 2); // by the member that is still missing
    expect(await two.addChordPart(id, part(1))).toEqual(WAITING);
    expect(await one.addChordPart(id, part(2))).toEqual(WAITING);
    expect(await one.addChordPart(id, part(3))).toEqual(complete(parts(4)));
  });

  test('a header may grow before its size is known, and more than once', async () => {
    const [one, two] = (await stores(2)) as [GroupStore, GroupStore];
    const id = bench.id();
    await one.growChord(id, 1);
    expect(await one.addChordPart(id, part(0))).toEqual(WAITING);
    await two.growChord(id, 1);
    await one.setChordSize(id, 2);
    for (const each of parts(3)) expect(await two.addChordPart(id, each)).toEqual(WAITING);
    expect(await two.addChordPart(id, part(3))).toEqual(complete(parts(4)));
  });
}

function numbers(bench: BackendBench, stores: Stores): void {
  test('of many callers at one time exactly one completes the set', async () => {
    const opened = await stores(3);
    const id = bench.id();
    const size = 60;
    await opened[0]!.setChordSize(id, size);
    const answers = await Promise.all(
      parts(size).flatMap((each, index) =>
        // every part is delivered twice, by different workers
        [0, 1].map((copy) => opened[(index + copy) % 3]!.addChordPart(id, each)),
      ),
    );
    expect(completed(answers)).toEqual([parts(size)]);
  });

  test('many chords complete at one time', async () => {
    const opened = await stores(2);
    const ids = Array.from({ length: 20 }, () => bench.id());
    await Promise.all(ids.map((id) => opened[0]!.setChordSize(id, 3)));
    const answers = await Promise.all(
      ids.map(async (id) => {
        const each = parts(3).map((one, index) => opened[index % 2]!.addChordPart(id, one));
        const all = completed(await Promise.all(each));
        await opened[1]!.endChord(id);
        return all;
      }),
    );
    for (const all of answers) expect(all).toEqual([parts(3)]);
  });

  test('a header of ten thousand is counted', async () => {
    const opened = await stores(2);
    const id = bench.id();
    const size = 10_000;
    await opened[0]!.setChordSize(id, size);
    let all: readonly (readonly ChordPart[])[] = [];
    for (let at = 0; at < size; at += 1000) {
      const some = parts(size).slice(at, at + 1000);
      const answers = some.map((each, index) => opened[index % 2]!.addChordPart(id, each));
      all = [...all, ...completed(await Promise.all(answers))];
    }
    expect(all).toEqual([parts(size)]);
    await opened[0]!.endChord(id);
  }, 60_000);
}

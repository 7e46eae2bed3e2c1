import { describe, expect, test } from '@jest/globals';
import type { ChordPart, ChordProgress } from '@tq/core';
import type { BackendBench } from '../backend-contract.ts';
import { groupsOf } from './groups.ts';
import { encoded } from './metas.ts';

function part(index: number, taskId = `t${index}`): ChordPart {
  return { taskId, state: 'SUCCESS', result: encoded({ value: index }), index };
}

const WAITING: ChordProgress = { kind: 'waiting' };

function complete(parts: readonly ChordPart[]): ChordProgress {
  return { kind: 'complete', parts };
}

function partsOf(progress: ChordProgress): readonly ChordPart[] | undefined {
  return progress.kind === 'complete' ? progress.parts : undefined;
}

export function backendChords(bench: BackendBench): void {
  const whenGroups = bench.groups ? describe : describe.skip;
  whenGroups('chords', () => {
    test('whoever brings the last part gets all of them, in the order of the header', async () => {
      const [one, two] = [groupsOf(await bench.open()), groupsOf(await bench.open())];
      const id = bench.id();
      await one.setChordSize(id, 3);
      expect(await one.addChordPart(id, part(2))).toEqual(WAITING);
      expect(await two.addChordPart(id, part(0))).toEqual(WAITING);
      expect(await two.addChordPart(id, part(1))).toEqual(complete([part(0), part(1), part(2)]));
    });

    test('a header of one is complete at once', async () => {
      const groups = groupsOf(await bench.open());
      const id = bench.id();
      await groups.setChordSize(id, 1);
      expect(await groups.addChordPart(id, part(0))).toEqual(complete([part(0)]));
    });

    test('eleven parts come in the order of numbers, not of texts', async () => {
      const groups = groupsOf(await bench.open());
      const id = bench.id();
      await groups.setChordSize(id, 11);
      let all: readonly ChordPart[] | undefined;
      for (const index of [10, 2, 9, 1, 0, 3, 8, 4, 7, 5, 6])
        all = partsOf(await groups.addChordPart(id, part(index)));
      expect(all?.map((each) => each.index)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    });

    test('parts without a position come in the order of their arrival', async () => {
      const groups = groupsOf(await bench.open());
      const id = bench.id();
      await groups.setChordSize(id, 3);
      const given = ['b', 'a', 'c'].map((taskId) => ({ ...part(0, taskId), index: undefined }));
      let all: readonly ChordPart[] | undefined;
      for (const each of given) all = partsOf(await groups.addChordPart(id, each));
      expect(all?.map((each) => each.taskId)).toEqual(['b', 'a', 'c']);
    });

    test('a task counts once, however often it is delivered', async () => {
      const [one, two] = [groupsOf(await bench.open()), groupsOf(await bench.open())];
      const id = bench.id();
      await one.setChordSize(id, 2);
      expect(await one.addChordPart(id, part(0))).toEqual(WAITING);
      expect(await two.addChordPart(id, part(0))).toEqual(WAITING);
      expect(await one.addChordPart(id, part(0))).toEqual(WAITING);
      expect(partsOf(await two.addChordPart(id, part(1)))).toHaveLength(2);
    });

    test('a task that is delivered again after the end completes nothing', async () => {
      const [one, two] = [groupsOf(await bench.open()), groupsOf(await bench.open())];
      const id = bench.id();
      await one.setChordSize(id, 2);
      await one.addChordPart(id, part(0));
      expect(partsOf(await one.addChordPart(id, part(1)))).toHaveLength(2);
      await one.endChord(id);
      for (const groups of [one, two])
        for (const again of [part(1), part(0)]) expect(await groups.addChordPart(id, again)).toEqual(WAITING);
    });

    test('parts that finish in one tick are counted each', async () => {
      const groups = groupsOf(await bench.open());
      const id = bench.id();
      await groups.setChordSize(id, 100);
      const answers = await Promise.all(
        Array.from({ length: 100 }, (_, index) => groups.addChordPart(id, part(index))),
      );
      expect(answers.filter(({ kind }) => kind === 'complete')).toHaveLength(1);
    });

    test('the size may be set after most of the parts', async () => {
      const groups = groupsOf(await bench.open());
      const id = bench.id();
      expect(await groups.addChordPart(id, part(0))).toEqual(WAITING);
      expect(await groups.addChordPart(id, part(1))).toEqual(WAITING);
      await groups.setChordSize(id, 3);
      expect(partsOf(await groups.addChordPart(id, part(2)))).toHaveLength(3);
    });

    test('failed parts count, and say so', async () => {
      const groups = groupsOf(await bench.open());
      const id = bench.id();
      await groups.setChordSize(id, 2);
      const failed: ChordPart = { ...part(0), state: 'FAILURE', result: encoded({ exc_type: 'E' }) };
      await groups.addChordPart(id, failed);
      expect(await groups.addChordPart(id, part(1))).toEqual(complete([failed, part(1)]));
    });

    test('of many callers at one time exactly one completes the set', async () => {
      const stores = [await bench.open(), await bench.open(), await bench.open()].map(groupsOf);
      const id = bench.id();
      const size = 60;
      await stores[0]!.setChordSize(id, size);
      const answers = await Promise.all(
        Array.from({ length: size }, (_, index) =>
          // every part is delivered twice, by different workers
          [0, 1].map((copy) => stores[(index + copy) % 3]!.addChordPart(id, part(index))),
        ).flat(),
      );
      const completed = answers.filter(({ kind }) => kind === 'complete');
      expect(completed).toHaveLength(1);
      expect(partsOf(completed[0]!)?.map((each) => each.index)).toEqual(
        Array.from({ length: size }, (_, index) => index),
      );
    });

    test('chords don’t mix', async () => {
      const groups = groupsOf(await bench.open());
      const [one, two] = [bench.id(), bench.id()];
      await groups.setChordSize(one, 2);
      await groups.setChordSize(two, 2);
      await groups.addChordPart(one, part(0));
      expect(await groups.addChordPart(two, part(0))).toEqual(WAITING);
      expect(partsOf(await groups.addChordPart(one, part(1)))).toHaveLength(2);
      expect(partsOf(await groups.addChordPart(two, part(1)))).toHaveLength(2);
    });
  });
}

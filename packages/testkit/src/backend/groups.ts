import { describe, expect, test } from '@jest/globals';
import type { GroupStore, ResultBackend } from '@tq/core';
import { eventually } from '../eventually.ts';
import type { BackendBench } from '../backend-contract.ts';

export function groupsOf(backend: ResultBackend): GroupStore {
  if (!backend.groups) throw new Error('This backend has no group store; say so with { groups: false }');
  return backend.groups;
}

export function backendGroups(bench: BackendBench): void {
  const whenGroups = bench.groups ? describe : describe.skip;
  whenGroups('groups', () => {
    test('a saved group is restored as it was, by anyone', async () => {
      const [one, two] = [await bench.open(), await bench.open()];
      const id = bench.id();
      const children = [[['t1', null], null], [['t2', [['p', null], null]], null], { nested: ['日本', 1.5] }];
      await groupsOf(one).save(id, children);
      expect(await groupsOf(two).restore(id)).toEqual(children);
      expect(await groupsOf(two).restore(id)).toEqual(children);
    });

    test('an unknown group is undefined, an empty one is empty', async () => {
      const groups = groupsOf(await bench.open());
      const id = bench.id();
      expect(await groups.restore(id)).toBeUndefined();
      await groups.save(id, []);
      expect(await groups.restore(id)).toEqual([]);
    });

    test('a group saved again is replaced', async () => {
      const groups = groupsOf(await bench.open());
      const id = bench.id();
      await groups.save(id, ['old', 'older']);
      await groups.save(id, ['new']);
      expect(await groups.restore(id)).toEqual(['new']);
    });

    test('a forgotten group is gone, and forgetting twice is no error', async () => {
      const groups = groupsOf(await bench.open());
      const id = bench.id();
      await groups.save(id, ['a']);
      await groups.forget(id);
      expect(await groups.restore(id)).toBeUndefined();
      await groups.forget(id);
    });

    test('a group expires like a result', async () => {
      const groups = groupsOf(await bench.open({ expiresMs: 300 }));
      const id = bench.id();
      const saved = Date.now();
      await groups.save(id, ['a']);
      await eventually(async () => (await groups.restore(id)) === undefined, {
        timeoutMs: 15_000,
        everyMs: 20,
        what: 'the group to expire',
      });
      expect(Date.now() - saved).toBeGreaterThanOrEqual(250);
    });
  });
}

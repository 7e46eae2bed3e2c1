import { describe, expect, test } from '@jest/globals';
import { eventually } from '../eventually.ts';
import type { PoolBench } from '../pool-contract.ts';

/** So long that others are through by then even on a busy machine. */
const SLOW_MS = 2500;

export function poolSendingAhead(bench: PoolBench): void {
  const whenParallel = bench.parallel && bench.traits.kind !== 'async' ? test : test.skip;

  describe('sending ahead', () => {
    whenParallel('a slow job that blocks its event loop delays no fast one of its batch', async () => {
      const rig = await bench.open({ size: 2 });
      await rig.warm('mixed');
      const fast = (): unknown => rig.run({ do: 'echo', value: 0 }, { task: 'mixed' });
      for (let i = 0; i < 40; i++) fast();
      const slow = rig.run({ do: 'spin', ms: SLOW_MS, value: 'slow' }, { task: 'mixed' });
      const behind = Array.from({ length: 80 }, (_, i) =>
        rig.run({ do: 'echo', value: i }, { task: 'mixed' }),
      );
      await Promise.all(behind.map((job) => job.ended()));
      expect(slow.outcomes).toEqual([]);
      expect((await slow.ended()).value).toBe('slow');
    });

    whenParallel('what was finished before a slow job of the same batch is known at once', async () => {
      const rig = await bench.open({ size: 1 });
      await rig.warm('mixed');
      const before = Array.from({ length: 30 }, (_, i) =>
        rig.run({ do: 'echo', value: i }, { task: 'mixed' }),
      );
      const slow = rig.run({ do: 'spin', ms: SLOW_MS }, { task: 'mixed' });
      await Promise.all(before.map((job) => job.ended()));
      expect(slow.outcomes).toEqual([]);
      await slow.ended();
    });

    test('recall() returns all that has not started, without waiting for a blocked host', async () => {
      const rig = await bench.open({ size: 1 });
      await rig.warm('mixed');
      const blocked = bench.parallel;
      const slow = rig.run(blocked ? { do: 'spin', ms: SLOW_MS } : { do: 'sleep', ms: 300 }, {
        task: 'mixed',
        announce: true,
      });
      const others = Array.from({ length: 100 }, (_, i) =>
        rig.run({ do: 'echo', value: i }, { task: 'mixed' }),
      );
      await eventually(() => slow.accepted > 0, { what: 'the slow job to start' });
      rig.pool.recall();
      expect(slow.outcomes).toEqual([]);
      expect(others.map((job) => job.outcomes)).toEqual(others.map(() => [{ kind: 'returned' }]));
      expect(rig.pool.stats()).toMatchObject({ busy: 1, waiting: 0 });
      const next = rig.run({ do: 'echo', value: 'next' }, { task: 'mixed' });
      expect((await slow.ended()).outcome.kind).toBe('succeeded');
      expect((await next.ended()).value).toBe('next');
      expect(others.every((job) => job.accepted === 0)).toBe(true);
    });

    test('a job sent ahead is returned when it is terminated, its neighbours run', async () => {
      const rig = await bench.open({ size: 1 });
      await rig.warm('mixed');
      const slow = rig.run({ do: 'sleep', ms: 200 }, { task: 'mixed', announce: true });
      const others = Array.from({ length: 20 }, (_, i) =>
        rig.run({ do: 'echo', value: i }, { task: 'mixed' }),
      );
      await eventually(() => slow.accepted > 0, { what: 'the slow job to start' });
      others[7]?.execution?.terminate();
      const kinds = await Promise.all(others.map(async (job) => (await job.ended()).outcome.kind));
      expect(kinds).toEqual(others.map((_, i) => (i === 7 ? 'returned' : 'succeeded')));
    });
  });
}

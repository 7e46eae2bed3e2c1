import { describe, expect, test } from '@jest/globals';
import { eventually } from '../eventually.ts';
import type { PoolBench } from '../pool-contract.ts';

const MEGABYTE = 1024 * 1024;

export function poolRecycling(bench: PoolBench): void {
  describe('recycling hosts', () => {
    test('a host is replaced after its share of jobs, and nothing is dropped', async () => {
      const rig = await bench.open({ size: 2, maxTasksPerChild: 20 });
      const jobs = Array.from({ length: 100 }, (_, i) =>
        rig.run({ do: 'echo', value: i }, { task: 'mixed' }),
      );
      const values = await Promise.all(jobs.map(async (job) => (await job.ended()).value));
      expect(values).toEqual(jobs.map((_, i) => i));
      if (!bench.processes) return;
      const shares = new Map<number, number>();
      for (const job of jobs) shares.set(job.pids[0] ?? 0, (shares.get(job.pids[0] ?? 0) ?? 0) + 1);
      expect(shares.size).toBeGreaterThanOrEqual(5);
      expect(Math.max(...shares.values())).toBeLessThanOrEqual(20);
    });

    test('a job that ends within the share of its host is not interrupted by the replacement', async () => {
      const rig = await bench.open({ size: 2, maxTasksPerChild: 2 });
      const jobs = Array.from({ length: 10 }, (_, i) => rig.run({ do: 'sleep', ms: 100, value: i }));
      const values = await Promise.all(jobs.map(async (job) => (await job.ended()).value));
      expect(values).toEqual(jobs.map((_, i) => i));
      expect(rig.logger.lines.filter((line) => line.level === 'error')).toEqual([]);
    });

    test('a host that uses too much memory is replaced after its job', async () => {
      const rig = await bench.open({ size: 1, maxMemoryPerChild: 250 * MEGABYTE });
      const replaced = (): boolean => rig.logger.find('info', 'memory limit').length > 0;
      await rig.value({ do: 'echo', value: 1 });
      expect(replaced()).toBe(false);
      for (let i = 0; i < 10 && !replaced(); i++) {
        expect((await rig.run({ do: 'hoard', size: 50 * MEGABYTE }).ended()).outcome.kind).toBe('succeeded');
      }
      await eventually(replaced, { what: 'the memory limit to be noticed' });
      expect(await rig.value({ do: 'echo', value: 2 })).toBe(2);
      await eventually(() => rig.pool.stats().hosts.length === 1);
      expect(rig.logger.lines.filter((line) => line.level === 'error')).toEqual([]);
    });
  });
}

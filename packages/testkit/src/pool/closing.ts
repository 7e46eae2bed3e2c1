import { describe, expect, test } from '@jest/globals';
import { eventually, within } from '../eventually.ts';
import type { PoolBench } from '../pool-contract.ts';

export function poolClosing(bench: PoolBench): void {
  const whenKillable = bench.traits.killable ? test : test.skip;
  const whenParallel = bench.parallel ? test : test.skip;

  describe('closing', () => {
    test('running jobs finish within the grace, waiting ones are returned', async () => {
      const rig = await bench.open({ size: 1 });
      const running = await rig.started({ do: 'sleep', ms: 300, value: 'done' });
      const waiting = rig.run({ do: 'echo', value: 1 });
      const closing = rig.pool.close({ graceMs: 10_000 });
      expect(waiting.outcomes).toEqual([{ kind: 'returned' }]);
      await within(closing, 5000, 'the pool to close');
      expect((await running.ended()).value).toBe('done');
      const late = rig.run({ do: 'echo', value: 2 });
      expect((await late.ended()).outcome).toEqual({ kind: 'returned' });
    });

    for (const payload of [{ do: 'hang' }, { do: 'spin', ms: 20_000 }] as const) {
      whenKillable(`what outlasts the grace is killed: ${payload.do}`, async () => {
        const rig = await bench.open({ size: 2 });
        const stuck = await rig.started(payload);
        rig.notePids();
        const startedMs = performance.now();
        await within(rig.pool.close({ graceMs: 200 }), 5000, 'the pool to close');
        expect(performance.now() - startedMs).toBeGreaterThanOrEqual(190);
        expect((await stuck.ended()).outcome).toMatchObject({ kind: 'lost', reason: 'exit' });
        expect(rig.livePids()).toEqual([]);
      });
    }

    test('where a job cannot be killed close() settles all the same', async () => {
      const rig = await bench.open({ size: 1 });
      const stuck = await rig.started({ do: 'hang' });
      await within(rig.pool.close({ graceMs: 50 }), 5000, 'the pool to close');
      expect((await stuck.ended()).outcome).toMatchObject({ kind: 'lost', reason: 'exit' });
    });

    test('of two calls the shorter grace wins, and both settle', async () => {
      const rig = await bench.open({ size: 1 });
      const stuck = await rig.started({ do: 'hang' });
      const patient = rig.pool.close({ graceMs: 60_000 });
      const hasty = rig.pool.close({ graceMs: 50 });
      const lax = rig.pool.close({ graceMs: 30_000 });
      await within(Promise.all([patient, hasty, lax]), 5000, 'all three to settle');
      expect((await stuck.ended()).outcome.kind).toBe('lost');
      await within(rig.pool.close({ graceMs: 1000 }), 1000, 'one more');
    });

    test('a pool can be closed before it is started, and while it starts', async () => {
      const unstarted = bench.prepare();
      await within(unstarted.pool.close({ graceMs: 1000 }), 1000, 'the unstarted pool to close');
      await expect(unstarted.pool.start()).rejects.toMatchObject({ code: 'TQ_CLOSED' });
      const starting = bench.prepare();
      const start = starting.pool.start();
      const closed = starting.pool.close({ graceMs: 10_000 });
      await expect(start).rejects.toMatchObject({ code: 'TQ_CLOSED' });
      await within(closed, 5000, 'the starting pool to close');
    });

    whenParallel('resize() grows and shrinks, and lets jobs of leaving hosts finish', async () => {
      const rig = await bench.open({ size: 1 });
      await rig.pool.resize(3);
      expect(rig.pool.size).toBe(3);
      const jobs = Array.from({ length: 3 }, (_, i) =>
        rig.run({ do: 'sleep', ms: 400, value: i }, { announce: true }),
      );
      await eventually(() => rig.pool.stats().busy === 3, { what: 'three jobs at one time' });
      await eventually(() => jobs.every((job) => job.accepted > 0));
      await rig.pool.resize(1);
      expect(rig.pool.size).toBe(1);
      const next = [rig.run({ do: 'sleep', ms: 100 }), rig.run({ do: 'sleep', ms: 100 })];
      const values = await Promise.all(jobs.map(async (job) => (await job.ended()).value));
      expect(values).toEqual([0, 1, 2]);
      await eventually(() => rig.pool.stats().hosts.length === 1, { what: 'one host' });
      expect(rig.pool.stats().busy).toBeLessThanOrEqual(1);
      await Promise.all(next.map((job) => job.ended()));
    });

    whenParallel('the places of idle hosts go first', async () => {
      const rig = await bench.open({ size: 2 });
      const job = await rig.started({ do: 'sleep', ms: 300, value: 1 });
      await rig.pool.resize(1);
      await eventually(() => rig.pool.stats().hosts.length === 1, { what: 'the idle host to leave' });
      expect(job.outcomes).toEqual([]);
      expect((await job.ended()).value).toBe(1);
    });
  });
}

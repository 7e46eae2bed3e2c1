import { describe, expect, test } from '@jest/globals';
import type { AbortReason } from '@tq/core';
import { eventually } from '../eventually.ts';
import type { ContractPayload, PoolBench } from '../pool-contract.ts';

/** A hard limit that is due must have ended its job by then. */
const LATE_MS = 500;

export function poolEnding(bench: PoolBench): void {
  const whenKillable = bench.traits.killable ? test : test.skip;
  const whenParallel = bench.traits.killable && bench.parallel ? test : test.skip;
  const stuck: readonly ContractPayload[] = [{ do: 'spin', ms: 20_000 }, { do: 'hang' }];

  describe('ending jobs', () => {
    test('the soft limit aborts the signal with SoftTimeLimitExceeded and tells the watcher', async () => {
      const rig = await bench.open();
      const job = rig.run({ do: 'obey' }, { softTimeLimitMs: 150 });
      const { outcome, ranMs } = await job.ended();
      expect(outcome).toMatchObject({
        kind: 'failed',
        error: { excType: 'SoftTimeLimitExceeded', excMessage: ['Soft time limit (0.15 s) exceeded'] },
      });
      expect(ranMs).toBeGreaterThanOrEqual(145); // both ends are noted here, not where the job runs
      expect(job.calls).toEqual(['accepted', 'softTimeLimit', 'done']);
    });

    test('limits count from the start of the job, not from its place in the line', async () => {
      const rig = await bench.open({ size: 1 });
      await rig.started({ do: 'sleep', ms: 400 });
      const second = rig.run({ do: 'sleep', ms: 50, value: 2 }, { softTimeLimitMs: 300, timeLimitMs: 350 });
      expect((await second.ended()).value).toBe(2);
      expect(second.calls).toEqual(['accepted', 'done']);
    });

    for (const [reason, error] of [
      ['revoked', 'TaskRevokedError'],
      ['shutdown', 'WorkerShutdown'],
      ['soft-time-limit', 'SoftTimeLimitExceeded'],
    ] as readonly (readonly [AbortReason, string])[]) {
      test(`abort('${reason}') reaches the job as ${error}, before its start too`, async () => {
        const rig = await bench.open({ size: 1 });
        const running = await rig.started({ do: 'obey' });
        const waiting = rig.run({ do: 'obey' });
        waiting.execution?.abort(reason);
        running.execution?.abort(reason);
        const expected = { kind: 'failed', error: { excType: error } };
        expect((await running.ended()).outcome).toMatchObject(expected);
        expect((await waiting.ended()).outcome).toMatchObject(expected);
      });
    }

    test('a job is withdrawn before it starts, and not after', async () => {
      const rig = await bench.open({ size: 1 });
      const first = await rig.started({ do: 'sleep', ms: 200, value: 1 });
      const second = rig.run({ do: 'echo', value: 2 });
      const third = rig.run({ do: 'echo', value: 3 });
      first.execution?.withdraw();
      second.execution?.withdraw();
      expect((await second.ended()).outcome).toEqual({ kind: 'returned' });
      expect((await first.ended()).value).toBe(1);
      expect((await third.ended()).value).toBe(3);
    });

    test('a job says where it runs and since when; one that waits or is over is nowhere', async () => {
      const rig = await bench.open({ size: 1 });
      const beforeMs = Date.now();
      const first = await rig.started({ do: 'sleep', ms: 300, value: 1 });
      const second = rig.run({ do: 'echo', value: 2 });
      const place = first.execution?.place();
      expect(rig.pool.stats().hosts.map(({ pid }) => pid)).toContain(place?.pid);
      expect(place?.sinceMs).toBeGreaterThanOrEqual(beforeMs - 1);
      expect(place?.sinceMs).toBeLessThanOrEqual(Date.now());
      expect(second.execution?.place()).toBeUndefined();
      await Promise.all([first.ended(), second.ended()]);
      expect(first.execution?.place()).toBeUndefined();
    });

    test('after a restart what runs has ended well, and the pool works on', async () => {
      const rig = await bench.open();
      const running = await rig.started({ do: 'sleep', ms: 300, value: 1 });
      rig.pool.restart();
      const next = rig.run({ do: 'echo', value: 2 });
      expect((await running.ended()).value).toBe(1);
      expect((await next.ended()).value).toBe(2);
    });

    test('a job that has not started is returned when it is terminated', async () => {
      const rig = await bench.open({ size: 1 });
      const first = await rig.started({ do: 'sleep', ms: 200, value: 1 });
      const second = rig.run({ do: 'echo', value: 2 });
      const third = rig.run({ do: 'echo', value: 3 });
      second.execution?.terminate();
      expect((await second.ended()).outcome).toEqual({ kind: 'returned' });
      expect((await first.ended()).value).toBe(1);
      expect((await third.ended()).value).toBe(3);
    });

    test('terminating what is over does nothing', async () => {
      const rig = await bench.open({ size: 1 });
      const job = rig.run({ do: 'echo', value: 1 });
      await job.ended();
      job.execution?.terminate();
      job.execution?.abort('revoked');
      expect(await rig.value({ do: 'echo', value: 2 })).toBe(2);
    });

    for (const payload of stuck) {
      whenKillable(`the hard limit ends a job in time: ${payload.do}`, async () => {
        const rig = await bench.open({ size: 1 });
        const job = await rig.started(payload, { timeLimitMs: 200 });
        const { outcome, ranMs } = await job.ended();
        expect(outcome).toMatchObject({ kind: 'lost', reason: 'time-limit' });
        expect(ranMs).toBeLessThan(200 + LATE_MS);
        expect(await rig.value({ do: 'echo', value: 'next' })).toBe('next');
      });

      whenKillable(`terminate() ends a running job: ${payload.do}`, async () => {
        const rig = await bench.open({ size: 1 });
        const job = await rig.started(payload);
        job.execution?.terminate('SIGTERM');
        const { outcome } = await job.ended(2000);
        expect(outcome).toMatchObject({ kind: 'lost', reason: 'terminated' });
        expect(await rig.value({ do: 'echo', value: 'next' })).toBe('next');
      });
    }

    whenKillable('a hung process does not outlive its job for long', async () => {
      const rig = await bench.open({ size: 1 });
      const [before] = rig.pool.stats().hosts;
      await rig.run({ do: 'spin', ms: 20_000 }, { timeLimitMs: 100 }).ended();
      const hosts = (): unknown => rig.pool.stats().hosts;
      await eventually(() => (hosts() as unknown[]).length === 1 && rig.pool.stats().hosts[0] !== before, {
        what: 'one fresh host',
      });
      rig.notePids();
      if (bench.processes) await eventually(() => rig.livePids().length === 1, { what: 'one process' });
    });

    whenParallel('others are not harmed when a job is ended', async () => {
      const rig = await bench.open({ size: 3 });
      const siblings = [
        rig.run({ do: 'sleep', ms: 900, value: 1 }),
        rig.run({ do: 'sleep', ms: 900, value: 2 }),
      ];
      const job = await rig.started({ do: 'hang' }, { timeLimitMs: 100 });
      expect((await job.ended()).outcome).toMatchObject({ kind: 'lost', reason: 'time-limit' });
      expect(await rig.value({ do: 'echo', value: 'meanwhile' })).toBe('meanwhile');
      const values = await Promise.all(siblings.map(async (one) => (await one.ended()).value));
      expect(values).toEqual([1, 2]);
    });

    (bench.traits.killable ? test.skip : test)(
      'where nothing can be killed, terminate() and the hard limit abort the signal',
      async () => {
        const rig = await bench.open();
        const late = await rig.run({ do: 'obey' }, { timeLimitMs: 100 }).ended();
        expect(late.outcome).toMatchObject({ kind: 'failed', error: { excType: 'SoftTimeLimitExceeded' } });
        const job = await rig.started({ do: 'obey' });
        job.execution?.terminate();
        expect((await job.ended()).outcome).toMatchObject({
          kind: 'failed',
          error: { excType: 'TaskRevokedError' },
        });
      },
    );
  });
}

import { describe, expect, test } from '@jest/globals';
import { eventually } from '../eventually.ts';
import type { PoolBench } from '../pool-contract.ts';

const MEGABYTE = 1024 * 1024;

export function poolRunning(bench: PoolBench): void {
  const whenParallel = bench.parallel ? test : test.skip;
  const whenSerialized = bench.processes ? test : test.skip;

  describe('running jobs', () => {
    test('a job is accepted, then done with its outcome', async () => {
      const rig = await bench.open();
      const job = rig.run({ do: 'echo', value: [4, 'vier', null] });
      expect((await job.ended()).value).toEqual([4, 'vier', null]);
      expect(job.calls).toEqual(['accepted', 'done']);
      const hosts = rig.pool.stats().hosts.map((host) => host.pid);
      expect(hosts).toContain(job.pids[0]);
    });

    test('a job given before the start runs after it', async () => {
      const rig = bench.prepare();
      const job = rig.run({ do: 'echo', value: 1 });
      expect(rig.pool.stats().waiting).toBe(1);
      await rig.pool.start();
      expect((await job.ended()).value).toBe(1);
    });

    test('hundreds of jobs each end once with their own outcome', async () => {
      const rig = await bench.open();
      const jobs = Array.from({ length: 500 }, (_, i) => rig.run({ do: 'echo', value: i }));
      const values = await Promise.all(jobs.map(async (job) => (await job.ended()).value));
      expect(values).toEqual(jobs.map((_, i) => i));
      const done = rig.pool.stats().hosts.reduce((sum, host) => sum + host.done, 0);
      expect(done).toBe(500);
    });

    whenParallel('as many jobs run at one time as there are slots, no more', async () => {
      const rig = await bench.open({ size: 3 });
      const jobs = Array.from({ length: 5 }, () => rig.run({ do: 'sleep', ms: 300 }, { announce: true }));
      const accepted = (): number => jobs.filter((job) => job.accepted > 0).length;
      await eventually(() => accepted() === 3, { what: 'three jobs to start' });
      expect(rig.pool.stats()).toMatchObject({ size: 3, busy: 3, waiting: 2 });
      expect(jobs.filter((job) => job.outcomes.length > 0)).toEqual([]);
      await Promise.all(jobs.map((job) => job.ended()));
    });

    test('the watcher is asked once, when a slot is free; a refusal returns the job', async () => {
      const rig = await bench.open({ size: 1 });
      const asked: string[] = [];
      const first = await rig.started({ do: 'sleep', ms: 100 });
      const ask = (name: string, wanted: boolean) => ({
        ready: () => {
          asked.push(`${name} after ${first.outcomes.length}`);
          return wanted;
        },
      });
      const no = rig.run({ do: 'echo', value: 1 }, {}, ask('no', false));
      const yes = rig.run({ do: 'echo', value: 2 }, {}, ask('yes', true));
      expect((await no.ended()).outcome).toEqual({ kind: 'returned' });
      expect((await yes.ended()).value).toBe(2);
      expect(asked).toEqual(['no after 1', 'yes after 1']);
      expect(no.calls).toEqual(['done']);
    });

    test('a handler that rejects fails its job and harms nobody', async () => {
      const rig = await bench.open();
      const { outcome } = await rig.run({ do: 'break', value: 'broken' }).ended();
      expect(outcome).toMatchObject({
        kind: 'failed',
        error: { excType: 'TypeError', excMessage: ['broken'] },
      });
      expect(await rig.value({ do: 'echo', value: 'next' })).toBe('next');
    });

    test('a watcher that throws is logged and changes nothing', async () => {
      const rig = await bench.open();
      const fail = (): never => {
        throw new Error('bad watcher');
      };
      const job = rig.run({ do: 'echo', value: 1 }, {}, { accepted: fail, done: fail });
      await eventually(() => job.outcomes.length === 1);
      expect(rig.logger.lines.filter((line) => line.level === 'error')).toHaveLength(2);
      expect(await rig.value({ do: 'echo', value: 2 })).toBe(2);
    });

    test('a job asks whoever started it, and gets the answer or the reason for none', async () => {
      const rig = await bench.open();
      const asked = async (question: unknown): Promise<unknown> => {
        if (question === 'bad') throw new RangeError('no such thing');
        return { question };
      };
      const good = rig.run({ do: 'ask', value: 'good' }, {}, { asked });
      expect((await good.ended()).value).toEqual({ question: 'good' });
      const bad = await rig.run({ do: 'ask', value: 'bad' }, {}, { asked }).ended();
      expect(bad.outcome).toMatchObject({ kind: 'failed', error: { excMessage: ['no such thing'] } });
      const nobody = await rig.run({ do: 'ask', value: 'x' }).ended();
      expect(nobody.outcome.kind).toBe('failed');
    });

    test('what a job logs arrives with its level, its fields and the name of the process', async () => {
      const rig = await bench.open({ size: 1 });
      await rig.value({ do: 'log', value: 'a line' });
      expect(rig.logs).toContainEqual({
        processName: expect.stringMatching(/^\w+(-1)?$/),
        index: 1,
        level: 'info',
        message: 'a line',
        fields: { from: 'job' },
      });
    });

    (bench.traits.killable ? test : test.skip)('what a job prints becomes log lines', async () => {
      const rig = await bench.open({ size: 1 });
      await rig.value({ do: 'print', value: 'one\ntwo' });
      const printed = (): unknown[] => rig.logs.map((line) => [line.level, line.message]);
      await eventually(() => printed().length === 2, { what: 'two printed lines' });
      expect(printed()).toEqual([
        ['warn', 'one'],
        ['warn', 'two'],
      ]);
    });

    test('payloads and results of 20 MB arrive', async () => {
      const rig = await bench.open();
      const text = 'ä'.repeat(10 * MEGABYTE);
      const jobs = [rig.run({ do: 'size', value: text }), rig.run({ do: 'size', value: text })];
      for (const job of jobs) expect((await job.ended()).value).toBe(text.length);
      const big = (await rig.run({ do: 'big', size: 20 * MEGABYTE }).ended()).value as string;
      expect(big).toHaveLength(20 * MEGABYTE);
    });

    whenSerialized('a payload that cannot be sent is refused, and its neighbours run', async () => {
      const rig = await bench.open();
      const circular: Record<string, unknown> = {};
      circular['self'] = circular;
      const jobs = [1, circular, 3, 4].map((value) => rig.run({ do: 'echo', value }, { task: 'mixed' }));
      const [one, bad, three, four] = await Promise.all(jobs.map(async (job) => await job.ended()));
      expect(bad?.outcome).toMatchObject({ kind: 'rejected', requeue: false });
      expect([one?.value, three?.value, four?.value]).toEqual([1, 3, 4]);
      expect(await rig.value({ do: 'echo', value: 5 }, { task: 'mixed' })).toBe(5);
    });
  });
}

import { describe, expect, test } from '@jest/globals';
import { eventually } from '../eventually.ts';
import type { ContractPayload, PoolBench } from '../pool-contract.ts';
import type { Rig } from './rig.ts';
import type { RunningJob } from './running-job.ts';

export function poolLoss(bench: PoolBench): void {
  const whenProcesses = bench.processes ? test : test.skip;

  describe('losing hosts', () => {
    test('a job whose host exits is lost, the reason is known, and the pool is full again', async () => {
      const rig = await bench.open({ size: 2 });
      const hosts = rig.pool.stats().hosts.length;
      const { outcome } = await rig.run({ do: 'exit', code: 7 }).ended();
      expect(outcome).toEqual({ kind: 'lost', reason: 'exit', detail: 'exit code 7' });
      await eventually(() => rig.pool.stats().hosts.length === hosts, { timeoutMs: 2000 });
      expect(await rig.value({ do: 'echo', value: 'next' })).toBe('next');
      expect(rig.logger.find('error', 'exit code 7')).toHaveLength(1);
    });

    whenProcesses('a process that is killed is named with its signal', async () => {
      const rig = await bench.open({ size: 1 });
      const { outcome } = await rig.run({ do: 'kill' }).ended();
      expect(outcome).toEqual({ kind: 'lost', reason: 'exit', detail: 'signal SIGKILL' });
    });

    test('jobs sent ahead to a host that dies run elsewhere', async () => {
      const rig = await bench.open({ size: 1 });
      await rig.warm('mixed');
      const deadly = rig.run({ do: 'exit', code: 1 }, { task: 'mixed' });
      const others = Array.from({ length: 30 }, (_, i) =>
        rig.run({ do: 'echo', value: i }, { task: 'mixed' }),
      );
      expect((await deadly.ended()).outcome).toMatchObject({ kind: 'lost', reason: 'exit' });
      const values = await Promise.all(others.map(async (job) => (await job.ended()).value));
      expect(values).toEqual(others.map((_, i) => i));
    });

    for (const [stray, text] of [
      ['throwLater', 'a stray error'],
      ['rejectLater', 'a stray rejection'],
    ] as const) {
      test(`${stray}: ${text} after the end of a job is logged with its stack and costs only its host`, async () => {
        const rig = await bench.open({ size: 1 });
        const job = rig.run({ do: stray });
        expect((await job.ended()).outcome.kind).toBe('succeeded');
        const found = () => rig.logs.filter((line) => line.level === 'error' && line.message.includes(text));
        await eventually(() => found().length === 1, { what: 'the error in the log' });
        expect(found()[0]?.message).toMatch(/handler\.\w+:\d+/);
        await eventually(() => rig.logger.find('error', 'exit code 1').length === 1, {
          what: 'the end of the host',
        });
        expect(await rig.value({ do: 'echo', value: 'next' })).toBe('next');
      });
    }

    whenProcesses(
      'under random kills every job ends exactly once, and nothing finished is lost',
      async () => {
        const rig = await bench.open({ size: 3 });
        await rig.warm('mixed');
        const storm = killNowAndThen(rig, 200);
        const jobs: RunningJob[] = [];
        while (storm.kills < 8) {
          const wave = Array.from({ length: 500 }, (_, i) => rig.run(payloadOf(i), { task: 'mixed' }));
          await Promise.all(wave.map((job) => job.ended(30_000)));
          jobs.push(...wave);
        }
        storm.stop();
        const kinds = jobs.map((job) => job.outcomes[0]?.kind);
        const lost = kinds.filter((kind) => kind === 'lost').length;
        expect(kinds.filter((kind) => kind === 'succeeded').length + lost).toBe(jobs.length);
        // Only what was running: no more than all slots for each kill.
        expect(lost).toBeLessThanOrEqual(storm.kills * rig.pool.size);
        expect(jobs.filter((job) => job.accepted > 1)).toEqual([]);
        expect(rig.pool.stats().hosts.length).toBeGreaterThan(0);
      },
      90_000,
    );
  });
}

/** Mostly short, now and then long or large. */
function payloadOf(i: number): ContractPayload {
  if (i === 250) return { do: 'size', value: 'x'.repeat(20 * 1024 * 1024) };
  if (i % 50 === 0) return { do: 'sleep', ms: 20, value: i };
  return { do: 'echo', value: i };
}

interface Storm {
  readonly kills: number;
  stop(): void;
}

function killNowAndThen(rig: Rig, everyMs: number): Storm {
  let kills = 0;
  const timer = setInterval(() => {
    rig.notePids();
    const { hosts } = rig.pool.stats();
    const host = hosts[Math.floor(Math.random() * hosts.length)];
    if (host && host.done > 0 && process.kill(host.pid, 'SIGKILL')) kills++;
  }, everyMs);
  return {
    get kills() {
      return kills;
    },
    stop: () => clearInterval(timer),
  };
}

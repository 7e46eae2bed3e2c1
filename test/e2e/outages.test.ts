// Brokers that die under load, and networks that swallow everything: workers and clients go on by themselves.
// TQ_TEST_OUTAGES says how many outages of each length; 20 for the whole proof.
import { createApp } from '@tq/core';
import { eventually, startRabbitmq, startRedis } from '@tq/testkit';
import type { TestServer } from '@tq/testkit';
import { Ledger } from './support/ledger.ts';
import { Load } from './support/load.ts';
import { Workplace } from './support/worker-process.ts';
import type { WorkerProcess } from './support/worker-process.ts';

const OUTAGES = Number(process.env['TQ_TEST_OUTAGES'] ?? 1);
const LENGTHS_MS = [100, 1000, 6000];
const POOLS = ['prefork', 'threads', 'async', 'solo'];
/** From the moment at which the broker's port answers. */
const RECOVERY_MS = 5000;

const SERVERS = {
  redis: () => startRedis({ persistent: true, config: ['--appendfsync', 'always'] }),
  rabbitmq: () => startRabbitmq(),
};

/** From the kill to the moment at which every worker has run something new. */
interface Outage {
  readonly fromMs: number;
  readonly backMs: number;
  readonly overMs: number;
}

describe.each(['redis', 'rabbitmq'] as const)('%s dies under load', (service) => {
  let server: TestServer;
  let place: Workplace;

  beforeAll(async () => {
    server = await SERVERS[service]();
    place = new Workplace({
      fixture: 'outage',
      broker: server.url.href,
      env: { TQ_RESULT_BACKEND: undefined },
    });
  }, 90_000);
  afterAll(async () => {
    place[Symbol.dispose]();
    await server.end();
  }, 30_000);

  test(
    `${OUTAGES * LENGTHS_MS.length} times: every worker works again within 5 s, and nothing that was confirmed is lost`,
    async () => {
      const workers = POOLS.map((pool) =>
        place.worker('-P', pool, '-c', '1', '-Q', pool, '-n', `${pool}@%h`),
      );
      await Promise.all(workers.map((worker) => worker.ready()));
      const app = createApp('client', { broker: server.url.href });
      const load = new Load(app, POOLS, 25);
      const ledger = new Ledger(place.ledgerFile);
      const outages: Outage[] = [];
      try {
        await worksAgain(Date.now(), { load, ledger, workers });
        for (const lengthMs of LENGTHS_MS)
          for (let turn = 0; turn < OUTAGES; turn++)
            outages.push(await outage(server, lengthMs, { load, ledger, workers }));
      } finally {
        await load.stop();
        await app.close();
      }
      await eventually(() => lost(load, ledger).length === 0, {
        timeoutMs: 30_000,
        everyMs: 100,
        what: `what was confirmed to run: ${lost(load, ledger).length} are missing`,
      }).catch((error: unknown) => {
        throw new Error(`Lost: ${lost(load, ledger).slice(0, 20).join(', ')}`, { cause: error });
      });
      const repeated = [...ledger.runs()].filter(([, runs]) => runs.length > 1);
      report(service, outages, { repeated: repeated.length, runs: ledger.runs().size, load });
      expect(repeated.filter(([, runs]) => !isExcused(runs, outages))).toEqual([]);
      expect(outages.filter(({ backMs, overMs }) => overMs - backMs > RECOVERY_MS)).toEqual([]);
      expect(workers.map((worker) => /unhandled|uncaught/i.test(worker.output))).toEqual(
        POOLS.map(() => false),
      );
      for (const worker of workers) worker.child.kill('SIGTERM');
      expect(await Promise.all(workers.map((worker) => worker.exited))).toEqual(POOLS.map(() => 0));
    },
    60_000 + OUTAGES * 240_000,
  );
});

interface Scene {
  readonly load: Load;
  readonly ledger: Ledger;
  readonly workers: readonly WorkerProcess[];
}

async function outage(server: TestServer, lengthMs: number, scene: Scene): Promise<Outage> {
  const fromMs = Date.now();
  await server.kill();
  await new Promise((resolve) => setTimeout(resolve, lengthMs));
  await server.start();
  const backMs = Date.now();
  return { fromMs, backMs, overMs: await worksAgain(backMs, scene) };
}

/** Resolves with the moment at which every queue had something run that was published after `sinceMs`. */
async function worksAgain(sinceMs: number, { load, ledger, workers }: Scene): Promise<number> {
  const firsts = new Map<string, number>();
  let seen = ledger.order.length;
  try {
    await eventually(
      () => {
        const runs = ledger.runs();
        for (; seen < ledger.order.length; seen++) {
          const call = ledger.order[seen] as string;
          const queue = call.split(' ')[0] as string;
          if ((load.madeAtMs.get(call) ?? 0) >= sinceMs && !firsts.has(queue))
            firsts.set(queue, runs.get(call)?.[0] as number);
        }
        return firsts.size === POOLS.length;
      },
      { timeoutMs: 20_000, everyMs: 50 },
    );
  } catch (error) {
    const silent = POOLS.filter((pool) => !firsts.has(pool));
    const said = workers.map((worker) => worker.output.slice(-1500)).join('\n---\n');
    throw new Error(`Nothing runs any more in ${silent.join(', ')}:\n${said}`, { cause: error });
  }
  return Math.max(...firsts.values());
}

function lost(load: Load, ledger: Ledger): readonly string[] {
  const runs = ledger.runs();
  return [...load.confirmed].filter((call) => !runs.has(call));
}

/** A call may run again when an outage lies between: its acknowledgement was on the way. */
function isExcused(runs: readonly number[], outages: readonly Outage[]): boolean {
  const sorted = runs.toSorted((a, b) => a - b);
  return sorted.slice(1).every((last, index) => {
    const first = sorted[index] as number;
    return outages.some(({ fromMs, overMs }) => first <= overMs && last >= fromMs);
  });
}

function report(
  service: string,
  outages: readonly Outage[],
  numbers: { readonly repeated: number; readonly runs: number; readonly load: Load },
): void {
  if (process.env['TQ_TEST_OUTAGES'] === undefined) return;
  const times = outages.map(({ backMs, overMs }) => overMs - backMs).sort((a, b) => a - b);
  const at = (part: number): number =>
    times[Math.min(times.length - 1, Math.floor(part * times.length))] ?? 0;
  process.stdout.write(
    `${service}: ${outages.length} outages, recovery p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, longest ${at(1)} ms; ` +
      `${numbers.load.confirmed.size} confirmed, ${numbers.load.failed.size} failed, ${numbers.runs} run, ${numbers.repeated} run again\n`,
  );
}

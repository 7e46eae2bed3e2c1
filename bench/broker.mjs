// Brokers of a run, and draining a queue on them: tq's workers and Celery's, measured by what their children write down.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { keep } from '../tools/services/kept.mjs';
import { ranIn, rateOf } from './ledger.mjs';
import { PEERS, celeryPeer } from './peers/peers.mjs';
import { ask, found, start } from './programs.mjs';
import { inFolder } from './queue-file.mjs';

/** Starts a private server for a measurement. */
export async function openServer(service) {
  const { url, end } = await keep(service);
  return { url, [Symbol.asyncDispose]: end };
}

/** Starts several; `urls` are by service. */
export async function openServers(...services) {
  const servers = await Promise.all(services.map(openServer));
  return {
    urls: Object.fromEntries(services.map((service, index) => [service, servers[index].url])),
    async [Symbol.asyncDispose]() {
      await Promise.all(servers.map((server) => server[Symbol.asyncDispose]()));
    },
  };
}

/** What a program of apps/ or peers/ is told. Without results, `backend` is left out. */
export function brokerEnv(broker, backend) {
  return { BENCH_QUEUE: broker, BENCH_RESULTS: backend ?? '' };
}

/** Tasks a second, from the first to the last that a tq worker ran. */
export function drainByTq({ folder, env, count, task, args }) {
  return drain({ folder, env, count, task }, (more) => start(['worker.mjs', ...args], { env: more }));
}

/** The same of a Celery worker with two processes. */
export function drainByCelery({ folder, env, count, task }) {
  return drain({ folder, env, count, task }, (more) =>
    start(
      [
        '-m',
        'celery',
        '-A',
        'celery_app',
        'worker',
        '-c',
        '2',
        '-l',
        'error',
        '--without-gossip',
        '--without-mingle',
        '--without-heartbeat',
      ],
      { command: celeryPeer().python, cwd: PEERS, env: { ...more, PYTHONUNBUFFERED: '1' } },
    ),
  );
}

async function drain({ folder, env, count, task }, open) {
  return inFolder(folder, async (here) => {
    const ledger = join(here, 'ledger');
    mkdirSync(ledger);
    await ask(['enqueue.mjs', String(count), '500', task], { env });
    const program = open({ ...env, BENCH_LEDGER: ledger });
    const looked = found(() => (ranIn(ledger) >= count ? true : undefined), `${count} tasks did not run`);
    await program.alive(looked);
    await program.stop();
    return rateOf(ledger, count);
  });
}

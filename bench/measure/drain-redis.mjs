// How fast two processes empty a queue on Redis: tq, Celery and BullMQ.
import { brokerEnv, drainByCelery, drainByTq, openServers } from '../broker.mjs';
import { PEERS, bullMissing, celeryMissing } from '../peers/peers.mjs';
import { ask } from '../programs.mjs';

const TQ = 40_000;
const CELERY = 3000;
const BULL = 5000;

/** @type {import('../harness.mjs').Measurement} */
export default {
  name: 'drain-redis',
  title: 'Drain no-op tasks from Redis',
  unit: 'tasks/s',
  rounds: 3,
  seconds: 120,
  open: () => openServers('redis'),
  subjects: [
    { name: 'tq prefork -c 2', run: (shared) => tq(shared, 'noop', 'prefork', '2') },
    { name: 'tq prefork -c 2, results stored', run: (shared) => tq(shared, 'echo', 'prefork', '2') },
    { name: 'tq solo', run: (shared) => tq(shared, 'noop', 'solo', '1') },
    { name: 'Celery prefork -c 2', missing: celeryMissing, run: (shared) => celery(shared, 'noop') },
    {
      name: 'Celery prefork -c 2, results stored',
      missing: celeryMissing,
      run: (shared) => celery(shared, 'echo'),
    },
    { name: 'BullMQ, 2 sandboxed', missing: bullMissing, run: (shared) => bull(shared, 'sandboxed', '2') },
    {
      name: 'BullMQ, 100 in one process',
      missing: bullMissing,
      run: (shared) => bull(shared, 'inline', '100'),
    },
  ],
  goals: [
    { row: 'tq prefork -c 2', is: 'at least', factor: 15, against: 'Celery prefork -c 2' },
    { row: 'tq prefork -c 2', is: 'at least', factor: 5, against: 'BullMQ, 2 sandboxed' },
    {
      row: 'tq prefork -c 2, results stored',
      is: 'at least',
      factor: 12,
      against: 'Celery prefork -c 2, results stored',
    },
  ],
  note: 'From the first to the last task that ran. All queues are filled before the worker starts.',
};

function envOf({ urls }, task) {
  return brokerEnv(urls.redis, task === 'echo' ? urls.redis : undefined);
}

function tq(shared, task, ...args) {
  return drainByTq({ folder: shared.folder, env: envOf(shared, task), count: TQ, task, args });
}

function celery(shared, task) {
  return drainByCelery({ folder: shared.folder, env: envOf(shared, task), count: CELERY, task });
}

async function bull({ urls }, kind, concurrency) {
  const args = ['bull-drain.mjs', String(BULL), kind, concurrency];
  const { count, ms } = await ask(args, { cwd: PEERS, env: brokerEnv(`${urls.redis}/1`) });
  return (count / ms) * 1000;
}

// How long a chord takes on Redis, from its call to the result of its body: tq, Celery, and BullMQ's flows.
import { brokerEnv, openServers } from '../broker.mjs';
import { PEERS, bullMissing, celeryMissing, celeryPeer } from '../peers/peers.mjs';
import { ask, start } from '../programs.mjs';

const SIZES = ['1000', '10000'];

/** @type {import('../harness.mjs').Measurement} */
export default {
  name: 'chord-redis',
  title: 'A chord on Redis, from its call to the result of its body',
  unit: 'ms',
  rounds: 3,
  seconds: 120,
  open: () => openServers('redis'),
  subjects: [
    { name: 'tq prefork -c 2', run: ({ urls }) => tq('prefork', urls.redis) },
    { name: 'tq solo', run: ({ urls }) => tq('solo', urls.redis) },
    { name: 'Celery prefork -c 2', missing: celeryMissing, run: ({ urls }) => celery(urls.redis) },
    { name: 'BullMQ flow, 100 in one process', missing: bullMissing, run: ({ urls }) => bull(urls.redis) },
  ],
  goals: [
    { row: 'tq prefork -c 2, 1000', is: 'at most', factor: 1 / 10, against: 'Celery prefork -c 2, 1000' },
    { row: 'tq prefork -c 2, 10000', is: 'at most', factor: 1 / 10, against: 'Celery prefork -c 2, 10000' },
    {
      row: 'tq prefork -c 2, 1000',
      is: 'at most',
      factor: 1 / 2.5,
      against: 'BullMQ flow, 100 in one process, 1000',
    },
    { row: 'tq prefork -c 2, 10000', is: 'at most', factor: 11, against: 'tq prefork -c 2, 1000' },
  ],
};

async function tq(pool, url) {
  const env = brokerEnv(`${url}/3`, `${url}/3`);
  const worker = start(['worker.mjs', pool, '2'], { env });
  await worker.says('ready');
  return timesOf(await stopping(worker, ask(['chord.mjs', ...SIZES], { env, beside: worker })));
}

async function celery(url) {
  const env = brokerEnv(`${url}/4`, `${url}/4`);
  const options = { command: celeryPeer().python, cwd: PEERS, env };
  const args = ['-m', 'celery', '-A', 'celery_app', 'worker', '-c', '2', '-l', 'error'];
  const worker = start([...args, '--without-gossip', '--without-mingle', '--without-heartbeat'], options);
  return timesOf(await stopping(worker, ask(['celery_chord.py', ...SIZES], { ...options, beside: worker })));
}

async function bull(url) {
  return timesOf(await ask(['bull-flow.mjs', ...SIZES], { cwd: PEERS, env: brokerEnv(`${url}/5`) }));
}

async function stopping(worker, asked) {
  const answer = await asked;
  await worker.stop();
  return answer;
}

function timesOf(times) {
  return Object.fromEntries(SIZES.map((size, index) => [size, times[index]]));
}

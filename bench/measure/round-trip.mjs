// How long a caller waits for the result of one call on Redis and RabbitMQ, when nothing else is to be done.
import { brokerEnv, openServers } from '../broker.mjs';
import { quantile } from '../harness.mjs';
import { PEERS, celeryMissing, celeryPeer } from '../peers/peers.mjs';
import { ask, start } from '../programs.mjs';

const COUNT = '300';

/** @type {import('../harness.mjs').Measurement} */
export default {
  name: 'round-trip',
  title: 'A call and its result, one at a time; caller and worker in processes of their own',
  unit: 'ms',
  rounds: 3,
  seconds: 120,
  open: () => openServers('redis', 'rabbitmq'),
  subjects: [
    { name: 'tq solo on Redis', run: ({ urls }) => tq('solo', urls.redis, urls.redis) },
    { name: 'tq on Redis', run: ({ urls }) => tq('prefork', urls.redis, urls.redis) },
    { name: 'tq solo on RabbitMQ, rpc', run: ({ urls }) => tq('solo', urls.rabbitmq, 'rpc://') },
    { name: 'tq on RabbitMQ, rpc', run: ({ urls }) => tq('prefork', urls.rabbitmq, 'rpc://') },
    { name: 'Celery on Redis', missing: celeryMissing, run: ({ urls }) => celery(urls.redis, urls.redis) },
    {
      name: 'Celery on RabbitMQ, rpc',
      missing: celeryMissing,
      run: ({ urls }) => celery(urls.rabbitmq, 'rpc://'),
    },
  ],
  goals: [
    { row: 'tq solo on Redis, p50', is: 'at most', factor: 1 / 3, against: 'Celery on Redis, p50' },
    { row: 'tq on Redis, p50', is: 'at most', factor: 1 / 3, against: 'Celery on Redis, p50' },
    {
      row: 'tq solo on RabbitMQ, rpc, p50',
      is: 'at most',
      factor: 1 / 3,
      against: 'Celery on RabbitMQ, rpc, p50',
    },
    {
      row: 'tq on RabbitMQ, rpc, p50',
      is: 'at most',
      factor: 1 / 3,
      against: 'Celery on RabbitMQ, rpc, p50',
    },
  ],
  note: 'The workers are prefork -c 2 where nothing else is said.',
};

async function tq(pool, broker, backend) {
  const env = brokerEnv(broker, backend);
  const worker = start(['worker.mjs', pool, '2'], { env });
  await worker.says('ready');
  return roundTrips(worker, ['round-trip.mjs', COUNT], { env });
}

async function celery(broker, backend) {
  const env = brokerEnv(broker, backend);
  const { python: command } = celeryPeer();
  const args = ['-m', 'celery', '-A', 'celery_app', 'worker', '-c', '2', '-l', 'error'];
  const worker = start([...args, '--without-gossip', '--without-mingle'], { command, cwd: PEERS, env });
  return roundTrips(worker, ['celery_round_trip.py', COUNT], { command, cwd: PEERS, env });
}

async function roundTrips(worker, args, options) {
  const times = await ask(args, { ...options, beside: worker });
  await worker.stop();
  const sorted = times.toSorted((a, b) => a - b);
  return { p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99) };
}

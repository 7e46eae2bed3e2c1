// How fast callers get rid of tasks on RabbitMQ. tq always waits for the broker's word, Celery only when it is told to.
import { brokerEnv, openServers } from '../broker.mjs';
import { PEERS, celeryMissing, celeryPeer } from '../peers/peers.mjs';
import { ask } from '../programs.mjs';

const EACH = '2000';
const MANY = '20000';

/** @type {import('../harness.mjs').Measurement} */
export default {
  name: 'enqueue-amqp',
  title: 'Enqueue no-op tasks on RabbitMQ',
  unit: 'tasks/s',
  rounds: 5,
  seconds: 60,
  warmUps: 1,
  open: () => openServers('rabbitmq'),
  subjects: [
    { name: 'tq, confirmed each', run: ({ urls }) => tq(urls, EACH, '1') },
    { name: 'tq, confirmed, many in flight', run: ({ urls }) => tq(urls, MANY, '500') },
    { name: 'Celery', missing: celeryMissing, run: ({ urls }) => celery(urls, [EACH]) },
    {
      name: 'Celery, confirmed each',
      missing: celeryMissing,
      run: ({ urls }) => celery(urls, [EACH, 'confirm']),
    },
  ],
  goals: [
    { row: 'tq, confirmed, many in flight', is: 'at least', factor: 10, against: 'Celery, confirmed each' },
    { row: 'tq, confirmed, many in flight', is: 'at least', factor: 2.5, against: 'Celery' },
    { row: 'tq, confirmed each', is: 'at least', factor: 1.6, against: 'Celery, confirmed each' },
  ],
};

function tq({ rabbitmq }, count, inFlight) {
  return rate(['enqueue.mjs', count, inFlight], { env: brokerEnv(rabbitmq) });
}

function celery({ rabbitmq }, args) {
  const { python: command } = celeryPeer();
  return rate(['celery_enqueue.py', ...args], { command, cwd: PEERS, env: brokerEnv(rabbitmq) });
}

async function rate(args, options) {
  const { count, ms } = await ask(args, options);
  return (count / ms) * 1000;
}

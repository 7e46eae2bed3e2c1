// How fast two processes empty a queue on RabbitMQ: tq and Celery.
import { brokerEnv, drainByCelery, drainByTq, openServers } from '../broker.mjs';
import { celeryMissing } from '../peers/peers.mjs';

const TQ = 20_000;
const CELERY = 8000;

/** @type {import('../harness.mjs').Measurement} */
export default {
  name: 'drain-amqp',
  title: 'Drain no-op tasks from RabbitMQ',
  unit: 'tasks/s',
  rounds: 3,
  seconds: 120,
  open: () => openServers('rabbitmq', 'redis'),
  subjects: [
    { name: 'tq prefork -c 2', run: (shared) => tq(shared, 'noop', 'prefork', '2') },
    { name: 'tq prefork -c 2, results in Redis', run: (shared) => tq(shared, 'echo', 'prefork', '2') },
    { name: 'tq solo', run: (shared) => tq(shared, 'noop', 'solo', '1') },
    { name: 'Celery prefork -c 2', missing: celeryMissing, run: (shared) => celery(shared, 'noop') },
    {
      name: 'Celery prefork -c 2, results in Redis',
      missing: celeryMissing,
      run: (shared) => celery(shared, 'echo'),
    },
  ],
  goals: [{ row: 'tq prefork -c 2', is: 'at least', factor: 4, against: 'Celery prefork -c 2' }],
  note: 'From the first to the last task that ran. All queues are filled before the worker starts.',
};

function envOf({ urls }, task) {
  return brokerEnv(urls.rabbitmq, task === 'echo' ? urls.redis : undefined);
}

function tq(shared, task, ...args) {
  return drainByTq({ folder: shared.folder, env: envOf(shared, task), count: TQ, task, args });
}

function celery(shared, task) {
  return drainByCelery({ folder: shared.folder, env: envOf(shared, task), count: CELERY, task });
}

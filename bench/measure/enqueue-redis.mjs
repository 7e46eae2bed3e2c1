// How fast callers get rid of tasks on Redis: waiting for each, and with many on their way.
import { brokerEnv, openServers } from '../broker.mjs';
import { PEERS, bullMissing } from '../peers/peers.mjs';
import { ask } from '../programs.mjs';

const EACH = '3000';
const MANY = '30000';
const IN_FLIGHT = '500';

/** @type {import('../harness.mjs').Measurement} */
export default {
  name: 'enqueue-redis',
  title: 'Enqueue no-op tasks on Redis',
  unit: 'tasks/s',
  rounds: 5,
  seconds: 60,
  warmUps: 1,
  open: () => openServers('redis'),
  subjects: [
    { name: 'tq, awaited each', run: ({ urls }) => tq(urls, EACH, '1') },
    { name: 'tq, many in flight', run: ({ urls }) => tq(urls, MANY, IN_FLIGHT) },
    { name: 'BullMQ, awaited each', missing: bullMissing, run: ({ urls }) => bull(urls, EACH, '1') },
    { name: 'BullMQ, many in flight', missing: bullMissing, run: ({ urls }) => bull(urls, MANY, IN_FLIGHT) },
  ],
  goals: [{ row: 'tq, many in flight', is: 'at least', factor: 2, against: 'BullMQ, many in flight' }],
};

function tq({ redis }, count, inFlight) {
  return rate(['enqueue.mjs', count, inFlight], { env: brokerEnv(`${redis}/1`) });
}

function bull({ redis }, count, inFlight) {
  return rate(['bull-enqueue.mjs', count, inFlight], { cwd: PEERS, env: brokerEnv(`${redis}/2`) });
}

async function rate(args, options) {
  const { count, ms } = await ask(args, options);
  return (count / ms) * 1000;
}

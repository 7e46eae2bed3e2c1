// What a pool's way to its child process carries, beside Node's own channel with nothing around it.
import { ask } from '../programs.mjs';

const COUNT = '100000';

/** @type {import('../harness.mjs').Measurement} */
export default {
  name: 'prefork-ipc',
  title: 'No-op jobs through one child process of a prefork pool',
  unit: 'tasks/s',
  rounds: 5,
  seconds: 20,
  subjects: [
    { name: 'bare fork, JSON batches of 32', run: () => rate(['fork.mjs', COUNT, '32']) },
    { name: 'tq prefork, size 1', run: () => rate(['pool.mjs', 'throughput', COUNT]) },
  ],
  goals: [
    { row: 'tq prefork, size 1', is: 'at least', plus: 150_000 },
    { row: 'tq prefork, size 1', is: 'at least', factor: 0.4, against: 'bare fork, JSON batches of 32' },
  ],
};

async function rate(args) {
  const { count, ms } = await ask(args);
  return (count / ms) * 1000;
}

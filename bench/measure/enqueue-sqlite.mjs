// How fast callers get rid of tasks: waiting for each, and with many on their way.
import { ask } from '../programs.mjs';
import { copied, filled, inFolder, queueEnv } from '../queue-file.mjs';

const EACH = 3000;
const MANY = 30_000;
const IN_FLIGHT = 500;

/** @type {import('../harness.mjs').Measurement} */
export default {
  name: 'enqueue-sqlite',
  title: 'Enqueue no-op tasks into an SQLite file',
  unit: 'tasks/s',
  rounds: 5,
  seconds: 40,
  warmUps: 1,
  async open(folder) {
    return { file: await filled(folder, 1) };
  },
  subjects: [
    { name: 'bare INSERT, 1 a transaction', run: (shared) => bareStore(shared, EACH, 1) },
    { name: 'bare INSERT, 100 a transaction', run: (shared) => bareStore(shared, MANY, 100) },
    { name: 'tq, awaited each', run: (shared) => tq(shared, EACH, 1) },
    { name: `tq, ${IN_FLIGHT} in flight`, run: (shared) => tq(shared, MANY, IN_FLIGHT) },
  ],
  goals: [],
};

function tq({ file, folder }, count, inFlight) {
  return inFolder(folder, (here) =>
    rate(['enqueue.mjs', String(count), String(inFlight)], { env: queueEnv(copied(file, here)) }),
  );
}

function bareStore({ file, folder }, count, batch) {
  return inFolder(folder, (here) =>
    rate(['bare-store.mjs', 'insert', copied(file, here), String(count), String(batch)]),
  );
}

async function rate(args, options) {
  const { count, ms } = await ask(args, options);
  return (count / ms) * 1000;
}

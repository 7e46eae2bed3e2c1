// How long a caller waits for the result of one call, when nothing else is to be done.
import { quantile } from '../harness.mjs';
import { ask, start } from '../programs.mjs';
import { copied, filled, inFolder, queueEnv } from '../queue-file.mjs';

const COUNT = '300';

/** @type {import('../harness.mjs').Measurement} */
export default {
  name: 'round-trip-sqlite',
  title:
    'A call and its result on an SQLite file, one at a time; caller and worker in processes of their own',
  unit: 'ms',
  rounds: 3,
  seconds: 25,
  async open(folder) {
    return { file: await filled(folder, 1) };
  },
  subjects: [
    { name: 'tq worker, prefork -c 2', run: (shared) => roundTrips(shared, 'prefork', '2') },
    { name: 'tq worker, solo', run: (shared) => roundTrips(shared, 'solo', '1') },
  ],
  goals: [],
};

function roundTrips({ file, folder }, pool, concurrency) {
  return inFolder(folder, async (here) => {
    const env = queueEnv(copied(file, here));
    const worker = start(['worker.mjs', pool, concurrency], { env });
    await worker.says('ready');
    const times = await worker.alive(ask(['round-trip.mjs', COUNT], { env }));
    await worker.stop();
    const sorted = times.toSorted((a, b) => a - b);
    return { p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99) };
  });
}

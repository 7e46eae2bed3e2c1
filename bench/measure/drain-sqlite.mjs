// How fast a worker empties a queue file, beside what SQLite does with nothing around it.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { spanOf } from '../ledger.mjs';
import { ask, found, nowMs, start } from '../programs.mjs';
import { copied, filled, inFolder, openWatch, queueEnv } from '../queue-file.mjs';

/** Enough that V8's warm-up is a small part of it. */
const COUNT = 60_000;

/** @type {import('../harness.mjs').Measurement} */
export default {
  name: 'drain-sqlite',
  title: `Drain ${COUNT.toLocaleString('en')} no-op tasks from an SQLite file, results ignored`,
  unit: 'tasks/s',
  rounds: 3,
  seconds: 60,
  async open(folder) {
    return { file: await filled(folder, COUNT) };
  },
  subjects: [
    { name: 'bare store, claim + ack of 100', run: bareStore },
    { name: 'tq worker, solo', run: (shared) => worker(shared, 'solo', 1) },
    { name: 'tq worker -c 1', run: (shared) => worker(shared, 'prefork', 1) },
    { name: 'tq worker -c 2', run: (shared) => worker(shared, 'prefork', 2) },
  ],
  goals: [', solo', ' -c 1', ' -c 2'].map((pool) => ({
    row: `tq worker${pool}`,
    is: 'at least',
    factor: 0.5,
    against: 'bare store, claim + ack of 100',
  })),
  note: 'tq: from the first task that ran to the last acknowledgement in the file. Both work on copies of one file.',
};

function bareStore({ file, folder }) {
  return inFolder(folder, async (here) => {
    const { count, ms } = await ask(['bare-store.mjs', 'drain', copied(file, here), '100']);
    return rate(count, ms);
  });
}

function worker({ file, folder }, pool, concurrency) {
  return inFolder(folder, async (here) => {
    const queue = copied(file, here);
    const ledger = join(here, 'ledger');
    mkdirSync(ledger);
    const program = start(['worker.mjs', pool, String(concurrency)], {
      env: { ...queueEnv(queue), BENCH_LEDGER: ledger },
    });
    const emptyMs = await whenEmpty(queue, program);
    await program.stop();
    return rate(COUNT, emptyMs - spanOf(ledger, COUNT).firstMs);
  });
}

async function whenEmpty(file, program) {
  const watch = openWatch(file);
  try {
    const look = () => (watch.empty() ? nowMs() : undefined);
    return await program.alive(found(look, 'The queue was not empty'));
  } finally {
    watch.close();
  }
}

function rate(count, ms) {
  return (count / ms) * 1000;
}

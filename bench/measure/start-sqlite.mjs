// From starting a worker to the end of the first task that was waiting for it.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ask, found, nowMs, start } from '../programs.mjs';
import { copied, inFolder, queueEnv } from '../queue-file.mjs';
import { TQ, tqMissing } from '../tq-program.mjs';

const WORKER = ['worker', '-c', '1', '-l', 'warning'];

/** @type {import('../harness.mjs').Measurement} */
export default {
  name: 'start-sqlite',
  title: 'Start of a worker (prefork, -c 1) on an SQLite file until its first task is done',
  unit: 'ms',
  rounds: 9,
  seconds: 30,
  warmUps: 2,
  async open(folder) {
    const file = join(folder, 'one-task.db');
    await ask(['send-mark.mjs'], { env: queueEnv(file) });
    return { file };
  },
  subjects: [
    { name: 'node, importing the app alone', run: (shared) => untilMark(shared, ['import-only.mjs']) },
    {
      name: 'tq -A proj worker -c 1',
      missing: tqMissing,
      run: (shared) => untilMark(shared, [TQ, '-A', 'proj', ...WORKER]),
    },
    { name: 'a worker composed by hand', run: (shared) => untilMark(shared, ['start-worker.mjs']) },
  ],
  goals: [
    { row: 'tq -A proj worker -c 1', is: 'at most', factor: 3, against: 'node, importing the app alone' },
    { row: 'a worker composed by hand', is: 'at most', factor: 3, against: 'node, importing the app alone' },
  ],
};

/** Milliseconds until the program, or a task in it, leaves its mark. */
function untilMark({ file, folder }, args) {
  return inFolder(folder, async (here) => {
    const mark = join(here, 'mark');
    const startedMs = nowMs();
    const program = start(args, { env: { ...queueEnv(copied(file, here)), BENCH_MARK: mark } });
    const markedMs = await found(() => read(mark), `${args.join(' ')} left no mark`);
    if (args[0] !== 'import-only.mjs') await program.stop();
    else await program.succeeded;
    return markedMs - startedMs;
  });
}

function read(mark) {
  return existsSync(mark) ? Number(readFileSync(mark, 'utf8')) : undefined;
}

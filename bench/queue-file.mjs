// Queue files of a run: where they are, what is in them, and how they are copied for each round.
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Database } from './apps/binding.mjs';
import { ask } from './programs.mjs';

/** A folder for one subject in one round, removed afterwards. `use` gets its path. */
export async function inFolder(folder, use) {
  const path = mkdtempSync(join(folder, 'round-'));
  try {
    return await use(path);
  } finally {
    rmSync(path, { recursive: true, force: true });
  }
}

/** What programs of apps/ are told about the file to use. */
export function queueEnv(file) {
  return { BENCH_QUEUE: `sqlite://${file}` };
}

/** A file with `count` no-op tasks in it, sent by tq itself. */
export async function filled(folder, count) {
  const file = join(folder, `${count}-tasks.db`);
  await ask(['enqueue.mjs', String(count), '500'], { env: queueEnv(file) });
  if (existsSync(`${file}-wal`)) throw new Error(`${file} was not closed properly: its log is still there`);
  return file;
}

/** A copy of a file that no process has open. */
export function copied(file, folder) {
  const copy = join(folder, 'queue.db');
  copyFileSync(file, copy);
  return copy;
}

/** Looks at a file that others work on, as a reader that holds up nobody. */
export function openWatch(file) {
  const database = new Database(file, { readonly: true, timeout: 1000 });
  const any = database.prepare('SELECT 1 FROM message LIMIT 1');
  return {
    empty: () => any.get() === undefined,
    close: () => database.close(),
  };
}

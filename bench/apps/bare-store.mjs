// What SQLite itself can do with tq's table, pragmas, binding and checkpoint rule, in one process without anything
// around it. Prints how long it took.
//   node bare-store.mjs drain <file> <batch>           claims and acknowledges all messages
//   node bare-store.mjs insert <file> <count> <batch>  inserts copies of the message that is there
import { statSync } from 'node:fs';
import { Database } from './binding.mjs';

const WAL_LIMIT_BYTES = 8 * 1024 * 1024;
const LEASE_MS = 10_000;
const HOLDER = 1;

const [job, file, ...numbers] = process.argv.slice(2);
const database = new Database(file, { timeout: 200 });
database.prepare('PRAGMA journal_mode=WAL').get();
database.exec(`
  PRAGMA synchronous=normal;
  PRAGMA wal_autocheckpoint=0;
  PRAGMA temp_store=MEMORY;
  PRAGMA cache_size=-16000;
`);
const result = { drain, insert }[job](...numbers.map(Number));
database.close();
console.log(JSON.stringify(result));

/** The acknowledgement of one batch and the claim of the next share a transaction: the fastest safe order. */
function drain(batch) {
  const claim = database.prepare(
    `UPDATE message SET holder=?, lease_until=?, taken=taken+1, deliveries=deliveries+1 WHERE id IN
      (SELECT id FROM message WHERE queue=? AND holder IS NULL AND due_at IS NULL ORDER BY priority DESC, id LIMIT ?)
    RETURNING id, priority, taken, deliveries, content, body`,
  );
  claim.raw();
  const done = database.prepare(
    'DELETE FROM message WHERE id IN (SELECT value FROM json_each(?)) AND +holder=?',
  );
  const queue = database.prepare('SELECT queue FROM message LIMIT 1').get().queue;
  let count = 0;
  const startMs = performance.now();
  for (let held = [], turn = 1; ; turn++) {
    transaction(() => {
      if (held.length > 0) done.run([JSON.stringify(held.map((row) => row[0])), HOLDER]);
      held = claim.all([HOLDER, Date.now() + LEASE_MS, queue, batch]);
    });
    count += held.length;
    if (turn % 16 === 0) checkpoint();
    if (held.length === 0) return { count, ms: performance.now() - startMs };
  }
}

function insert(count, batch) {
  const columns = 'queue, priority, due_at, content, body';
  const query = database.prepare(`SELECT ${columns} FROM message LIMIT 1`);
  query.raw();
  const [message] = query.all([]);
  const add = database.prepare(`INSERT INTO message(${columns}) VALUES(?,?,?,?,?)`);
  const startMs = performance.now();
  for (let at = 0, turn = 1; at < count; at += batch, turn++) {
    transaction(() => {
      for (let index = 0; index < batch; index++) add.run(message);
    });
    if (turn % 16 === 0) checkpoint();
  }
  return { count, ms: performance.now() - startMs };
}

function transaction(work) {
  database.exec('BEGIN IMMEDIATE');
  work();
  database.exec('COMMIT');
}

function checkpoint() {
  const size = statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0;
  if (size > WAL_LIMIT_BYTES) database.prepare('PRAGMA wal_checkpoint(TRUNCATE)').all([]);
}

import type { Sql, Value } from './database.ts';

/** One message as it travels to the thread. `content` and `body` are one message, see content.ts. */
export type PutRow = readonly [
  queue: string,
  priority: number,
  dueAt: number | null,
  content: string,
  body: Uint8Array | null,
];

/** One message as it was taken. */
export type TakenRow = readonly [
  id: number,
  priority: number,
  taken: number,
  deliveries: number,
  content: string,
  body: Uint8Array | null,
];

/** So many of its columns are numbers. */
export const TAKEN_NUMBERS = 4;

/** How many rows one INSERT takes; ten are half again as fast as one, more gain little. */
const CHUNK = 10;
/** How many delayed messages become ready in one step. */
const DUE_AT_ONCE = 1000;

const FREE = 'holder=NULL, lease_until=NULL';
const READY = 'queue=? AND holder IS NULL AND due_at IS NULL';
/** `+` keeps SQLite from going through everything the holder has. */
const MINE = 'id IN (SELECT value FROM json_each(?)) AND +holder=?';

/** The message table: every statement about it is here. */
export class Messages {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  put(rows: readonly PutRow[]): void {
    for (let start = 0; start < rows.length; start += CHUNK) {
      const chunk = rows.slice(start, start + CHUNK);
      this.#sql.run(insertOf(chunk.length), ...(chunk.flat() as Value[]));
    }
  }

  anyReady(queue: string): boolean {
    return this.#sql.all(`SELECT 1 FROM message WHERE ${READY} LIMIT 1`, queue).length > 0;
  }

  claim(queue: string, holder: number, leaseUntil: number, max: number): readonly TakenRow[] {
    const rows = this.#sql.all<TakenRow>(
      `UPDATE message SET holder=?, lease_until=?, taken=taken+1, deliveries=deliveries+1 WHERE id IN
        (SELECT id FROM message WHERE ${READY} ORDER BY priority DESC, id LIMIT ?)
      RETURNING id, priority, taken, deliveries, content, body`,
      holder,
      leaseUntil,
      queue,
      max,
    );
    // SQLite returns them in any order.
    return rows.length > 1 ? rows.toSorted((a, b) => b[1] - a[1] || a[0] - b[0]) : rows;
  }

  /** `ids` is a JSON array here and below. */
  done(ids: string, holder: number): void {
    this.#sql.run(`DELETE FROM message WHERE ${MINE}`, ids, holder);
  }

  requeue(ids: string, holder: number): void {
    this.#sql.run(`UPDATE message SET ${FREE}, deliveries=deliveries-1 WHERE ${MINE}`, ids, holder);
  }

  renew(ids: string, holder: number, leaseUntil: number): void {
    this.#sql.run(`UPDATE message SET lease_until=? WHERE ${MINE}`, leaseUntil, ids, holder);
  }

  restoreExpired(): number {
    return this.#sql.run(
      `UPDATE message SET ${FREE} WHERE holder IS NOT NULL AND lease_until < ?`,
      Date.now(),
    );
  }

  /** Makes ready what has waited long enough. */
  promote(): number {
    return this.#sql.run(
      `UPDATE message SET due_at=NULL WHERE id IN
        (SELECT id FROM message WHERE due_at <= ? ORDER BY due_at LIMIT ${DUE_AT_ONCE})`,
      Date.now(),
    );
  }

  /** When the next delayed message becomes ready. */
  nextDue(): number | undefined {
    return (
      this.#sql.all<[number | null]>('SELECT min(due_at) FROM message WHERE due_at IS NOT NULL')[0]?.[0] ??
      undefined
    );
  }

  size(queue: string): number {
    const due = 'SELECT count(*) FROM message WHERE due_at <= ? AND queue=? AND holder IS NULL';
    const [row] = this.#sql.all<[number]>(
      `SELECT (SELECT count(*) FROM message WHERE ${READY}) + (${due})`,
      queue,
      Date.now(),
      queue,
    );
    return row?.[0] ?? 0;
  }

  purge(queue: string): number {
    const ready = this.#sql.run(`DELETE FROM message WHERE ${READY}`, queue);
    return ready + this.#sql.run('DELETE FROM message WHERE due_at IS NOT NULL AND queue=?', queue);
  }

  drop(queue: string): void {
    this.purge(queue);
    this.#sql.run('DELETE FROM message WHERE holder IS NOT NULL AND queue=?', queue);
  }
}

const inserts = new Map<number, string>();

function insertOf(count: number): string {
  let text = inserts.get(count);
  if (text === undefined) {
    const places = Array(count).fill('(?,?,?,?,?)').join(',');
    text = `INSERT INTO message(queue,priority,due_at,content,body) VALUES ${places}`;
    inserts.set(count, text);
  }
  return text;
}

import type { Sql } from './database.ts';

/** One state to keep. */
export type KeptRow = readonly [taskId: string, status: string, meta: string, expiresAt: number | null];
/** One state as watchers get it. */
export type NewsRow = readonly [seq: number, taskId: string, meta: string];

const AT_ONCE = 1000;
const SWEPT_AT_ONCE = 5000;

/** The result table, and the watchers of this process. */
export class Results {
  readonly #sql: Sql;
  /** Watchers by task. */
  readonly #watched = new Map<string, number>();
  #after = 0;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  get watched(): boolean {
    return this.#watched.size > 0;
  }

  /** A replaced row gets a new seq. A SUCCESS stays what it is until it expires. */
  keep(rows: readonly KeptRow[]): void {
    const nowMs = Date.now();
    for (const [taskId, status, meta, expiresAt] of rows)
      this.#sql.run(
        `INSERT OR REPLACE INTO result(task_id, status, meta, expires_at) SELECT ?, ?, ?, ? WHERE NOT EXISTS
          (SELECT 1 FROM result WHERE task_id=? AND status='SUCCESS' AND (expires_at IS NULL OR expires_at > ?))`,
        taskId,
        status,
        meta,
        expiresAt,
        taskId,
        nowMs,
      );
  }

  load(taskId: string): NewsRow | undefined {
    const [row] = this.#sql.all<[...NewsRow]>(
      'SELECT seq, task_id, meta FROM result WHERE task_id=? AND (expires_at IS NULL OR expires_at > ?)',
      taskId,
      Date.now(),
    );
    return row;
  }

  /** The present state; later ones come as news. */
  watch(taskId: string): NewsRow | undefined {
    if (!this.watched) this.#after = this.#newest();
    this.#watched.set(taskId, (this.#watched.get(taskId) ?? 0) + 1);
    return this.load(taskId);
  }

  unwatch(taskId: string): void {
    const left = (this.#watched.get(taskId) ?? 0) - 1;
    if (left > 0) this.#watched.set(taskId, left);
    else this.#watched.delete(taskId);
  }

  /** States since the last look that somebody here watches. Costs as much as there are new results, not watchers. */
  news(): { readonly rows: readonly NewsRow[]; readonly more: boolean } {
    const fresh = this.#sql.all<[seq: number, taskId: string]>(
      `SELECT seq, task_id FROM result WHERE seq > ? ORDER BY seq LIMIT ${AT_ONCE}`,
      this.#after,
    );
    this.#after = fresh.at(-1)?.[0] ?? this.#after;
    const hits = fresh
      .filter(([, taskId]) => this.#watched.has(taskId))
      .map(([, taskId]) => this.load(taskId));
    return { rows: hits.filter((row) => row !== undefined), more: fresh.length === AT_ONCE };
  }

  forget(taskId: string): void {
    this.#sql.run('DELETE FROM result WHERE task_id=?', taskId);
  }

  /** Removes what has expired, some thousand at once. Whether there may be more. */
  sweep(): boolean {
    const count = this.#sql.run(
      `DELETE FROM result WHERE seq IN (SELECT seq FROM result WHERE expires_at <= ? ORDER BY expires_at LIMIT ${SWEPT_AT_ONCE})`,
      Date.now(),
    );
    return count === SWEPT_AT_ONCE;
  }

  #newest(): number {
    return this.#sql.all<[number]>("SELECT seq FROM sqlite_sequence WHERE name='result'")[0]?.[0] ?? 0;
  }
}

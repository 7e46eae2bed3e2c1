import type { Sql } from './database.ts';

export type PartRow = readonly [taskId: string, state: string, result: string, position: number | null];

const ALIVE = '(expires_at IS NULL OR expires_at > ?)';

/** Groups as saved by callers, and the counters of chords. */
export class Groups {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  save(id: string, children: string, expiresAt: number | null): void {
    this.#sql.run(
      `INSERT INTO task_group(id, children, expires_at) VALUES(?, ?, ?)
        ON CONFLICT(id) DO UPDATE SET children=excluded.children, expires_at=excluded.expires_at`,
      id,
      children,
      expiresAt,
    );
  }

  restore(id: string): string | undefined {
    const [row] = this.#sql.all<[string | null]>(
      `SELECT children FROM task_group WHERE id=? AND ${ALIVE}`,
      id,
      Date.now(),
    );
    return row?.[0] ?? undefined;
  }

  forget(id: string): void {
    this.#sql.run('DELETE FROM chord_part WHERE group_id=?', id);
    this.#sql.run('DELETE FROM task_group WHERE id=?', id);
  }

  setSize(id: string, size: number, expiresAt: number | null): void {
    this.#sql.run(
      `INSERT INTO task_group(id, size, expires_at) VALUES(?, ?, ?)
        ON CONFLICT(id) DO UPDATE SET size=excluded.size, expires_at=excluded.expires_at`,
      id,
      size,
      expiresAt,
    );
  }

  grow(id: string, by: number, expiresAt: number | null): void {
    this.#touch(id, expiresAt);
    this.#sql.run('UPDATE task_group SET size=size+? WHERE id=?', by, id);
  }

  end(id: string): void {
    this.#sql.run('DELETE FROM chord_part WHERE group_id=?', id);
  }

  /** All parts for whoever brings the last one, exactly once, since nobody else writes in this transaction. */
  addPart(id: string, part: PartRow, expiresAt: number | null): readonly PartRow[] | undefined {
    this.#touch(id, expiresAt);
    const isNew = this.#sql.run(
      'INSERT OR IGNORE INTO chord_part(group_id, task_id, state, result, position) VALUES(?, ?, ?, ?, ?)',
      id,
      ...part,
    );
    if (isNew === 0) return undefined;
    this.#sql.run('UPDATE task_group SET counted=counted+1 WHERE id=?', id);
    const completes = 'UPDATE task_group SET complete=1 WHERE id=? AND complete=0 AND counted >= size';
    return this.#sql.run(completes, id) === 1 ? this.#parts(id) : undefined;
  }

  sweep(): void {
    const expired = this.#sql.all<[string]>(
      'SELECT id FROM task_group WHERE expires_at <= ? LIMIT 1000',
      Date.now(),
    );
    for (const [id] of expired) this.forget(id);
  }

  #touch(id: string, expiresAt: number | null): void {
    this.#sql.run(
      `INSERT INTO task_group(id, expires_at) VALUES(?, ?)
        ON CONFLICT(id) DO UPDATE SET expires_at=excluded.expires_at`,
      id,
      expiresAt,
    );
  }

  #parts(id: string): readonly PartRow[] {
    return this.#sql.all<[...PartRow]>(
      'SELECT task_id, state, result, position FROM chord_part WHERE group_id=? ORDER BY position, id',
      id,
    );
  }
}

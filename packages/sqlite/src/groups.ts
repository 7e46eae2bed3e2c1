import type { Sql } from './database.ts';

export type PartRow = readonly [taskId: string, state: string, result: string, position: number | null];

/** Who would send the body, and how long that takes at most. */
export interface Claim {
  readonly by: string;
  readonly leaseMs: number;
}

/** All parts; how long somebody else still has the body, in milliseconds; or null while parts are missing. */
export type Counting = readonly PartRow[] | number | null;

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
    this.#touch(id, expiresAt);
    this.#sql.run(
      'UPDATE task_group SET size=?, claimed_by=NULL, claimed_until=NULL, over_until=NULL WHERE id=?',
      size,
      id,
    );
  }

  grow(id: string, by: number, expiresAt: number | null): void {
    this.#touch(id, expiresAt);
    this.#sql.run('UPDATE task_group SET grown=grown+? WHERE id=?', by, id);
  }

  /** All parts for whoever has the claim, since nobody else writes in this transaction; for others what is left of it. */
  addPart(id: string, part: PartRow, claim: Claim, expiresAt: number | null): Counting {
    const nowMs = Date.now();
    if (this.#sql.all('SELECT 1 FROM task_group WHERE id=? AND over_until > ?', id, nowMs).length > 0)
      return null;
    this.#touch(id, expiresAt);
    this.#count(id, part);
    const isComplete =
      'SELECT claimed_by, claimed_until FROM task_group WHERE id=? AND counted >= size + grown';
    const [row] = this.#sql.all<[by: string | null, until: number | null]>(isComplete, id);
    if (!row) return null;
    const [by, until] = row;
    if (by !== null && by !== claim.by && until! > nowMs) return until! - nowMs;
    this.#sql.run(
      'UPDATE task_group SET claimed_by=?, claimed_until=? WHERE id=?',
      claim.by,
      nowMs + claim.leaseMs,
      id,
    );
    return this.#parts(id);
  }

  /** What is saved of the group stays. */
  end(id: string, memoryMs: number): void {
    const untilMs = Date.now() + memoryMs;
    this.#sql.run('DELETE FROM chord_part WHERE group_id=?', id);
    this.#sql.run(
      `INSERT INTO task_group(id, over_until, expires_at) VALUES(?, ?, ?)
        ON CONFLICT(id) DO UPDATE SET over_until=excluded.over_until, size=NULL, grown=0, counted=0, claimed_by=NULL,
          claimed_until=NULL, expires_at=CASE WHEN children IS NULL THEN excluded.expires_at ELSE expires_at END`,
      id,
      untilMs,
      untilMs,
    );
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

  #count(id: string, part: PartRow): void {
    const isNew = this.#sql.run(
      'INSERT OR IGNORE INTO chord_part(group_id, task_id, state, result, position) VALUES(?, ?, ?, ?, ?)',
      id,
      ...part,
    );
    if (isNew > 0) this.#sql.run('UPDATE task_group SET counted=counted+1 WHERE id=?', id);
  }

  #parts(id: string): readonly PartRow[] {
    return this.#sql.all<[...PartRow]>(
      'SELECT task_id, state, result, position FROM chord_part WHERE group_id=? ORDER BY position IS NULL, position, id',
      id,
    );
  }
}

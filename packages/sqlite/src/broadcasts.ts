import type { Sql } from './database.ts';

/** `content` and `body` are one message, see content.ts. */
export type BroadcastRow = readonly [id: number, content: string, body: Uint8Array | null];

/** So many of its columns are numbers. */
export const HEARD_NUMBERS = 1;

/** Where a new listener begins: it hears what has a larger id. */
export type Listening = readonly [listener: number, after: number];

/** Listeners read within milliseconds; who was away for longer has missed it. */
const LIFE_MS = 60_000;
const AT_ONCE = 500;

/** Messages for everyone who listens, kept just long enough to be read in every process. */
export class Broadcasts {
  readonly #sql: Sql;
  readonly #listeners = new Set<number>();
  #after = 0;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** Whether anybody in this process listens. */
  get heard(): boolean {
    return this.#listeners.size > 0;
  }

  /**
   * Writes nothing when nobody listens anywhere, so that announcing to an empty room costs next to nothing. Returns 0
   * then, else 1: patterns are known to the listeners alone.
   */
  send(exchange: string, content: string, body: Uint8Array | null): number {
    if (this.#sql.all('SELECT 1 FROM listener WHERE exchange=? LIMIT 1', exchange).length === 0) return 0;
    this.#sql.run(
      'INSERT INTO broadcast(sent_at, exchange, content, body) VALUES(?, ?, ?, ?)',
      Date.now(),
      exchange,
      content,
      body,
    );
    return 1;
  }

  listen(holder: number, exchange: string): Listening {
    const [row] = this.#sql.all<[number]>(
      'INSERT INTO listener(holder, exchange) VALUES(?, ?) RETURNING id',
      holder,
      exchange,
    );
    const [listener] = row as readonly [number];
    const after = this.#newest();
    this.#sql.afterCommit(() => {
      if (!this.heard) this.#after = after;
      this.#listeners.add(listener);
    });
    return [listener, after];
  }

  unlisten(listener: number): void {
    this.#sql.run('DELETE FROM listener WHERE id=?', listener);
    this.#sql.afterCommit(() => this.#listeners.delete(listener));
  }

  /** What has been sent since the last look, at most some hundred at once. */
  news(): readonly BroadcastRow[] {
    const rows = this.#sql.all<BroadcastRow>(
      `SELECT id, content, body FROM broadcast WHERE id > ? ORDER BY id LIMIT ${AT_ONCE}`,
      this.#after,
    );
    this.#after = rows.at(-1)?.[0] ?? this.#after;
    return rows;
  }

  sweep(): void {
    this.#sql.run(
      'DELETE FROM broadcast WHERE id <= (SELECT max(id) FROM broadcast WHERE sent_at < ?)',
      Date.now() - LIFE_MS,
    );
  }

  #newest(): number {
    return this.#sql.all<[number]>("SELECT seq FROM sqlite_sequence WHERE name='broadcast'")[0]?.[0] ?? 0;
  }
}

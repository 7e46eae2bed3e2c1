import { LATE_MS } from '@tq/virtual';
import type { Sql } from './database.ts';

export type OverdueRow = readonly [queue: string, there: number];
export type BindingRow = readonly [queue: string, routingKey: string, type: string, arguments: string];

/** Names of queues, and what binds them to exchanges. */
export class Topology {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  declare(queue: string, expiresMs: number | null): void {
    this.#sql.run(
      `INSERT INTO queue(name, expires_ms, look_at) VALUES(?, ?, ?) ON CONFLICT(name) DO UPDATE
        SET expires_ms=excluded.expires_ms, look_at=excluded.look_at, gone_at=NULL
        WHERE look_at IS NOT excluded.look_at`,
      queue,
      expiresMs,
      expiresMs === null ? null : Date.now() + expiresMs,
    );
  }

  /** After how long the queue would go if nobody used it; null: it stays. */
  use(queue: string): number | null {
    const [row] = this.#sql.all<[number]>(
      'SELECT expires_ms FROM queue WHERE name=? AND expires_ms IS NOT NULL',
      queue,
    );
    if (row) this.declare(queue, row[0]);
    return row?.[0] ?? null;
  }

  /** Those that nobody has used for too long, and those gone lately for which something may have come. */
  overdue(): readonly OverdueRow[] {
    return this.#sql.all<OverdueRow>(
      'SELECT name, gone_at IS NULL FROM queue WHERE look_at <= ? LIMIT 100',
      Date.now(),
    );
  }

  bind(exchange: string, [queue, routingKey, type, args]: BindingRow): void {
    this.#sql.run(
      'INSERT OR REPLACE INTO binding(exchange, queue, routing_key, type, arguments) VALUES(?, ?, ?, ?, ?)',
      exchange,
      queue,
      routingKey,
      type,
      args,
    );
  }

  bindings(exchange: string): readonly BindingRow[] {
    return this.#sql.all<BindingRow>(
      'SELECT queue, routing_key, type, arguments FROM binding WHERE exchange=?',
      exchange,
    );
  }

  drop(queue: string): void {
    this.#forget(queue, Date.now());
    this.#sql.run('DELETE FROM binding WHERE queue=?', queue);
  }

  /** One that expires is looked after for a while. */
  #forget(queue: string, nowMs: number): void {
    this.#sql.run(
      'DELETE FROM queue WHERE name=? AND (expires_ms IS NULL OR gone_at < ?)',
      queue,
      nowMs - LATE_MS,
    );
    this.#sql.run(
      'UPDATE queue SET gone_at=coalesce(gone_at, ?), look_at=? + max(expires_ms, ? - coalesce(gone_at, ?)) WHERE name=?',
      nowMs,
      nowMs,
      nowMs,
      nowMs,
      queue,
    );
  }
}

import type { Sql } from './database.ts';

export type BindingRow = readonly [queue: string, routingKey: string, type: string, arguments: string];

/** Names of queues, and what binds them to exchanges. */
export class Topology {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  declare(queue: string): void {
    this.#sql.run('INSERT OR IGNORE INTO queue(name) VALUES(?)', queue);
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
    this.#sql.run('DELETE FROM queue WHERE name=?', queue);
    this.#sql.run('DELETE FROM binding WHERE queue=?', queue);
  }
}

import { createRequire } from 'node:module';
import { join } from 'node:path';
import { StoreFailure } from './failure.ts';

/** What SQLite stores and gives back here. Never a boolean: libsql aborts the process on one. */
export type Value = string | number | null | Uint8Array;
export type Row = readonly Value[];

/** The shape that libsql and better-sqlite3 share; all that tq needs of a binding. */
export interface Database {
  prepare(sql: string): Statement;
  exec(sql: string): unknown;
  close(): unknown;
}

export interface Statement {
  run(parameters: readonly Value[]): { readonly changes: number | bigint };
  all(parameters: readonly Value[]): readonly unknown[];
  /** Rows as arrays from now on. */
  raw(): unknown;
}

type DatabaseClass = new (file: string, options: { readonly timeout: number }) => Database;

/** How long a statement itself waits for a lock. Short, since the thread can do nothing else meanwhile. */
const BUSY_TIMEOUT_MS = 200;

/**
 * Opens the file with a binding named by its module: `libsql` (tq's own dependency), or one that the application
 * has installed and that has the same shape, such as `better-sqlite3`.
 */
export function openDatabase(file: string, driver: string): Database {
  const Binding = bindingOf(driver);
  return new Binding(file, { timeout: BUSY_TIMEOUT_MS });
}

function bindingOf(driver: string): DatabaseClass {
  const load = createRequire(driver === 'libsql' ? import.meta.url : join(process.cwd(), 'package.json'));
  try {
    const found = load(driver) as DatabaseClass | { readonly default: DatabaseClass };
    return typeof found === 'function' ? found : found.default;
  } catch (error) {
    const [reason] = (error as Error).message.split('\n');
    throw new StoreFailure(
      'DRIVER',
      `the SQLite binding "${driver}" can't be loaded (${reason}). Run: npm install ${driver}`,
      { cause: error },
    );
  }
}

/** A database with its statements at hand; each is prepared once. */
export class Sql {
  readonly #database: Database;
  readonly #statements = new Map<string, Statement>();
  #inTransaction = false;
  #afterCommit: (() => void)[] = [];
  #afterRollback: (() => void)[] = [];

  constructor(database: Database) {
    this.#database = database;
  }

  /** The rows that a statement gives. */
  all<R extends Row>(sql: string, ...parameters: readonly Value[]): readonly R[] {
    return this.#prepare(sql, true).all(parameters) as readonly R[];
  }

  /** How many rows a statement has changed. */
  run(sql: string, ...parameters: readonly Value[]): number {
    return Number(this.#prepare(sql, false).run(parameters).changes);
  }

  /** One or several statements without parameters. */
  exec(sql: string): void {
    this.#database.exec(sql);
  }

  /** All or nothing, with the right to write from the start. */
  transaction<T>(work: () => T): T {
    this.#database.exec('BEGIN IMMEDIATE');
    this.#inTransaction = true;
    try {
      const result = work();
      this.#database.exec('COMMIT');
      this.#end(this.#afterCommit);
      return result;
    } catch (error) {
      this.#end(this.#afterRollback);
      this.#rollback();
      throw error;
    }
  }

  /** What memory learns once the present transaction is safe. */
  afterCommit(learn: () => void): void {
    if (this.#inTransaction) this.#afterCommit.push(learn);
    else learn();
  }

  /** What memory forgets when the present transaction comes to nothing. */
  afterRollback(forget: () => void): void {
    if (this.#inTransaction) this.#afterRollback.push(forget);
  }

  close(): void {
    this.#statements.clear();
    this.#database.close();
  }

  #prepare(sql: string, reads: boolean): Statement {
    let statement = this.#statements.get(sql);
    if (!statement) {
      statement = this.#database.prepare(sql);
      if (reads) statement.raw();
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  #end(consequences: readonly (() => void)[]): void {
    this.#inTransaction = false;
    this.#afterCommit = [];
    this.#afterRollback = [];
    for (const each of consequences) each();
  }

  #rollback(): void {
    try {
      this.#database.exec('ROLLBACK');
    } catch {
      // SQLite has rolled back by itself (a full disk, for one); the first error tells why.
    }
  }
}

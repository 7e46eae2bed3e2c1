import { statSync } from 'node:fs';
import type { Broadcasts } from './broadcasts.ts';
import type { Sql } from './database.ts';
import type { Groups } from './groups.ts';
import type { Holders } from './holders.ts';
import type { Results } from './results.ts';

/** Checkpoints stall everyone for as long as the disk takes, so they wait until it is worth while. */
const WAL_LIMIT_BYTES = 8 * 1024 * 1024;
const ROLE_MS = 60_000;
const TOUCH_MS = 20_000;
const SWEEP_MS = 30_000;
/** The keeper's own row among the holders; connections count from 1. */
const KEEPER = 0;

export interface KeeperOptions {
  readonly file: string;
  readonly sql: Sql;
  readonly holders: Holders;
  readonly broadcasts: Broadcasts;
  readonly results: Results;
  readonly groups: Groups;
}

/**
 * Housekeeping, done by one elected process: it moves the write-ahead log into the file, gives back what dead
 * processes held and removes what has expired. If it dies, the next one that notices takes over.
 *
 * One process alone may checkpoint: in the SQLite that libsql brings (3.45), two connections that checkpoint and
 * write at the same moment can, very rarely, damage the file. Hence no automatic checkpoints, and `TRUNCATE`, which
 * keeps writers out.
 */
export class Keeper {
  readonly #options: KeeperOptions;
  #elect = false;
  #restored = 0;
  #touchedMs = Date.now();
  #sweptMs = 0;

  constructor(options: KeeperOptions) {
    this.#options = options;
  }

  /** How many messages have come back from dead processes since the last time somebody asked. */
  restored(): number {
    const count = this.#restored;
    this.#options.sql.afterCommit(() => (this.#restored -= count));
    return count;
  }

  /** Once a second. Whether messages have come back. */
  tick(): boolean {
    if (!this.#elected()) return false;
    this.#sweep();
    return this.#buryDead();
  }

  /** Shows that this process goes on, every now and then. */
  touch(): void {
    const { sql, holders } = this.#options;
    if (!holders.any || Date.now() < this.#touchedMs + TOUCH_MS) return;
    sql.transaction(() => holders.touch());
    this.#touchedMs = Date.now();
  }

  /** Moves the log into the file if it has grown and this process is, or becomes, the keeper. */
  checkpoint(): void {
    if (this.#walBytes() <= WAL_LIMIT_BYTES || !this.#elected()) return;
    this.#options.sql.all('PRAGMA wal_checkpoint(TRUNCATE)');
  }

  /** Lets another process be the keeper. */
  resign(): void {
    const { sql, holders } = this.#options;
    if (holders.has(KEEPER)) sql.transaction(() => holders.detach(KEEPER));
    this.#elect = false;
  }

  #elected(): boolean {
    const [role] = this.#options.sql.all<[holder: number, until: number]>(
      "SELECT holder, until FROM role WHERE name='keeper'",
    );
    const [holder, until] = role ?? [0, 0];
    if (this.#elect && holder === this.#options.holders.idOf(KEEPER))
      return until > Date.now() + ROLE_MS / 2 || this.#take(holder);
    this.#elect = false;
    const free = until < Date.now() || this.#options.holders.fateOf(holder) === 'dead';
    return free && this.#take(holder);
  }

  /** False when another process was faster. */
  #take(from: number): boolean {
    const { sql, holders } = this.#options;
    const won = sql.transaction(
      () =>
        sql.run(
          `INSERT INTO role(name, holder, until) VALUES('keeper', ?, ?)
            ON CONFLICT(name) DO UPDATE SET holder=excluded.holder, until=excluded.until WHERE role.holder=?`,
          holders.idOf(KEEPER),
          Date.now() + ROLE_MS,
          from,
        ) === 1,
    );
    this.#elect = won;
    return won;
  }

  #buryDead(): boolean {
    const { sql, holders } = this.#options;
    const dead = holders.dead();
    if (dead.length === 0) return false;
    let count = 0;
    sql.transaction(() => {
      for (const holder of dead) count += holders.bury(holder);
    });
    this.#restored += count;
    return count > 0;
  }

  #sweep(): void {
    if (Date.now() < this.#sweptMs + SWEEP_MS) return;
    const { sql, broadcasts, results, groups } = this.#options;
    const more = sql.transaction(() => {
      broadcasts.sweep();
      groups.sweep();
      return results.sweep();
    });
    if (!more) this.#sweptMs = Date.now();
  }

  #walBytes(): number {
    return statSync(`${this.#options.file}-wal`, { throwIfNoEntry: false })?.size ?? 0;
  }
}

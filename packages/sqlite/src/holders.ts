import type { Sql } from './database.ts';
import { StoreFailure } from './failure.ts';
import { fateOf, thisProcess } from './process-identity.ts';
import type { Fate, ProcessIdentity } from './process-identity.ts';

/** A holder of whom nothing is seen for this long is gone, where its process can't be looked at. */
const SILENCE_MS = 60_000;

type HolderRow = readonly [id: number, machine: string, pid: number, started: string | null, seenAt: number];

/** Who holds messages, listens or keeps house: one row for each connection, with the process it lives in. */
export class Holders {
  readonly #sql: Sql;
  readonly #here: ProcessIdentity = thisProcess();
  readonly #mine = new Map<number, number>();
  /** How long the leases of each holder are. */
  readonly #leases = new Map<number, number>();

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** Whether any connection of this process holds or listens. */
  get any(): boolean {
    return this.#mine.size > 0;
  }

  has(connection: number): boolean {
    return this.#mine.has(connection);
  }

  /** The row of a connection of this process, made when it is first needed. */
  idOf(connection: number): number {
    const known = this.#mine.get(connection);
    if (known !== undefined) return known;
    const { machine, pid, started } = this.#here;
    const [row] = this.#sql.all<[number]>(
      'INSERT INTO holder(machine, pid, started, seen_at) VALUES(?, ?, ?, ?) RETURNING id',
      machine,
      pid,
      started,
      Date.now(),
    );
    const [id] = row as readonly [number];
    this.#mine.set(connection, id);
    this.#sql.afterRollback(() => this.#mine.delete(connection));
    return id;
  }

  /** The row of a connection that takes messages, for so long at a time. */
  takerOf(connection: number, leaseMs: number): number {
    const holder = this.idOf(connection);
    this.#leases.set(holder, leaseMs);
    return holder;
  }

  /** Renews everything that this process holds. */
  renew(): void {
    for (const [holder, leaseMs] of this.#leases)
      this.#sql.run('UPDATE message SET lease_until=? WHERE holder=?', Date.now() + leaseMs, holder);
  }

  /** Gives back what a connection holds, uncounted, since it says so itself. */
  detach(connection: number): void {
    const holder = this.#mine.get(connection);
    if (holder === undefined) return;
    this.#sql.run(
      'UPDATE message SET holder=NULL, lease_until=NULL, deliveries=deliveries-1 WHERE holder=?',
      holder,
    );
    this.#remove(holder);
    this.#sql.afterCommit(() => {
      this.#mine.delete(connection);
      this.#leases.delete(holder);
    });
  }

  /** Shows those who can't look at this process that it goes on. */
  touch(): void {
    for (const holder of this.#mine.values())
      if (this.#sql.run('UPDATE holder SET seen_at=? WHERE id=?', Date.now(), holder) === 0)
        throw new StoreFailure('TAKEN_FOR_DEAD', 'others took this process for dead. Connect again.');
  }

  /** Those whose process has ended. */
  dead(): readonly number[] {
    const rows = this.#sql.all<HolderRow>('SELECT id, machine, pid, started, seen_at FROM holder');
    const mine = new Set(this.#mine.values());
    return rows.filter((row) => !mine.has(row[0]) && this.#gone(row)).map(([id]) => id);
  }

  /** What a dead holder had comes back, and its last deliveries count. Resolves with how many. */
  bury(holder: number): number {
    const count = this.#sql.run('UPDATE message SET holder=NULL, lease_until=NULL WHERE holder=?', holder);
    this.#remove(holder);
    return count;
  }

  /** Whether the process of a holder of another process lives. */
  fateOf(holder: number): Fate {
    const [row] = this.#sql.all<HolderRow>(
      'SELECT id, machine, pid, started, seen_at FROM holder WHERE id=?',
      holder,
    );
    return row ? fateOf(identityOf(row), this.#here) : 'dead';
  }

  #gone(row: HolderRow): boolean {
    const fate = fateOf(identityOf(row), this.#here);
    return fate === 'dead' || (fate === 'unknown' && row[4] < Date.now() - SILENCE_MS);
  }

  #remove(holder: number): void {
    this.#sql.run('DELETE FROM listener WHERE holder=?', holder);
    this.#sql.run('DELETE FROM role WHERE holder=?', holder);
    this.#sql.run('DELETE FROM holder WHERE id=?', holder);
  }
}

function identityOf([, machine, pid, started]: HolderRow): ProcessIdentity {
  return { machine, pid, started };
}

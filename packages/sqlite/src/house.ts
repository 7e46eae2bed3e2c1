import { statSync } from 'node:fs';
import { Broadcasts } from './broadcasts.ts';
import { Clerk } from './clerk.ts';
import type { Sql } from './database.ts';
import { StoreFailure, explain, isBusy, isFull } from './failure.ts';
import type { Failure } from './failure.ts';
import { Groups } from './groups.ts';
import { Guard } from './guard.ts';
import { Holders } from './holders.ts';
import { Keeper } from './keeper.ts';
import { Messages } from './messages.ts';
import { News } from './news.ts';
import { createOperations } from './operations.ts';
import { Results } from './results.ts';
import { Takers } from './takers.ts';
import { Topology } from './topology.ts';
import { Turns } from './turns.ts';
import { Wake } from './wake.ts';
import type { Report, Request } from './wire.ts';

const TICK_MS = 1000;
/** The log's size is looked at after so many turns. */
const TURNS_A_LOOK = 16;

export interface HouseOptions {
  readonly file: string;
  readonly sql: Sql;
  readonly busyMs: number;
  readonly report: (report: Report) => void;
  /** Nothing is left to do; the thread may end. */
  readonly leave: () => void;
}

/** Everything that lives in the thread, put together. Awake only while somebody waits or holds something, or has just written. */
export class House {
  readonly #options: HouseOptions;
  readonly #turns: Turns;
  readonly #keeper: Keeper;
  readonly #holders: Holders;
  readonly #guard: Guard;
  readonly #wake: Wake;
  readonly #inode: number;
  #tick: NodeJS.Timeout | undefined;
  #served = 0;
  #writtenLately = false;
  #over = false;

  constructor(options: HouseOptions) {
    const { file, sql, report } = options;
    const messages = new Messages(sql);
    const holders = new Holders(sql);
    const takers = new Takers(messages, holders);
    const [broadcasts, results, groups] = [new Broadcasts(sql), new Results(sql), new Groups(sql)];
    this.#options = options;
    this.#inode = statSync(file).ino;
    this.#keeper = new Keeper({ file, sql, holders, broadcasts, results, groups });
    const tables = { messages, topology: new Topology(sql), broadcasts, results, groups, holders };
    this.#holders = holders;
    this.#guard = new Guard(holders, () => report({ replies: [], ping: true }));
    const operations = createOperations({ ...tables, keeper: this.#keeper });
    this.#turns = new Turns({
      clerk: new Clerk({ file, sql, operations, messages, takers }),
      takers,
      busyMs: options.busyMs,
      news: new News(broadcasts, results, report),
      report,
      onServed: (wrote) => this.#onServed(wrote),
      onFatal: (failure) => this.#fail(failure),
    });
    this.#wake = new Wake({ sql, file, onChange: () => this.#turns.wake() });
  }

  receive(requests: readonly Request[]): void {
    if (this.#over) return;
    this.#guard.heard();
    if (requests.some(([, name]) => name === 'close')) this.#close();
    else if (this.#care(() => this.#refuseReplacedFile())) this.#turns.receive(requests);
  }

  #onServed(wrote: boolean): void {
    if (this.#over) return;
    if (this.#turns.waiting) this.#wake.start();
    this.#tick ??= setInterval(() => this.#onTick(), TICK_MS);
    this.#writtenLately ||= wrote;
    this.#served += 1;
    if (this.#served % TURNS_A_LOOK === 0) this.#care(() => this.#keeper.checkpoint());
  }

  #onTick(): void {
    if (!this.#turns.waiting) this.#wake.stop();
    const active = this.#turns.waiting || this.#holders.any;
    if (!active && !this.#writtenLately) {
      clearInterval(this.#tick);
      this.#tick = undefined;
    }
    this.#writtenLately = false;
    this.#care(() => this.#refuseReplacedFile());
    this.#care(() => {
      this.#keeper.touch();
      this.#guard.tick();
      if (active && this.#keeper.tick()) this.#turns.wake();
      this.#keeper.checkpoint();
    });
  }

  /** False when it could not be done. What a full disk or others make impossible now is done another time. */
  #care(work: () => void): boolean {
    if (this.#over) return false;
    try {
      work();
      return true;
    } catch (error) {
      if (!isBusy(error) && !isFull(error)) this.#fail(explain(error, this.#options.file));
      return false;
    }
  }

  /** Whoever opens the path now gets another file: the two would never meet. */
  #refuseReplacedFile(): void {
    if (statSync(this.#options.file, { throwIfNoEntry: false })?.ino === this.#inode) return;
    throw new StoreFailure('REPLACED', 'it was removed or replaced while it was in use. Connect again.');
  }

  #close(): void {
    this.#care(() => this.#keeper.resign());
    this.#end();
  }

  #fail(failure: Failure): void {
    if (this.#over) return;
    this.#options.report({ replies: [], failed: failure });
    this.#end();
  }

  #end(): void {
    this.#over = true;
    clearInterval(this.#tick);
    this.#wake.stop();
    this.#turns.stop();
    this.#options.sql.close();
    this.#options.leave();
  }
}

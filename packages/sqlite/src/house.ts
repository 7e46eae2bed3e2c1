import { statSync } from 'node:fs';
import { Broadcasts } from './broadcasts.ts';
import type { Sql } from './database.ts';
import { StoreFailure, explain, isBusy } from './failure.ts';
import type { Failure } from './failure.ts';
import { Groups } from './groups.ts';
import { Holders } from './holders.ts';
import { Keeper } from './keeper.ts';
import { Messages } from './messages.ts';
import { createOperations } from './operations.ts';
import { Results } from './results.ts';
import { Takers } from './takers.ts';
import { Topology } from './topology.ts';
import { Turns } from './turns.ts';
import { Wake } from './wake.ts';
import type { Report, Request } from './wire.ts';

const TICK_MS = 1000;
/** The log's size is looked at after so many turns that wrote. */
const TURNS_A_LOOK = 16;

export interface HouseOptions {
  readonly file: string;
  readonly sql: Sql;
  report(report: Report): void;
  /** Nothing is left to do; the thread may end. */
  leave(): void;
}

/** Everything that lives in the thread, put together. Awake only while somebody waits or has just written. */
export class House {
  readonly #options: HouseOptions;
  readonly #turns: Turns;
  readonly #keeper: Keeper;
  readonly #wake: Wake;
  readonly #inode: number;
  #tick: NodeJS.Timeout | undefined;
  #writtenTurns = 0;
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
    this.#turns = new Turns({
      file,
      sql,
      messages,
      takers,
      broadcasts,
      results,
      operations: createOperations({ ...tables, keeper: this.#keeper }),
      report,
      onServed: (wrote) => this.#onServed(wrote),
      onFatal: (failure) => this.#fail(failure),
    });
    this.#wake = new Wake({ sql, file, onChange: () => this.#turns.wake() });
  }

  receive(requests: readonly Request[]): void {
    if (this.#over) return;
    if (requests.some(([, name]) => name === 'close')) this.#close();
    else this.#turns.receive(requests);
  }

  #onServed(wrote: boolean): void {
    if (this.#turns.waiting) this.#wake.start();
    this.#tick ??= setInterval(() => this.#onTick(), TICK_MS);
    if (!wrote) return;
    this.#writtenLately = true;
    this.#writtenTurns += 1;
    if (this.#writtenTurns % TURNS_A_LOOK === 0) this.#care(() => this.#keeper.checkpoint());
  }

  #onTick(): void {
    const waiting = this.#turns.waiting;
    if (!waiting) this.#wake.stop();
    if (!waiting && !this.#writtenLately) {
      clearInterval(this.#tick);
      this.#tick = undefined;
    }
    this.#writtenLately = false;
    this.#care(() => {
      this.#refuseReplacedFile();
      if (waiting && this.#keeper.tick()) this.#turns.wake();
      this.#keeper.checkpoint();
    });
  }

  /** What others make impossible now is done next time. */
  #care(work: () => void): void {
    try {
      work();
    } catch (error) {
      if (!isBusy(error)) this.#fail(explain(error, this.#options.file));
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

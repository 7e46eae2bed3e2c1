import type { BroadcastRow, Broadcasts } from './broadcasts.ts';
import type { Sql } from './database.ts';
import { explain, isBusy } from './failure.ts';
import type { Failure } from './failure.ts';
import type { Messages } from './messages.ts';
import { READS } from './operations.ts';
import type { Operations } from './operations.ts';
import type { Results } from './results.ts';
import type { Haul, Taker, Takers } from './takers.ts';
import { pack, packBodies } from './wire.ts';
import type { Calls, Catch, Reply, Report, Request } from './wire.ts';

/** Others may keep the file locked this long before somebody here hears of it. */
const BUSY_LIMIT_MS = 15_000;
const BUSY_PAUSE_MS = 10;
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export interface TurnsOptions {
  readonly file: string;
  readonly sql: Sql;
  readonly operations: Operations;
  readonly messages: Messages;
  readonly takers: Takers;
  readonly broadcasts: Broadcasts;
  readonly results: Results;
  /** Sends a report to the process. */
  report(report: Report): void;
  /** After a turn that went well. */
  onServed(wrote: boolean): void;
  /** The file is of no use any more. */
  onFatal(failure: Failure): void;
}

/**
 * Serves requests in turns: what has arrived by then is one transaction with one commit, and takes that wait get
 * their messages in the same one. If it fails, each request gets a transaction of its own, so that one can't spoil
 * the others.
 */
export class Turns {
  readonly #options: TurnsOptions;
  #inbox: Request[] = [];
  #scheduled: NodeJS.Immediate | undefined;
  #retry: NodeJS.Timeout | undefined;
  #due: NodeJS.Timeout | undefined;
  #busySinceMs: number | undefined;
  /** Whether there may be something to take that nobody has looked for. */
  #stale = false;

  constructor(options: TurnsOptions) {
    this.#options = options;
  }

  receive(requests: readonly Request[]): void {
    for (const request of requests) {
      const [id, name, args] = request;
      if (name === 'take') this.#addTaker(id, args as Parameters<Calls['take']>);
      else if (name === 'cancel') this.#cancel(args as Parameters<Calls['cancel']>);
      else this.#inbox.push(request);
    }
    this.#schedule();
  }

  /** Somebody else has changed something. */
  wake(): void {
    this.#stale = true;
    this.#schedule();
  }

  /** Whether anybody waits for something that others may write. */
  get waiting(): boolean {
    const { takers, broadcasts, results } = this.#options;
    return takers.size > 0 || broadcasts.heard || results.watched;
  }

  stop(): void {
    clearImmediate(this.#scheduled);
    clearTimeout(this.#retry);
    clearTimeout(this.#due);
  }

  #addTaker(request: number, [connection, queues, max, leaseMs]: Parameters<Calls['take']>): void {
    this.#options.takers.add({ request, connection, queues, max, leaseMs });
    this.#stale = true;
  }

  #cancel([request]: Parameters<Calls['cancel']>): void {
    if (this.#options.takers.remove(request)) this.#report({ replies: [[request, NOTHING]] });
  }

  #schedule(): void {
    this.#scheduled ??= setImmediate(() => this.#turn());
  }

  #turn(): void {
    clearImmediate(this.#scheduled);
    this.#scheduled = undefined;
    const requests = this.#inbox.splice(0);
    try {
      this.#serve(requests);
      this.#busySinceMs = undefined;
    } catch (error) {
      if (!isBusy(error)) this.#serveEachAlone(requests);
      else if (this.#busyForLong()) this.#refuse(requests, error);
      else this.#again(requests);
    }
  }

  #serve(requests: readonly Request[]): void {
    const { sql, takers } = this.#options;
    const changed = this.#stale;
    const look = changed && takers.size > 0;
    const writes = requests.some(([, name]) => !READS.has(name)) || (look && this.#worthWriting());
    const work = (): [Reply[], readonly Haul[]] => {
      const replies = requests.map((request) => this.#perform(request));
      return [replies, writes ? this.#claim() : []];
    };
    const [replies, hauls] = writes ? sql.transaction(work) : work();
    if (look || writes) this.#armDue();
    this.#stale = false;
    this.#publish(replies, hauls);
    if (changed || writes) this.tellNews();
    this.#options.onServed(writes);
  }

  #perform([id, name, args]: Request): Reply {
    const operation = this.#options.operations[name as keyof Operations] as (
      ...given: readonly unknown[]
    ) => unknown;
    return [id, operation(...args)];
  }

  #claim(): readonly Haul[] {
    const { messages, takers } = this.#options;
    if (takers.size === 0) return [];
    if (this.#nextDue() <= Date.now()) messages.promote();
    return takers.claim();
  }

  #worthWriting(): boolean {
    return this.#options.takers.anyReady() || this.#nextDue() <= Date.now();
  }

  #nextDue(): number {
    return this.#options.messages.nextDue() ?? Infinity;
  }

  /** Looks again when the next delayed message becomes ready. */
  #armDue(): void {
    clearTimeout(this.#due);
    if (this.#options.takers.size === 0) return;
    const waitMs = this.#nextDue() - Date.now();
    if (waitMs < LONGEST_TIMER_MS) this.#due = setTimeout(() => this.wake(), Math.max(waitMs, 0));
  }

  #publish(replies: readonly Reply[], hauls: readonly Haul[]): void {
    for (const { taker } of hauls) this.#options.takers.remove(taker.request);
    this.#report({ replies: [...replies, ...hauls.map(replyOf)] });
  }

  /** What listeners and watchers of this process have not seen yet. */
  tellNews(): void {
    const { broadcasts, results } = this.#options;
    try {
      while (broadcasts.heard) {
        const rows = broadcasts.news();
        if (rows.length === 0) break;
        this.#report({ replies: [], heard: pack(rows) });
      }
      for (let more = results.watched; more;) {
        const news = results.news();
        if (news.rows.length > 0) this.#report({ replies: [], news: news.rows });
        more = news.more;
      }
    } catch (error) {
      if (isBusy(error)) this.#retryLater();
      else this.#fail(explain(error, this.#options.file));
    }
  }

  #serveEachAlone(requests: readonly Request[]): void {
    const replies = requests.map((request) => this.#performAlone(request));
    let hauls: readonly Haul[] = [];
    try {
      if (this.#options.takers.size > 0) hauls = this.#options.sql.transaction(() => this.#claim());
    } catch (error) {
      replies.push(...this.#refusals(this.#options.takers.drain(), error));
    }
    this.#publish(replies, hauls);
    this.tellNews();
    const fatal = replies.find(([, , failure]) => failure?.fatal)?.[2];
    if (fatal) this.#fail(fatal);
  }

  #performAlone(request: Request): Reply {
    const [id, name] = request;
    try {
      if (READS.has(name)) return this.#perform(request);
      return this.#options.sql.transaction(() => this.#perform(request));
    } catch (error) {
      return [id, undefined, explain(error, this.#options.file)];
    }
  }

  #refuse(requests: readonly Request[], error: unknown): void {
    const failure = explain(error, this.#options.file);
    const replies = requests.map(([id]): Reply => [id, undefined, failure]);
    this.#report({ replies: [...replies, ...this.#refusals(this.#options.takers.drain(), error)] });
    this.#busySinceMs = undefined;
  }

  #refusals(takers: readonly Taker[], error: unknown): readonly Reply[] {
    const failure = explain(error, this.#options.file);
    return takers.map((taker) => [taker.request, undefined, failure]);
  }

  #busyForLong(): boolean {
    this.#busySinceMs ??= performance.now();
    return performance.now() - this.#busySinceMs > BUSY_LIMIT_MS;
  }

  #again(requests: readonly Request[]): void {
    this.#inbox = [...requests, ...this.#inbox];
    this.#retryLater();
  }

  #retryLater(): void {
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.wake(), BUSY_PAUSE_MS);
  }

  #fail(failure: Failure): void {
    this.stop();
    this.#options.onFatal(failure);
  }

  #report(report: Report): void {
    if (report.replies.length > 0 || report.heard || report.news) this.#options.report(report);
  }
}

const NOTHING: Catch = { queues: [], rows: [], bodies: packBodies([]) };

function replyOf({ taker, lots }: Haul): Reply {
  const rows = lots.flatMap((lot) => lot.rows);
  const queues = lots.map((lot) => [lot.queue, lot.rows.length] as const);
  return [taker.request, { queues, ...pack(rows) } satisfies Catch];
}

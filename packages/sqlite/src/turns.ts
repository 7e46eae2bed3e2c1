import { writes } from './clerk.ts';
import type { Clerk } from './clerk.ts';
import { isBusy } from './failure.ts';
import type { Failure } from './failure.ts';
import type { News } from './news.ts';
import type { Takers } from './takers.ts';
import { NOTHING } from './wire.ts';
import type { Calls, Catch, Reply, Report, Request } from './wire.ts';

const BUSY_PAUSE_MS = 10;
const LONGEST_TIMER_MS = 2 ** 31 - 1;

const NO_CATCH: Catch = { ...NOTHING, queues: [] };

export interface TurnsOptions {
  readonly clerk: Clerk;
  readonly takers: Takers;
  readonly news: News;
  /** Others may keep the file locked this long before whoever asks for something hears of it. */
  readonly busyMs: number;
  /** Sends a report to the process. */
  readonly report: (report: Report) => void;
  /** After a turn that went well. */
  readonly onServed: (wrote: boolean) => void;
  /** The file is of no use any more. */
  readonly onFatal: (failure: Failure) => void;
}

/**
 * Serves requests in turns: what has arrived by then is one transaction with one commit, and takes that wait get
 * their messages in the same one.
 */
export class Turns {
  readonly #options: TurnsOptions;
  #inbox: Request[] = [];
  #scheduled: NodeJS.Immediate | undefined;
  #retry: NodeJS.Timeout | undefined;
  #due: NodeJS.Timeout | undefined;
  #busySinceMs: number | undefined;
  /** Whether somebody may have changed something that nobody has looked at. */
  #stale = false;

  constructor(options: TurnsOptions) {
    this.#options = options;
  }

  receive(requests: readonly Request[]): void {
    for (const request of requests) {
      const [id, name, args] = request;
      if (name === 'take') this.#addTaker(id, args as Parameters<Calls['take']>);
      else if (name === 'cancel') this.#cancel(args as Parameters<Calls['cancel']>);
      else if (name !== 'pong') this.#inbox.push(request);
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
    return this.#options.takers.size > 0 || this.#options.news.wanted;
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
    if (this.#options.takers.remove(request)) this.#reply([[request, NO_CATCH]]);
  }

  #schedule(): void {
    this.#scheduled ??= setImmediate(() => this.#turn());
  }

  #turn(): void {
    this.#scheduled = undefined;
    const requests = this.#inbox.splice(0);
    const stale = this.#stale;
    const wrote = requests.some(writes);
    const replies = this.#serve(requests, wrote);
    this.#reply(replies);
    const fatal = replies.find(([, , failure]) => failure?.fatal)?.[2];
    if (fatal) this.#options.onFatal(fatal);
    else this.#afterwards(stale || wrote, wrote);
  }

  #serve(requests: readonly Request[], wrote: boolean): readonly Reply[] {
    const { clerk, takers } = this.#options;
    try {
      const claim = wrote ? takers.size > 0 : this.#stale && clerk.anyToClaim;
      const replies = clerk.together(requests, { claim });
      this.#stale = false;
      this.#busySinceMs = undefined;
      return replies;
    } catch (error) {
      return isBusy(error) ? this.#putOff(requests, error) : clerk.eachAlone(requests);
    }
  }

  /** What the turn has brought about. By now the replies are given: nothing that fails here is done twice. */
  #afterwards(changed: boolean, wrote: boolean): void {
    try {
      if (changed) this.#options.news.tell();
      this.#lookAgainWhenDue();
    } catch (error) {
      if (isBusy(error)) this.#retryLater();
      else this.#options.onFatal(this.#options.clerk.explain(error));
    }
    this.#options.onServed(wrote);
  }

  /** Others have the file locked: what needs no lock is served, the rest waits, but not for ever. */
  #putOff(requests: readonly Request[], error: unknown): readonly Reply[] {
    const { clerk } = this.#options;
    const nowMs = performance.now();
    this.#busySinceMs ??= nowMs;
    if (nowMs - this.#busySinceMs > this.#options.busyMs) {
      this.#busySinceMs = undefined;
      return clerk.refuse(requests, error);
    }
    this.#inbox = [...requests.filter(writes), ...this.#inbox];
    this.#retryLater();
    return clerk.readAlone(requests.filter((request) => !writes(request)));
  }

  #retryLater(): void {
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.wake(), BUSY_PAUSE_MS);
  }

  #lookAgainWhenDue(): void {
    clearTimeout(this.#due);
    const waitMs = this.#options.clerk.nextDueMs - Date.now();
    if (waitMs < LONGEST_TIMER_MS) this.#due = setTimeout(() => this.wake(), Math.max(waitMs, 0));
  }

  #reply(replies: readonly Reply[]): void {
    if (replies.length > 0) this.#options.report({ replies });
  }
}

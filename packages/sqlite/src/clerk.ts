import type { Sql } from './database.ts';
import { explain } from './failure.ts';
import type { Failure } from './failure.ts';
import { TAKEN_NUMBERS } from './messages.ts';
import type { Messages } from './messages.ts';
import { READS } from './operations.ts';
import type { Operations } from './operations.ts';
import type { Haul, Takers } from './takers.ts';
import { pack } from './wire.ts';
import type { Catch, Reply, Request } from './wire.ts';

export interface ClerkOptions {
  readonly file: string;
  readonly sql: Sql;
  readonly operations: Operations;
  readonly messages: Messages;
  readonly takers: Takers;
}

export function writes([, name]: Request): boolean {
  return !READS.has(name);
}

/** Does what is asked for, and serves the takes that wait. */
export class Clerk {
  readonly #options: ClerkOptions;

  constructor(options: ClerkOptions) {
    this.#options = options;
  }

  /** When the next delayed message becomes ready; never, as far as nobody waits for one. */
  get nextDueMs(): number {
    const { messages, takers } = this.#options;
    return takers.size === 0 ? Infinity : (messages.nextDue() ?? Infinity);
  }

  /** Whether a look at the queues says that somebody who waits would get something. */
  get anyToClaim(): boolean {
    const { takers } = this.#options;
    return takers.size > 0 && (takers.anyReady() || this.nextDueMs <= Date.now());
  }

  /** All in one transaction, which fails as a whole. */
  together(requests: readonly Request[], how: { readonly claim: boolean }): readonly Reply[] {
    const work = (): [Reply[], readonly Haul[]] => [
      requests.map((request) => this.#perform(request)),
      how.claim ? this.#claim() : [],
    ];
    const inTransaction = how.claim || requests.some(writes);
    const [replies, hauls] = inTransaction ? this.#options.sql.transaction(work) : work();
    return [...replies, ...this.#handOut(hauls)];
  }

  /** Each in a transaction of its own, so that one can't spoil the others. Never throws: a failure is a reply. */
  eachAlone(requests: readonly Request[]): readonly Reply[] {
    const replies = requests.map((request) => this.#alone(request));
    try {
      const hauls = this.#options.takers.size > 0 ? this.#options.sql.transaction(() => this.#claim()) : [];
      return [...replies, ...this.#handOut(hauls)];
    } catch (error) {
      return [...replies, ...this.refuse([], error)];
    }
  }

  /** Those that only read, while others keep the right to write. Never throws either. */
  readAlone(requests: readonly Request[]): readonly Reply[] {
    return requests.map((request) => this.#alone(request));
  }

  /** Says no to these, and to everyone who waits. */
  refuse(requests: readonly Request[], error: unknown): readonly Reply[] {
    const failure = this.explain(error);
    const waiting = this.#options.takers.drain().map((taker) => taker.request);
    return [...requests.map(([id]) => id), ...waiting].map((id): Reply => [id, undefined, failure]);
  }

  explain(error: unknown): Failure {
    return explain(error, this.#options.file);
  }

  #alone(request: Request): Reply {
    try {
      if (!writes(request)) return this.#perform(request);
      return this.#options.sql.transaction(() => this.#perform(request));
    } catch (error) {
      return [request[0], undefined, this.explain(error)];
    }
  }

  #perform([id, name, args]: Request): Reply {
    const operation = this.#options.operations[name as keyof Operations] as (
      ...given: readonly unknown[]
    ) => unknown;
    return [id, operation(...args)];
  }

  #claim(): readonly Haul[] {
    if (this.nextDueMs <= Date.now()) this.#options.messages.promote();
    return this.#options.takers.claim();
  }

  #handOut(hauls: readonly Haul[]): readonly Reply[] {
    return hauls.map(({ lots, taker }) => {
      this.#options.takers.remove(taker.request);
      const queues = lots.map((lot) => [lot.queue, lot.rows.length] as const);
      const rows = lots.length === 1 ? lots[0]!.rows : lots.flatMap((lot) => lot.rows);
      return [taker.request, { queues, ...pack(rows, TAKEN_NUMBERS) } satisfies Catch];
    });
  }
}

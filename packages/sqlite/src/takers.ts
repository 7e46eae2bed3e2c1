import type { Holders } from './holders.ts';
import type { Messages, TakenRow } from './messages.ts';

/** A take that waits in the thread. */
export interface Taker {
  readonly request: number;
  readonly connection: number;
  readonly queues: readonly string[];
  readonly max: number;
  readonly leaseMs: number;
}

/** What a taker got, queue by queue. */
export interface Haul {
  readonly taker: Taker;
  readonly lots: readonly Lot[];
}

export interface Lot {
  readonly queue: string;
  readonly rows: readonly TakenRow[];
}

/** Takes that wait for messages, served in the order in which they came. */
export class Takers {
  readonly #messages: Messages;
  readonly #holders: Holders;
  readonly #waiting = new Map<number, Taker>();

  constructor(messages: Messages, holders: Holders) {
    this.#messages = messages;
    this.#holders = holders;
  }

  get size(): number {
    return this.#waiting.size;
  }

  add(taker: Taker): void {
    this.#waiting.set(taker.request, taker);
  }

  /** False if it has had its answer already. */
  remove(request: number): boolean {
    return this.#waiting.delete(request);
  }

  /** All of them; nobody waits afterwards. */
  drain(): readonly Taker[] {
    const takers = [...this.#waiting.values()];
    this.#waiting.clear();
    return takers;
  }

  /** Whether a look at the queues says that it is worth while to write. */
  anyReady(): boolean {
    const queues = new Set([...this.#waiting.values()].flatMap((taker) => taker.queues));
    return [...queues].some((queue) => this.#messages.anyReady(queue));
  }

  /** Takes for everyone who waits, in the present transaction. Whoever got something waits on until `remove`. */
  claim(): readonly Haul[] {
    const hauls: Haul[] = [];
    for (const taker of this.#waiting.values()) {
      const lots = this.#claimFor(taker);
      if (lots.length > 0) hauls.push({ taker, lots });
    }
    return hauls;
  }

  /** First an equal share of every queue, in the order given, then what room is left. */
  #claimFor({ connection, queues, max, leaseMs }: Taker): readonly Lot[] {
    const leaseUntil = Date.now() + leaseMs;
    const share = Math.ceil(max / queues.length);
    const lots: Lot[] = [];
    const holder = this.#holders.takerOf(connection, leaseMs);
    let room = max;
    const claim = (from: readonly string[], most: number): void => {
      for (const queue of from) {
        if (room === 0) return;
        const rows = this.#messages.claim(queue, holder, leaseUntil, Math.min(most, room));
        if (rows.length > 0) lots.push({ queue, rows });
        room -= rows.length;
      }
    };
    claim(queues, share);
    const fuller = lots.filter((lot) => lot.rows.length === share).map((lot) => lot.queue);
    if (queues.length > 1) claim(fuller, max);
    return lots;
  }
}

import type { Keys } from './keys.ts';
import type { Link } from './link.ts';
import type { RedisOptions } from './options.ts';
import { TAKE } from './scripts.ts';
import { Tags } from './tags.ts';
import { Turns } from './turns.ts';
import type { Turn } from './turns.ts';

/** The most messages in one take, whatever is asked for, and about how many bytes. */
const BATCH = 1000;
const BUDGET = 4 * 1024 * 1024;
/** Looks again after this long although nothing was heard. */
const PATIENCE_MS = 5000;
/** Where the server tells nothing, one has to look: soon at first, then once a second. */
const SHORTEST_MS = 10;
const LONGEST_MS = 1000;

/** A message as it was taken. */
export interface Catch {
  readonly tag: string;
  readonly queue: string;
  readonly list: string;
  readonly text: Buffer;
}

export interface TakerParts {
  readonly link: Link;
  readonly keys: Keys;
  readonly options: RedisOptions;
}

/** Takes and records in one script; with nothing to take, waits until the server tells of a change. */
export class Taker {
  readonly #parts: TakerParts;
  readonly #turns: Turns;
  readonly #takes = new Set<Promise<unknown>>();
  readonly #tags = new Tags();
  /** Lists that had nothing more to give, as of so many changes. */
  #empty: { readonly lists: ReadonlySet<string>; readonly changes: number } | undefined;
  #stopped = false;

  constructor(parts: TakerParts) {
    const { orderStrategy, weights } = parts.options;
    this.#parts = parts;
    this.#turns = new Turns({ strategy: orderStrategy, weights });
  }

  async take(queues: readonly string[], max: number, signal: AbortSignal): Promise<readonly Catch[]> {
    const taking = this.#take(queues, Math.min(max, BATCH), signal);
    this.#takes.add(taking);
    try {
      return await taking;
    } finally {
      this.#takes.delete(taking);
    }
  }

  /** Calls off what waits; resolves when no take is under way any more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#parts.link.waiters.allChanged();
    await Promise.allSettled(this.#takes);
  }

  async #take(queues: readonly string[], max: number, signal: AbortSignal): Promise<readonly Catch[]> {
    const { link } = this.#parts;
    await link.startWaiting();
    for (let idle = 0; !signal.aborted && !this.#stopped; idle++) {
      const turn = this.#turns.next(queues, max);
      const lists = this.#listsOf(turn.queues);
      link.waiters.heed(lists);
      if (!this.#knowsEmpty(lists)) {
        const { changes } = link.waiters;
        const taken = await this.#ask(turn, lists, max);
        if (taken.length > 0) return taken;
        if (changes !== link.waiters.changes) continue; // news may have overtaken the answer
      }
      const looking = Math.min(SHORTEST_MS * 2 ** Math.min(idle, 10), LONGEST_MS);
      if (this.#stopped) break;
      const isTold = await link.waiters.wait(new Set(lists), link.isTold ? PATIENCE_MS : looking, signal);
      if (!isTold && !signal.aborted) this.#empty = undefined; // it may be that nothing was heard
    }
    return [];
  }

  /** What the server would have told of since. */
  #knowsEmpty(lists: readonly string[]): boolean {
    const empty = this.#empty;
    if (empty?.changes !== this.#parts.link.waiters.changes) return false;
    return lists.every((list) => empty.lists.has(list));
  }

  async #ask(turn: Turn, lists: readonly string[], max: number): Promise<readonly Catch[]> {
    const { keys, link, options } = this.#parts;
    const { changes } = link.waiters;
    const answer = (await link.script(TAKE, lists, [
      keys.unacked,
      keys.index,
      keys.leases,
      max,
      BUDGET,
      options.leaseMs / 1000,
      keys.separator,
      keys.prefix.length,
      this.#tags.base,
      this.#tags.reserve(2 * max), // one may be made twice over
      turn.queues.length,
      ...turn.shares,
    ])) as readonly (number | Buffer)[];
    const drained = answer.length % 3 === 1 && link.isTold;
    this.#empty = drained ? { lists: new Set(lists), changes } : undefined;
    return this.#catches(answer, turn, lists);
  }

  #catches(answer: readonly (number | Buffer)[], turn: Turn, lists: readonly string[]): readonly Catch[] {
    const catches: Catch[] = [];
    const counts = new Map<string, number>();
    for (let at = 0; at + 2 < answer.length; at += 3) {
      const number = (answer[at] as number) - 1;
      const queue = turn.queues[number % turn.queues.length] as string;
      const tag = (answer[at + 1] as Buffer).toString();
      catches.push({ tag, queue, list: lists[number] as string, text: answer[at + 2] as Buffer });
      counts.set(queue, (counts.get(queue) ?? 0) + 1);
    }
    if (catches.length > 0) this.#turns.served(turn, counts);
    return catches;
  }

  /** As kombu asks them: for each priority step, each queue. */
  #listsOf(queues: readonly string[]): readonly string[] {
    const { keys } = this.#parts;
    return keys.steps.flatMap((step) => queues.map((queue) => keys.list(queue, step)));
  }
}

/** In which order queues are asked, and how much of a batch each may give before the others have had their turn. */
export interface Turn {
  readonly queues: readonly string[];
  readonly shares: readonly number[];
}

export type OrderStrategy = 'round_robin' | 'priority' | 'sorted' | 'weighted';

export interface TurnsOptions {
  readonly strategy: OrderStrategy;
  /** For `weighted`; a queue that isn't named weighs 1. */
  readonly weights: Readonly<Record<string, number>>;
}

/** How far a queue that had nothing to give may fall behind, in batches. */
const DEBT = 2;

/**
 * `round_robin`: in turn, each as much as the others. `priority`: always in the order in which consumers came.
 * `sorted`: always by name. `weighted`: each in proportion to its weight, in the long run, too.
 */
export class Turns {
  readonly #options: TurnsOptions;
  readonly #arrived = new Map<string, number>();
  readonly #owed = new Map<string, number>();

  constructor(options: TurnsOptions) {
    this.#options = options;
  }

  /** `queues` come in turn: what gave least comes first. */
  next(queues: readonly string[], max: number): Turn {
    for (const queue of queues) if (!this.#arrived.has(queue)) this.#arrived.set(queue, this.#arrived.size);
    switch (this.#options.strategy) {
      case 'round_robin':
        return { queues, shares: queues.map(() => Math.ceil(max / queues.length)) };
      case 'priority':
        return everything(this.#inOrderOfArrival(queues), max);
      case 'sorted':
        return everything(queues.toSorted(), max);
      case 'weighted':
        return this.#weighted(queues, max);
    }
  }

  /** Takes note of how many messages each queue gave. */
  served(turn: Turn, counts: ReadonlyMap<string, number>): void {
    if (this.#options.strategy !== 'weighted') return;
    let total = 0;
    for (const count of counts.values()) total += count;
    const sum = this.#weightOf(turn.queues);
    for (const queue of turn.queues) {
      const share = (total * this.#weight(queue)) / sum;
      const owed = (this.#owed.get(queue) ?? 0) + share - (counts.get(queue) ?? 0);
      const most = DEBT * Math.max(total, sum);
      this.#owed.set(queue, Math.max(-most, Math.min(owed, most)));
    }
  }

  #weighted(queues: readonly string[], max: number): Turn {
    const sum = this.#weightOf(queues);
    const due = (queue: string): number => (max * this.#weight(queue)) / sum + (this.#owed.get(queue) ?? 0);
    const ordered = queues.toSorted((a, b) => due(b) - due(a));
    return {
      queues: ordered,
      shares: ordered.map((queue) => Math.min(max, Math.max(0, Math.round(due(queue))))),
    };
  }

  #inOrderOfArrival(queues: readonly string[]): readonly string[] {
    const place = (queue: string): number => this.#arrived.get(queue) ?? 0;
    return queues.toSorted((a, b) => place(a) - place(b));
  }

  #weight(queue: string): number {
    return this.#options.weights[queue] ?? 1;
  }

  #weightOf(queues: readonly string[]): number {
    return queues.reduce((sum, queue) => sum + this.#weight(queue), 0);
  }
}

function everything(queues: readonly string[], max: number): Turn {
  return { queues, shares: queues.map(() => max) };
}

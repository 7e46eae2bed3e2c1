/** Where a message was taken from; learns what became of it. */
export interface Origin {
  settle(tag: string, how: 'done' | 'requeue'): void;
}

/**
 * The prefetch gate: what a channel has handed out and not heard of, and how much more it may hand out. Counts
 * messages, whatever their size.
 */
export class Unacked {
  readonly #held = new Map<string, Origin>();
  readonly #onRoom: () => void;
  readonly #onLate: () => void;
  #limit = 0;
  /** What was held when the window was emptied, and nobody has settled since. */
  #lost: Set<string> | undefined;

  /** `onRoom` is called when a full window has room again, `onLate` for each acknowledgement of what `drain()` took away. */
  constructor(onRoom: () => void, onLate: () => void = () => undefined) {
    this.#onRoom = onRoom;
    this.#onLate = onLate;
  }

  get size(): number {
    return this.#held.size;
  }

  /** How many more may be handed out. */
  get free(): number {
    return this.#limit === 0 ? Infinity : Math.max(this.#limit - this.#held.size, 0);
  }

  get limit(): number {
    return this.#limit;
  }

  /** 0 = any number. */
  set limit(count: number) {
    const wasFull = this.free === 0;
    this.#limit = count;
    this.#tellRoom(wasFull);
  }

  add(tag: string, origin: Origin): void {
    this.#held.set(tag, origin);
  }

  /** Tells the origin; a tag that isn't held (any more) is ignored. */
  settle(tag: string, how: 'done' | 'requeue'): void {
    const origin = this.#held.get(tag);
    if (!origin) {
      if (this.#lost?.delete(tag) && how === 'done') this.#onLate();
      return;
    }
    const wasFull = this.free === 0;
    this.#held.delete(tag);
    this.#tellRoom(wasFull);
    origin.settle(tag, how);
  }

  /** What is held of one origin. */
  tagsOf(origin: Origin): string[] {
    const tags: string[] = [];
    for (const [tag, from] of this.#held) if (from === origin) tags.push(tag);
    return tags;
  }

  /** Empties the window; what is settled afterwards is ignored. */
  drain(): ReadonlyMap<string, Origin> {
    const held = new Map(this.#held);
    this.#held.clear();
    this.#lost = new Set(held.keys());
    return held;
  }

  #tellRoom(wasFull: boolean): void {
    if (wasFull && this.free > 0) this.#onRoom();
  }
}

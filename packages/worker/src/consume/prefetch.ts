/** How much short work an automatic window keeps in reserve, a slot. */
const RESERVE_MS = 50;

/** Of one sample in the running average. */
const WEIGHT = 0.1;

/** Most messages in reserve a slot, however short they are: bounds memory and what a killed worker held. */
const MOST_RESERVED = 1024;

/** Most messages fetched ahead while one after another has to wait for its moment. */
const MOST_AHEAD = 256;

export interface WindowOptions {
  /** 'auto', 0 = no limit, or messages a slot. */
  readonly multiplier: number | 'auto';
  /** Nothing in reserve. */
  readonly disabled: boolean;
}

/**
 * How many messages the worker may hold. 'auto' keeps no reserve for tasks that run long and about 50 ms of work for
 * short ones, so that nothing waits behind a long task while a slot elsewhere is idle.
 */
export class PrefetchWindow {
  readonly #options: WindowOptions;
  /** Running average of run times: a task that is longer than the reserve ends it at once. */
  #averageMs: number | undefined;
  #lastMs = 0;
  /** The reserve now. */
  #kept = 0;
  /** Requests that wait for their moment; they take no slot. */
  parked = 0;
  /** How many came one after another that have to wait. */
  #inARow = 0;

  constructor(options: WindowOptions) {
    this.#options = options;
  }

  /** A request came that has to wait: many more may stand between it and the first one that needn't. */
  waits(): void {
    this.#inARow++;
  }

  /** One came that can run. */
  runs(): void {
    this.#inARow = 0;
  }

  ran(runtimeMs: number): void {
    const average = this.#averageMs;
    // One long task ends the reserve; one that merely met the garbage collector must not: a smaller window calls off
    // what is being fetched.
    const sample = Math.min(runtimeMs, this.#lastMs);
    this.#lastMs = runtimeMs;
    if (average === undefined || runtimeMs >= RESERVE_MS) this.#averageMs = runtimeMs;
    else this.#averageMs = average + (sample - average) * WEIGHT;
  }

  /** A slot has been busy for this long and isn't done: the next ones may be as long. */
  stalled(ms: number): void {
    if (this.#averageMs === undefined || this.#averageMs < ms) this.#averageMs = ms;
  }

  get giveBackWhenStalled(): boolean {
    return this.#options.multiplier === 'auto' && !this.#options.disabled;
  }

  /** Messages the worker may hold now; 0 = no limit. */
  size(slots: number): number {
    if (this.#options.disabled) return slots + this.parked;
    if (this.#options.multiplier === 'auto')
      return slots * (1 + this.#reserve()) + this.parked + this.#ahead();
    return this.#options.multiplier === 0 ? 0 : slots * this.#options.multiplier + this.parked;
  }

  /**
   * Messages in reserve a slot. Changes in steps of two and more: each change is a command to the broker, and a smaller
   * window calls off what is being fetched.
   */
  #reserve(): number {
    const exact = this.#exactReserve();
    if (exact === 0) this.#kept = 0;
    else if (exact >= 2 * this.#kept || 2 * exact <= this.#kept)
      this.#kept = 2 ** Math.floor(Math.log2(exact));
    return this.#kept;
  }

  /** One by one they would hold up what can run behind them. Doubles, so that not every one changes the window. */
  #ahead(): number {
    return this.#inARow < 4 ? 0 : Math.min(MOST_AHEAD, 2 ** Math.floor(Math.log2(this.#inARow)));
  }

  #exactReserve(): number {
    if (this.#averageMs === undefined || this.#averageMs >= RESERVE_MS) return 0;
    return Math.min(MOST_RESERVED, Math.floor(RESERVE_MS / Math.max(this.#averageMs, 0.02)));
  }
}

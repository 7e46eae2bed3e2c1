import type { Clock, Logger } from '@tq/core';
import { toError } from '@tq/core/internal';

/** Longer periods overflow Node's timers, which then fire at once. */
const LONGEST_MS = 2 ** 31 - 1;

export interface TimedWork {
  readonly everyMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
  /** What failed, for the log. */
  readonly what: string;
  /** Resolves with false when there was nothing to do: the work then rests until it is started again. */
  run(): Promise<boolean>;
}

/** Work of the background: now and then, one at a time, as long as there is any. A failure is logged; the next turn may do better. */
export class Recurring implements Disposable {
  readonly #work: TimedWork;
  #timer: Disposable | undefined;
  #busy = false;

  constructor(work: TimedWork) {
    this.#work = work;
  }

  get started(): boolean {
    return this.#timer !== undefined;
  }

  start(): void {
    const { clock, everyMs } = this.#work;
    this.#timer ??= clock.every(Math.min(everyMs, LONGEST_MS), () => void this.runNow());
  }

  /** Never rejects. */
  async runNow(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    try {
      if (!(await this.#work.run())) this[Symbol.dispose]();
    } catch (error) {
      this.#work.logger.warn(this.#work.what, { error: toError(error).message });
    } finally {
      this.#busy = false;
    }
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
  }
}

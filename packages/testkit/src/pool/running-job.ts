import type { Execution, Job, JobWatcher, Outcome, Pool } from '@tq/core';
import { deferred } from '@tq/core/internal';
import { within } from '../eventually.ts';

/** The end of a job, as a test reads it. */
export interface Ended {
  readonly outcome: Outcome;
  /** What it succeeded with; throws when it did not. */
  readonly value: unknown;
  /** From accepted() to done(). */
  readonly ranMs: number;
}

/** A job, and everything its watcher heard. */
export class RunningJob {
  readonly job: Job;
  readonly outcomes: Outcome[] = [];
  /** Names of the callbacks, in their order. */
  readonly calls: string[] = [];
  readonly pids: number[] = [];
  accepted = 0;
  execution: Execution | undefined;
  readonly #watch: Partial<JobWatcher>;
  readonly #done = deferred();
  #acceptedMs = 0;
  #endedMs = 0;

  constructor(job: Job, watch: Partial<JobWatcher>) {
    this.job = job;
    this.#watch = watch;
  }

  begin(pool: Pool): void {
    this.execution = pool.run(this.job, {
      ...this.#watch,
      accepted: (by) => {
        this.accepted++;
        this.#acceptedMs = performance.now();
        this.calls.push('accepted');
        this.pids.push(by.pid);
        this.#watch.accepted?.(by);
      },
      softTimeLimit: () => {
        this.calls.push('softTimeLimit');
      },
      done: (outcome) => {
        this.calls.push('done');
        this.outcomes.push(outcome);
        this.#endedMs = performance.now();
        this.#watch.done?.(outcome);
        this.#done.resolve();
      },
    });
  }

  async ended(timeoutMs = 20_000): Promise<Ended> {
    await within(this.#done.promise, timeoutMs, `the end of ${this.job.id} (${this.job.task})`);
    const [outcome] = this.outcomes as [Outcome];
    return {
      outcome,
      get value() {
        return valueOf(outcome);
      },
      ranMs: this.#endedMs - this.#acceptedMs,
    };
  }
}

function valueOf(outcome: Outcome): unknown {
  if (outcome.kind !== 'succeeded') throw new Error(`Not succeeded: ${JSON.stringify(outcome)}`);
  return JSON.parse(outcome.result) as unknown;
}

import type { JobHandler, Outcome } from '@tq/core';
import { toError } from '@tq/core/internal';
import type { Turnstile } from './gate.ts';
import { Questions } from './questions.ts';
import { RunningJob } from './running-job.ts';
import type { AbortNotice, ChildMessage, JobMessage, ParentMessage } from './wire.ts';

/** Jobs that have started may stay in the queue's array until there are so many. */
const TRIM = 100;

export interface JobLoopOptions {
  readonly handler: JobHandler;
  readonly turnstile: Turnstile;
  readonly slots: number;
  /** Must have sent the message when it returns: the next job may block the event loop. */
  readonly say: (message: ChildMessage) => void;
  /** Called after each job. */
  readonly finished?: (idle: boolean) => void;
}

/** Runs the jobs that a host was sent, in their order, each only after its permission was taken at the gate. */
export class JobLoop {
  readonly #handler: JobHandler;
  readonly #turnstile: Turnstile;
  readonly #say: (message: ChildMessage) => void;
  readonly #finished: ((idle: boolean) => void) | undefined;
  readonly #questions: Questions;
  readonly #running = new Map<number, RunningJob>();
  #slots: number;
  #lanes = 0;
  /** Jobs that came and have not started: a queue whose first element is at `#first`. */
  #jobs: JobMessage[] = [];
  #first = 0;
  /** A permission whose job has not arrived yet. */
  #owed: number | undefined;
  readonly #early = new Map<number, AbortNotice>();

  constructor(options: JobLoopOptions) {
    this.#handler = options.handler;
    this.#turnstile = options.turnstile;
    this.#slots = options.slots;
    this.#say = options.say;
    this.#finished = options.finished;
    this.#questions = new Questions(this.#say);
  }

  hear(message: ParentMessage): void {
    switch (message.kind) {
      case 'jobs':
        for (const job of message.jobs) this.#jobs.push(job);
        return this.#fill();
      case 'abort':
        return this.#abort(message.seq, message.notice);
      case 'answer':
        return this.#questions.answered(message);
      case 'slots':
        this.#slots = message.slots;
        return this.#fill();
      case 'ping':
        return this.#say({ kind: 'pong' });
      case 'init':
      case 'leave':
        return;
    }
  }

  /** One lane a slot: a lane runs job after job until there is none. */
  #fill(): void {
    while (this.#lanes < this.#slots) {
      const job = this.#next();
      if (!job) return;
      this.#lanes++;
      void this.#lane(job);
    }
  }

  async #lane(first: JobMessage): Promise<void> {
    for (let job: JobMessage | undefined = first; job; job = this.#next()) {
      await this.#run(job);
      this.#finished?.(this.#first === this.#jobs.length);
      if (this.#lanes > this.#slots) break;
    }
    this.#lanes--;
  }

  /** The next job that may start. Jobs whose permission was taken back are dropped on the way. */
  #next(): JobMessage | undefined {
    while (this.#first < this.#jobs.length) {
      const seq = this.#owed ?? this.#turnstile.pass();
      if (seq === undefined) return this.#forget();
      this.#owed = seq;
      const job = this.#shiftTo(seq);
      if (!job) return undefined;
      this.#owed = undefined;
      if (!job.skip) return job;
    }
    return undefined;
  }

  /** Drops all jobs before `seq` and takes that one, if it has arrived. */
  #shiftTo(seq: number): JobMessage | undefined {
    while (this.#first < this.#jobs.length) {
      const job = this.#jobs[this.#first++] as JobMessage;
      if (job.seq === seq) {
        if (this.#first > TRIM) this.#trim();
        return job;
      }
      this.#early.delete(job.seq);
    }
    return this.#forget();
  }

  #trim(): void {
    this.#jobs = this.#jobs.slice(this.#first);
    this.#first = 0;
  }

  #forget(): undefined {
    this.#jobs = [];
    this.#first = 0;
    this.#early.clear();
  }

  async #run(job: JobMessage): Promise<void> {
    const { seq } = job;
    const notice = this.#early.size > 0 ? this.#early.get(seq) : undefined;
    const context = new RunningJob(notice ? { aborted: notice, ...job } : job, this.#questions, this.#log);
    this.#running.set(seq, context);
    const startedAt = performance.now();
    const atMs = Math.round(performance.timeOrigin + startedAt);
    if (job.announce) this.#say({ kind: 'accepted', seq, atMs });
    const outcome = await this.#outcome(job, context, startedAt);
    this.#running.delete(seq);
    const ms = performance.now() - startedAt;
    try {
      this.#say({ kind: 'done', seq, outcome, atMs, ms });
    } catch (error) {
      this.#say({ kind: 'done', seq, outcome: failed(error, ms), atMs, ms });
    }
  }

  async #outcome(job: JobMessage, context: RunningJob, startedAt: number): Promise<Outcome> {
    try {
      return await this.#handler(job.payload, context);
    } catch (error) {
      return failed(error, performance.now() - startedAt);
    }
  }

  #abort(seq: number, notice: AbortNotice): void {
    const running = this.#running.get(seq);
    if (running) running.abort(notice);
    else if (this.#jobs.some((job, index) => index >= this.#first && job.seq === seq))
      this.#early.set(seq, notice);
  }

  readonly #log: RunningJob['log'] = (level, message, fields) => {
    try {
      this.#say({ kind: 'log', level, message, ...(fields ? { fields } : {}) });
    } catch (error) {
      this.#say({ kind: 'log', level, message, fields: { unprintable: toError(error).message } });
    }
  };
}

/** What a handler should have said itself. */
function failed(thrown: unknown, runtimeMs: number): Outcome {
  const error = toError(thrown);
  return {
    kind: 'failed',
    error: {
      excType: error.name,
      excModule: 'builtins',
      excMessage: [error.message],
      traceback: error.stack ?? null,
    },
    runtimeMs,
  };
}

import type { JobHandler, Outcome } from '@tq/core';
import { toError } from '@tq/core/internal';
import type { Turnstile } from './gate.ts';
import { Questions } from './questions.ts';
import { RunningJob } from './running-job.ts';
import type { AbortNotice, ChildMessage, JobMessage, ParentMessage } from './wire.ts';

/** Jobs that have started may stay in the queue's array until there are so many. */
const TRIM = 100;

/** How a host speaks to its pool. Both verbs throw when the message can't be put into words. */
export interface Speaker {
  /** Says it at once, after all that was noted. */
  say(message: ChildMessage): void;
  /** Says it soon; until then the pool can read it should the host block or die. */
  note(message: ChildMessage, nowMs: number): void;
  /** Says what was noted. */
  flush(): void;
}

export interface JobLoopOptions {
  readonly handler: JobHandler;
  readonly turnstile: Turnstile;
  readonly slots: number;
  readonly speaker: Speaker;
  /** Called after each job. */
  readonly finished?: (idle: boolean) => void;
}

/** Runs the jobs that a host was sent, in their order, each only after its permission was taken at the gate. */
export class JobLoop {
  readonly #handler: JobHandler;
  readonly #turnstile: Turnstile;
  readonly #speaker: Speaker;
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
    this.#speaker = options.speaker;
    this.#finished = options.finished;
    this.#questions = new Questions((message) => this.#speaker.say(message));
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
        return this.#speaker.say({ kind: 'pong' });
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
      const startedMs = performance.now();
      const context = this.#enter(job);
      let outcome: Outcome;
      try {
        const ended = this.#handler(job.payload, context);
        outcome = ended instanceof Promise ? await ended : ended;
      } catch (error) {
        outcome = failed(error, performance.now() - startedMs);
      }
      this.#leave(job, outcome, startedMs);
      if (this.#lanes > this.#slots) break;
    }
    this.#lanes--;
    this.#speaker.flush();
  }

  #enter(job: JobMessage): RunningJob {
    const notice = this.#early.size > 0 ? this.#early.get(job.seq) : undefined;
    const context = new RunningJob(job, notice ?? job.aborted, this.#questions, this.#log);
    this.#running.set(job.seq, context);
    if (job.announce) this.#speaker.say({ kind: 'accepted', seq: job.seq, atMs: Date.now() });
    return context;
  }

  #leave({ seq }: JobMessage, outcome: Outcome, startedMs: number): void {
    this.#running.delete(seq);
    const nowMs = performance.now();
    const us = Math.round((nowMs - startedMs) * 1000);
    try {
      this.#report({ kind: 'done', seq, outcome, us }, nowMs);
    } catch (error) {
      this.#report({ kind: 'done', seq, outcome: failed(error, us / 1000), us }, nowMs);
    }
    this.#finished?.(this.#first === this.#jobs.length);
  }

  /** With more to do the outcome may wait a little for company. */
  #report(message: ChildMessage, nowMs: number): void {
    if (this.#first < this.#jobs.length) this.#speaker.note(message, nowMs);
    else this.#speaker.say(message);
  }

  /** The next job that may start. Jobs whose permission was taken back are dropped on the way. */
  #next(): JobMessage | undefined {
    while (this.#first < this.#jobs.length) {
      const seq = this.#owed ?? this.#turnstile.pass();
      if (seq === undefined) return this.#forget();
      const job = this.#shiftTo(seq);
      if (!job) return this.#await(seq);
      if (this.#owed !== undefined) this.#arrived(seq);
      if (!job.skip) return job;
      this.#speaker.say({ kind: 'skipped', seq });
    }
    return undefined;
  }

  /** Until it is here the pool must not take it for one that has started, should this host die. */
  #await(seq: number): undefined {
    if (this.#owed === undefined) this.#speaker.say({ kind: 'awaited', seq });
    this.#owed = seq;
  }

  #arrived(seq: number): void {
    this.#owed = undefined;
    this.#speaker.say({ kind: 'accepted', seq, atMs: Date.now() });
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

  #abort(seq: number, notice: AbortNotice): void {
    const running = this.#running.get(seq);
    if (running) running.abort(notice);
    else if (this.#jobs.some((job, index) => index >= this.#first && job.seq === seq))
      this.#early.set(seq, notice);
  }

  readonly #log: RunningJob['log'] = (level, message, fields) => {
    try {
      this.#speaker.say({ kind: 'log', level, message, ...(fields ? { fields } : {}) });
    } catch (error) {
      this.#speaker.say({ kind: 'log', level, message, fields: { unprintable: toError(error).message } });
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

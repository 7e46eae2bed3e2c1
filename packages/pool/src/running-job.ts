import { SoftTimeLimitExceeded, TaskRevokedError, WorkerShutdown } from '@tq/core';
import type { HostLog, JobContext } from '@tq/core';
import type { AbortNotice, JobMessage } from './wire.ts';
import type { Questions } from './questions.ts';

/** What a handler sees of its job's surroundings. */
export class RunningJob implements JobContext {
  readonly #seq: number;
  readonly #questions: Questions;
  readonly #log: JobContext['log'];
  #controller: AbortController | undefined;
  #aborted: AbortNotice | undefined;

  constructor(
    job: JobMessage,
    aborted: AbortNotice | undefined,
    questions: Questions,
    log: JobContext['log'],
  ) {
    this.#seq = job.seq;
    this.#aborted = aborted;
    this.#questions = questions;
    this.#log = log;
  }

  /** Made when it is first looked at: most jobs never do. */
  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.#aborted) this.#controller.abort(toReason(this.#aborted));
    }
    return this.#controller.signal;
  }

  ask(question: unknown): Promise<unknown> {
    return this.#questions.ask(this.#seq, question);
  }

  log(level: HostLog['level'], message: string, fields?: Readonly<Record<string, unknown>>): void {
    this.#log(level, message, fields);
  }

  /** The first reason stays. */
  abort(notice: AbortNotice): void {
    this.#aborted ??= notice;
    this.#controller?.abort(toReason(this.#aborted));
  }
}

function toReason(notice: AbortNotice): Error {
  switch (notice.reason) {
    case 'soft-time-limit':
      return new SoftTimeLimitExceeded(notice.limit);
    case 'revoked':
      return new TaskRevokedError();
    case 'shutdown':
      return new WorkerShutdown();
  }
}

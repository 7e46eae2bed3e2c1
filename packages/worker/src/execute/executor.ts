import type { App, Encoded, Job, JobWatcher, Outcome, Pool } from '@tq/core';
import { durationMs } from '@tq/core/internal';
import type { ContextQuestion } from '@tq/core/internal';
import type { Held } from '../consume/held.ts';
import type { TaskEvents } from '../presence/task-events.ts';
import type { TaskLines } from './lines.ts';
import { inputOf, packPayload } from './payload.ts';
import type { Results } from './results.ts';
import type { Settler } from './settle.ts';

/** About what a payload takes besides its body. */
const PAYLOAD_BYTES = 256;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export interface ExecutorParts {
  readonly app: App;
  readonly pool: Pool;
  readonly settler: Settler;
  readonly results: Results;
  readonly events: TaskEvents;
  readonly lines: TaskLines;
  readonly hostname: string;
  /** Asked right before a request would start: why it must not. */
  mustDrop(held: Held): 'revoked' | 'expired' | undefined;
  /** A request has left the worker's hands. */
  finished(held: Held, outcome: Outcome): void;
}

/** Time limits of a task; null = none, undefined = as the settings say. */
export interface TimeLimits {
  readonly softTimeLimit?: number | string | null | undefined;
  readonly timeLimit?: number | string | null | undefined;
}

/** Hands requests to the pool, and their outcomes to the settler. */
export class Executor {
  readonly #parts: ExecutorParts;
  readonly #running = new Set<Held>();
  /** Limits that were changed at run time, by task; null = none. */
  readonly #limits = new Map<string, TimeLimits>();
  readonly #totals = new Map<string, number>();
  #lastJob = 0;

  constructor(parts: ExecutorParts) {
    this.#parts = parts;
  }

  /** Requests in the pool, running or waiting there. */
  get held(): ReadonlySet<Held> {
    return this.#running;
  }

  /** How many have run, by task. */
  get totals(): ReadonlyMap<string, number> {
    return this.#totals;
  }

  /** Limits for executions of a task from now on. A call that brings its own has those. */
  setLimits(task: string, limits: TimeLimits): void {
    this.#limits.set(task, limits);
  }

  start(held: Held): void {
    const { app, events, pool, results } = this.#parts;
    const { options } = held.definition;
    const { config } = app;
    this.#running.add(held);
    const early = !(options.acksLate ?? config.taskAcksLate);
    const tracked = (options.trackStarted ?? config.taskTrackStarted) && results.wanted(held);
    const limits = this.#limits.get(held.request.task) ?? options;
    const soft = limitMs(held.request.softTimeLimit, limits.softTimeLimit, config.taskSoftTimeLimit);
    const hard = limitMs(held.request.timeLimit, limits.timeLimit, config.taskTimeLimit);
    const isAnnounced = events.wanted(held);
    held.timeLimit = hard === undefined ? undefined : hard / 1000;
    // One shape for the usual job; spreading would cost as much as all the rest.
    const job: Mutable<Job> = {
      id: String(++this.#lastJob),
      task: held.request.task,
      payload: this.#payload(held),
      bytes: held.delivery.message.body.byteLength + PAYLOAD_BYTES,
    };
    if (soft !== undefined) job.softTimeLimitMs = soft;
    if (hard !== undefined) job.timeLimitMs = hard;
    if (early || tracked || isAnnounced) job.announce = true;
    held.execution = pool.run(
      job,
      new Watcher(this.#parts, held, this, early, tracked, soft === undefined ? 0 : soft / 1000),
    );
  }

  /** Takes those out of the pool that must not start any more. */
  withdraw(unwanted: (held: Held) => boolean): void {
    for (const held of this.#running) if (unwanted(held)) held.execution?.withdraw();
  }

  /** Ends a request by force, as far as its pool can. */
  terminate(held: Held, signal: { readonly name: NodeJS.Signals; readonly number: number }): void {
    held.terminatedBy = signal.number;
    held.execution?.terminate(signal.name);
  }

  /** @internal */
  ended(held: Held, outcome: Outcome): void {
    this.#running.delete(held);
    const { task } = held.request;
    if (outcome.kind !== 'returned') this.#totals.set(task, (this.#totals.get(task) ?? 0) + 1);
  }

  #payload(held: Held): unknown {
    const { events, hostname, lines, pool } = this.#parts;
    const wantRepr = lines.verbose || events.wanted(held);
    return pool.traits.inProcess ? inputOf(held, hostname, wantRepr) : packPayload(held, wantRepr);
  }

  /** Aborts the signals of everything that runs. */
  abortAll(): void {
    for (const held of this.#running) held.execution?.abort('shutdown');
  }
}

/** One object a job, no closures: this is the hot path. */
class Watcher implements JobWatcher {
  readonly #parts: ExecutorParts;
  readonly #held: Held;
  readonly #executor: Executor;
  readonly #early: boolean;
  readonly #tracked: boolean;
  readonly #softLimit: number;

  constructor(
    parts: ExecutorParts,
    held: Held,
    executor: Executor,
    early: boolean,
    tracked: boolean,
    softLimit: number,
  ) {
    this.#parts = parts;
    this.#held = held;
    this.#executor = executor;
    this.#early = early;
    this.#tracked = tracked;
    this.#softLimit = softLimit;
  }

  ready(): boolean {
    return this.#parts.mustDrop(this.#held) === undefined;
  }

  accepted(by: { readonly pid: number; readonly atMs: number }): void {
    const { results, settler, events, hostname } = this.#parts;
    const held = this.#held;
    const first = !held.started;
    held.started = true;
    held.runs = by;
    if (this.#early && !held.acked) {
      held.acked = true;
      held.delivery.ack();
    }
    if (!first) return;
    if (this.#tracked) {
      const state = results.state(
        held.request,
        'STARTED',
        JSON.stringify({ pid: by.pid, hostname }) as Encoded,
      );
      settler.beside(results.store(state, held.request));
    }
    events.started(held);
  }

  async asked(given: unknown): Promise<unknown> {
    const { events, results, settler } = this.#parts;
    const question = given as ContextQuestion;
    if (question.kind === 'add-to-chord') return settler.addToChord(this.#held, question);
    if (question.kind === 'event') return events.custom(this.#held, question.type, question.fields);
    const { state, meta } = question;
    if (results.wanted(this.#held))
      await results.store(results.state(this.#held.request, state, meta as Encoded), this.#held.request);
    return undefined;
  }

  softTimeLimit(): void {
    this.#parts.lines.softTimeLimit(this.#held.request, this.#softLimit);
  }

  done(outcome: Outcome): void {
    const held = this.#held;
    this.#executor.ended(held, outcome);
    const dropped = outcome.kind === 'returned' ? this.#parts.mustDrop(held) : undefined;
    if (dropped) this.#parts.settler.drop(held, dropped);
    else this.#parts.settler.settle(held, outcome);
    this.#parts.finished(held, outcome);
  }
}

/** The call's own limit, else the task's, else the setting's. Milliseconds. */
function limitMs(
  call: number | null,
  task: number | string | null | undefined,
  setting: number | string | null,
): number | undefined {
  if (call !== null) return call * 1000;
  const limit = task === undefined ? setting : task;
  return limit === null || limit === undefined ? undefined : durationMs(limit, 'the time limit');
}

import type { SignatureData } from './signature.ts';
import type { ResultTuple, WireError } from './backend.ts';
import type { Clock } from './clock.ts';
import type { Logger } from './logger.ts';
import type { Encoded } from './serializer.ts';

/** Where tasks run. Knows nothing about messages, brokers or results. */
export interface Pool extends AsyncDisposable {
  readonly traits: PoolTraits;
  /** Slots: tasks that may run at one time. */
  readonly size: number;
  /** Resolves when every host has loaded the app; rejects with `PoolStartError` when none can. */
  start(): Promise<void>;
  /** Never throws; everything that can happen to a job is an outcome. */
  run(job: Job, watch: JobWatcher): Execution;
  resize(size: number): Promise<void>;
  /** Replaces every host by a new one, which loads the app anew; each finishes what it runs first. A job that is in this very process stays where it is. */
  restart(): void;
  /** Takes back every job that has not started: each ends as `returned`. */
  recall(): void;
  stats(): PoolStats;
  /** Takes no more jobs, lets the running ones finish for `graceMs`, kills the rest (`lost`). Settles always; may be called twice, the shorter grace wins. */
  close(options: { readonly graceMs: number }): Promise<void>;
}

/** What differs between pools, as data. */
export interface PoolTraits {
  readonly kind: 'prefork' | 'threads' | 'async' | 'solo';
  /** Whether a running job can be ended by force: hard time limits, terminate. */
  readonly killable: boolean;
  /** Jobs run in the worker's own process: a payload is handed over as it is, whatever it is made of. */
  readonly inProcess: boolean;
}

/** Made by `prefork()`, `threads()`, `asyncPool()`, `solo()`; the worker fills in the rest. */
export interface PoolFactory {
  readonly traits: PoolTraits;
  create(host: PoolHost): Pool;
}

/** What a worker gives a pool. */
export interface PoolHost {
  /** File URL of the module that a child process or thread loads: it calls `serve(handler)` of @tq/pool/child. */
  readonly entry: string;
  /** Handed to the entry module before it loads the app. JSON. */
  readonly init: unknown;
  /** Runs a job in this very process (solo). */
  handler(): Promise<JobHandler>;
  readonly logger: Logger;
  readonly clock: Clock;
  /** The default number of slots. */
  readonly size: number;
  /** A host that isn't ready by then is killed and counted as failed to start. */
  readonly startTimeoutMs: number;
  /** Recycle a host after this many jobs. */
  readonly maxTasksPerChild?: number;
  /** Recycle a host whose resident memory is over this after a job. Bytes. */
  readonly maxMemoryPerChild?: number;
  /** No host can be started any more (for instance the app throws at import, over and over). */
  onFatal(error: Error): void;
  /** A line that a host logged, or wrote to stdout or stderr. */
  onLog(line: HostLog): void;
}

/** A line from a process or thread that runs tasks. */
export interface HostLog {
  /** As Celery names it: `ForkPoolWorker-1`. */
  readonly processName: string;
  /** 1…n, stable over the host's replacements. */
  readonly index: number;
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
  readonly fields?: Readonly<Record<string, unknown>>;
}

/** Executes one payload; lives in the host. Never rejects, nor throws. Short work says at once how it ended: a promise would cost as much. */
export type JobHandler = (payload: unknown, context: JobContext) => Outcome | Promise<Outcome>;

/** What a running job has of whoever started it. */
export interface JobContext {
  readonly signal: AbortSignal;
  /** Asks whoever started the job, and waits for the answer. */
  ask(question: unknown): Promise<unknown>;
  /** Sends a log line to whoever started the job. */
  log(level: HostLog['level'], message: string, fields?: Readonly<Record<string, unknown>>): void;
}

/** Something to run: a payload that the pool doesn't look at, and limits. */
export interface Job {
  /** Unique among the jobs this pool holds. */
  readonly id: string;
  /** Task name; the pool groups its running averages by it. */
  readonly task: string;
  /** Passed on unseen. JSON, bodies as strings, unless the pool is `inProcess`. */
  readonly payload: unknown;
  /** About how many bytes the payload is as JSON. @default estimated, which takes a look at all of it */
  readonly bytes?: number;
  /** Abort the job's signal after this long, with `SoftTimeLimitExceeded`. */
  readonly softTimeLimitMs?: number;
  /** End the job by force after this long. */
  readonly timeLimitMs?: number;
  /** Whether `accepted` must be called when the job starts, not only before `done`. */
  readonly announce?: boolean;
}

/** Plain callbacks, not promises: this is the hot path. `done` is called exactly once; a crash, a kill and a time-out are outcomes too. */
export interface JobWatcher {
  /** Asked once when a slot is free; `false` ends the job as `returned`. */
  ready?(): boolean;
  /** The job runs. Called at most once per start of the job, before `done`. */
  accepted(by: { readonly pid: number; readonly atMs: number }): void;
  /** A question from the running job. */
  asked?(question: unknown): Promise<unknown>;
  /** The soft limit has passed and the job's signal was aborted. */
  softTimeLimit?(): void;
  done(outcome: Outcome): void;
}

/** A hand on a job that was handed to a pool. */
export interface Execution {
  /** Ends the job: `returned` if it had not started, else `lost` because `terminated`. Where nothing can be killed, aborts its signal. */
  terminate(signal?: NodeJS.Signals): void;
  /** Aborts the job's signal; it may still finish as it likes. */
  abort(reason: AbortReason): void;
  /** Ends the job as `returned` if it has not started; otherwise does nothing. */
  withdraw(): void;
  /** Where it runs, and since when as far as is known (Unix milliseconds); undefined while it waits. */
  place(): { readonly pid: number; readonly sinceMs: number } | undefined;
}

/** Why a task's signal fires; the host makes the typed error of it. */
export type AbortReason = 'soft-time-limit' | 'revoked' | 'shutdown';

/** How a job ended, whatever happened to it. */
export type Outcome =
  | {
      readonly kind: 'succeeded';
      readonly result: Encoded;
      /** Printable, shortened form for logs and events; absent when nobody will show it. */
      readonly repr?: string;
      /** What the message carries for after the task, an `Embed`; absent when it carries nothing. */
      readonly embed?: Encoded;
      readonly children?: readonly ResultTuple[];
      readonly runtimeMs: number;
    }
  | {
      readonly kind: 'failed';
      readonly error: WireError;
      /** An `Embed`. */
      readonly embed?: Encoded;
      readonly children?: readonly ResultTuple[];
      readonly runtimeMs: number;
      /** One of the task's `throws`: expected, logged without its stack. */
      readonly expected?: boolean;
    }
  | {
      readonly kind: 'retry';
      readonly error: WireError | null;
      readonly countdownMs: number;
      readonly changes?: RetryChanges;
      readonly children?: readonly ResultTuple[];
    }
  | {
      readonly kind: 'replaced';
      /** A `SignatureData`. */
      readonly by: Encoded;
      readonly embed?: Encoded;
      readonly children?: readonly ResultTuple[];
    }
  | {
      readonly kind: 'rejected';
      readonly requeue: boolean;
      readonly reason: string;
      /** Stored as the task's failure: its message could not be understood. */
      readonly error?: WireError;
      readonly embed?: Encoded;
    }
  | { readonly kind: 'ignored'; readonly embed?: Encoded }
  | { readonly kind: 'returned' }
  | {
      readonly kind: 'lost';
      readonly reason: 'exit' | 'time-limit' | 'terminated';
      readonly detail: string;
    };

/** What a retry alters besides its moment. */
export interface RetryChanges {
  /** A new `[args, kwargs, embed]`. */
  readonly body?: Encoded;
  readonly expires?: string;
  readonly queue?: string;
  readonly priority?: number;
}

/** What a message carries for after its task. Spec: message.md 1.3. */
export interface Embed {
  readonly callbacks?: readonly SignatureData[] | null;
  readonly errbacks?: readonly SignatureData[] | null;
  /** Reversed: the last element is the next step. */
  readonly chain?: readonly SignatureData[] | null;
  readonly chord?: SignatureData | null;
}

/** Numbers of a pool, for reports. */
export interface PoolStats {
  readonly size: number;
  /** Jobs that run now. */
  readonly busy: number;
  /** Jobs in the waiting line or sent ahead to a host. */
  readonly waiting: number;
  readonly hosts: readonly {
    readonly pid: number;
    readonly index: number;
    readonly done: number;
  }[];
}

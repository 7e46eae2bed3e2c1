import type { Execution, TaskDefinition, TaskRequest, Delivery } from '@tq/core';

/** A request this worker is responsible for, from its delivery to its settlement. */
export interface Held {
  readonly request: TaskRequest;
  readonly delivery: Delivery;
  readonly definition: TaskDefinition;
  /** Acknowledged before it ran. */
  acked: boolean;
  /** Set while the pool has it. */
  execution: Execution | undefined;
  /** Runs now. */
  started: boolean;
  /** Where and since when, once it is known. */
  runs: { readonly pid: number; readonly atMs: number } | undefined;
  /** Number of the signal by which it was to be ended on request. */
  terminatedBy: number | undefined;
  /** Has its turn under the task's rate limit. */
  hasToken: boolean;
  /** The hard limit that holds for it, in seconds. */
  timeLimit: number | undefined;
}

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
  /** Has its turn under the task's rate limit. */
  hasToken: boolean;
  /** The hard limit that holds for it, in seconds. */
  timeLimit: number | undefined;
}

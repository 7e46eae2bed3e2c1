import type { ResultTuple } from './backend.ts';

/** One call of a task as the worker and the running task see it. Spec: message.md 1. */
export interface TaskRequest {
  readonly id: string;
  readonly task: string;
  /** Display name instead of `task`. */
  readonly shadow: string | null;
  readonly rootId: string;
  readonly parentId: string | null;
  readonly group: string | null;
  readonly groupIndex: number | null;
  readonly retries: number;
  /** Earliest start. Unix milliseconds. */
  readonly etaMs: number | null;
  /** Not to be started after this. Unix milliseconds. */
  readonly expiresMs: number | null;
  /** Hard limit in seconds. */
  readonly timeLimit: number | null;
  /** Soft limit in seconds. */
  readonly softTimeLimit: number | null;
  readonly argsrepr: string;
  readonly kwargsrepr: string;
  readonly origin: string | null;
  readonly lang: string | null;
  /** `null`: the worker's own task setting. */
  readonly ignoreResult: boolean | null;
  readonly replacedTaskNesting: number;
  readonly stampedHeaders: readonly string[] | null;
  readonly stamps: Readonly<Record<string, unknown>>;
  /** Headers which are none of the above. */
  readonly headers: Readonly<Record<string, unknown>>;
  /** How often this call has been handed to a worker, this time included. */
  readonly deliveries: number;
  readonly deliveryInfo: DeliveryInfo;
  readonly replyTo: string | undefined;
  readonly correlationId: string | undefined;
  readonly priority: number | undefined;
}

/** How a message came to its worker. */
export interface DeliveryInfo {
  readonly exchange: string;
  readonly routingKey: string;
  readonly priority: number | null;
  readonly redelivered: boolean;
}

/** `self.request`: the request with what only the running task has. */
export interface RunningRequest extends TaskRequest {
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Record<string, unknown>>;
  readonly properties: Readonly<Record<string, unknown>>;
  /** Node name of the worker. */
  readonly hostname: string | null;
  /** Called as a plain function, not by a worker. */
  readonly calledDirectly: boolean;
  readonly isEager: boolean;
  /** Tasks started from this one so far. */
  readonly children: readonly ResultTuple[];
}

import type { App, Logger, Pool } from '@tq/core';
import type { Queue } from '@tq/core/internal';
import type { Autoscaler } from '../autoscaler.ts';
import type { Buckets } from '../consume/buckets.ts';
import type { TaskConsumer } from '../consume/task-consumer.ts';
import type { Executor } from '../execute/executor.ts';
import type { Results } from '../execute/results.ts';
import type { Settler } from '../execute/settle.ts';
import type { Revoked } from '../revoked.ts';
import type { Neighbours } from './neighbours.ts';

/** What remote commands see of a worker and may change. */
export interface RemoteParts {
  readonly app: App;
  readonly hostname: string;
  readonly logger: Logger;
  readonly pool: Pool;
  readonly executor: Executor;
  readonly settler: Settler;
  readonly results: Results;
  readonly revoked: Revoked;
  readonly buckets: Buckets;
  readonly queues: readonly Queue[];
  readonly neighbours: Neighbours;
  readonly autoscaler: Autoscaler | undefined;
  readonly maxTasksPerChild: number | undefined;
  /** What sends events, where there is one. */
  readonly events: RemoteEvents | undefined;
  /** The consumer of the present connection. */
  readonly consumer: () => TaskConsumer | undefined;
  /** Another number of slots. */
  readonly resize: (size: number) => Promise<void>;
  /** Warm. */
  readonly shutdown: () => void;
  readonly info: () => Readonly<Record<string, unknown>>;
}

/** What remote commands ask of whoever sends events. */
export interface RemoteEvents {
  /** Begins to send task events; false if it did already. */
  enable(): boolean;
  /** Ends it; false if it had. */
  disable(): boolean;
  /** Sends a heartbeat now. */
  heartbeat(): void;
  /** Takes part in the choice of one worker among several; undefined without gossip. */
  elect?(id: string, topic: string, action: unknown): void;
}

export type Args = Readonly<Record<string, unknown>>;

/** What a command does. */
export type Handler = (parts: RemoteParts, args: Args) => unknown;

/** An argument that should be a text. */
export function textOf(value: unknown, otherwise = ''): string {
  if (value === null || value === undefined) return otherwise;
  return typeof value === 'string' ? value : JSON.stringify(value);
}

export const ok = (value: unknown): { readonly ok: unknown } => ({ ok: value });
export const nok = (error: string): { readonly error: string } => ({ error });

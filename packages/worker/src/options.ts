import { availableParallelism } from 'node:os';
import { ImproperlyConfigured } from '@tq/core';
import type { App, Component, Connection, Duration, EventSink, Logger, PoolFactory } from '@tq/core';
import {
  consumedQueues,
  defaultNodeName,
  durationMs,
  expandFileName,
  expandNodeName,
} from '@tq/core/internal';
import type { Queue } from '@tq/core/internal';
import { poolByName } from '@tq/pool';
import { rangeOf } from './autoscaler.ts';
import type { AutoscaleRange } from './autoscaler.ts';
import { taskModules } from './load/index.ts';
import type { NamedModules } from './load/index.ts';

export interface WorkerOptions {
  /** A pool, or its name. @default the setting workerPool */
  readonly pool?: PoolFactory | string;
  /** Tasks at one time. @default the pool's own size, the setting workerConcurrency, the number of CPUs */
  readonly concurrency?: number;
  /** Consume only these. @default all defined queues */
  readonly queues?: readonly string[];
  readonly excludeQueues?: readonly string[];
  /** Node name; `%h`, `%n`, `%d` are filled in. @default celery@<host> */
  readonly hostname?: string;
  /** Modules with tasks, besides those of the settings. */
  readonly include?: readonly string[];
  /** Where children find the app. @default the app's `module` */
  readonly appModule?: { readonly file: string; readonly exportName: string };
  /** @default the app's */
  readonly logger?: Logger;
  /** Remove all waiting messages before consuming. @default false */
  readonly purge?: boolean;
  /** Parts of the user's own, started after the worker's and stopped before them. */
  readonly components?: {
    /** As long as the worker. */
    readonly outer?: readonly Component[];
    /** As long as a connection. */
    readonly inner?: (connection: Connection) => readonly Component[];
  };
  /** Where task events go. @default to the broker, where the setting workerSendTaskEvents is on, or remote control has asked for them */
  readonly events?: EventSink;
  /** Time between two heartbeats; false = none. @default 2, and more in fleets of over 20 workers: ten heartbeats a second for all of them together */
  readonly heartbeat?: Duration | false;
  /** Listen to the other workers. @default true */
  readonly gossip?: boolean;
  /** Slots as they are needed, within this range, in place of a fixed number. */
  readonly autoscale?: AutoscaleRange;
  /** Ask the other workers at the start what they know. @default true */
  readonly mingle?: boolean;
  /** File that keeps revoked ids over a restart. @default the setting workerStateDb */
  readonly stateDb?: string;
}

/** Options with nothing left open. */
export interface WorkerPlan {
  readonly factory: PoolFactory;
  readonly concurrency: number;
  readonly queues: readonly Queue[];
  readonly hostname: string;
  readonly include: readonly NamedModules[];
  readonly maxTasksPerChild: number | undefined;
  /** Bytes. */
  readonly maxMemoryPerChild: number | undefined;
  readonly startTimeoutMs: number;
  readonly autoscale: AutoscaleRange | undefined;
  readonly stateDb: string | undefined;
}

export function planWorker(app: App, options: WorkerOptions): WorkerPlan {
  const { config } = app;
  const pool = options.pool ?? config.workerPool;
  const autoscale = options.autoscale && rangeOf(options.autoscale.max, options.autoscale.min);
  const stateDb = options.stateDb ?? config.workerStateDb ?? undefined;
  const hostname = options.hostname === undefined ? defaultNodeName() : expandNodeName(options.hostname);
  return {
    factory: typeof pool === 'string' ? poolByName(pool) : pool,
    autoscale,
    stateDb: stateDb === undefined ? undefined : expandFileName(stateDb, hostname),
    concurrency: autoscale?.min ?? options.concurrency ?? config.workerConcurrency ?? availableParallelism(),
    queues: consumedQueues(config, {
      ...(options.queues ? { select: options.queues } : {}),
      ...(options.excludeQueues ? { exclude: options.excludeQueues } : {}),
      hostname,
    }),
    hostname,
    include: taskModules(app, options.include),
    maxTasksPerChild: config.workerMaxTasksPerChild ?? undefined,
    maxMemoryPerChild:
      config.workerMaxMemoryPerChild === null ? undefined : bytesOf(config.workerMaxMemoryPerChild),
    startTimeoutMs: durationMs(config.workerProcAliveTimeout, 'workerProcAliveTimeout'),
  };
}

const UNITS: Readonly<Record<string, number>> = { K: 1024, M: 1024 ** 2, G: 1024 ** 3 };

/** Bytes of KiB, or of a text such as '200MB'. */
function bytesOf(size: number | string): number {
  if (typeof size === 'number') return size * 1024;
  const match = /^\s*(\d+(?:\.\d+)?)\s*([KMG])i?B\s*$/i.exec(size);
  if (!match)
    throw new ImproperlyConfigured(
      `workerMaxMemoryPerChild must be KiB or a text such as '200MB', not ${JSON.stringify(size)}.`,
    );
  return Number(match[1]) * (UNITS[(match[2] as string).toUpperCase()] as number);
}

import type { App, HostLog, Logger, Pool } from '@tq/core';
import type { WorkerOptions, WorkerPlan } from '../options.ts';
import { childInit } from './child-app.ts';
import { childEntry } from './child-entry.ts';
import { handlerOf } from './handler.ts';

/** The pool of a plan, with everything it needs from a worker. */
export function makePool(
  app: App,
  plan: WorkerPlan,
  options: WorkerOptions,
  { logger, onFatal }: { readonly logger: Logger; readonly onFatal: (error: Error) => void },
): Pool {
  const { factory, hostname, concurrency, include, maxTasksPerChild, maxMemoryPerChild, startTimeoutMs } =
    plan;
  return factory.create({
    entry: childEntry(),
    init: childInit(app, { hostname, include, appModule: options.appModule }),
    handler: () => Promise.resolve(handlerOf(app)),
    logger,
    clock: app.clock,
    size: concurrency,
    startTimeoutMs,
    ...(maxTasksPerChild === undefined ? {} : { maxTasksPerChild }),
    ...(maxMemoryPerChild === undefined ? {} : { maxMemoryPerChild }),
    onFatal,
    onLog: ({ processName, index, level, message, fields }: HostLog) =>
      logger[level](message, { processName, processIndex: index, ...fields }),
  });
}

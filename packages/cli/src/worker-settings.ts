import type { Config } from '@tq/core';
import type { WorkerValues } from './commands/worker.ts';

/** The settings that a worker's options stand for. */
export function settingsOf(options: WorkerValues): Partial<Config> {
  const settings = {
    workerSendTaskEvents: options.taskEvents,
    workerPrefetchMultiplier: options.prefetchMultiplier,
    workerDisablePrefetch: options.disablePrefetch,
    taskTimeLimit: options.timeLimit,
    taskSoftTimeLimit: options.softTimeLimit,
    workerMaxTasksPerChild: options.maxTasksPerChild,
    workerMaxMemoryPerChild: options.maxMemoryPerChild,
  };
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
}

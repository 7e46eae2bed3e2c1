import type { PoolFactory } from '@tq/core';
import { poolFactory } from './factory.ts';
import type { PoolOptions } from './grid.ts';
import { openThread } from './place-thread.ts';

/** A worker thread for each slot: CPU-bound work with less memory than processes. */
export function threads(options: PoolOptions = {}): PoolFactory {
  return poolFactory(
    {
      kind: 'threads',
      open: openThread,
      layout: (size) => Array.from({ length: size }, () => 1),
      processName: (index) => `ThreadPoolWorker-${index}`,
      force: 'kill',
    },
    options,
  );
}

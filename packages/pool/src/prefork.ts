import type { PoolFactory } from '@tq/core';
import { poolFactory } from './factory.ts';
import type { PoolOptions } from './grid.ts';
import { openProcess } from './place-process.ts';

/** A child process for each slot: CPU-bound work, isolation, hard time limits. The default. */
export function prefork(options: PoolOptions = {}): PoolFactory {
  return poolFactory(
    {
      kind: 'prefork',
      open: openProcess,
      layout: (size) => Array.from({ length: size }, () => 1),
      processName: (index) => `ForkPoolWorker-${index}`,
      force: 'kill',
    },
    options,
  );
}

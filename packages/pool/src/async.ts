import type { PoolFactory } from '@tq/core';
import { checkCount, poolFactory } from './factory.ts';
import type { PoolOptions } from './grid.ts';
import { openProcess } from './place-process.ts';

export interface AsyncPoolOptions extends PoolOptions {
  /** Child processes among which the slots are divided. @default 1 */
  readonly hosts?: number;
}

/** All slots on the event loop of one child process: many jobs that mostly wait. */
export function asyncPool(options: AsyncPoolOptions = {}): PoolFactory {
  const { hosts = 1, ...rest } = options;
  checkCount('hosts', hosts);
  return poolFactory(
    {
      kind: 'async',
      open: openProcess,
      layout: (size) => divide(size, Math.min(hosts, size)),
      processName: (index) => `AsyncPoolWorker-${index}`,
      force: 'replace',
    },
    rest,
  );
}

/** Into parts that differ by one at most. */
function divide(total: number, parts: number): number[] {
  return Array.from({ length: parts }, (_, i) => Math.floor((total + i) / parts)).toReversed();
}

import type { PoolFactory } from '@tq/core';
import { poolFactory } from './factory.ts';
import type { PoolOptions } from './grid.ts';
import { openHere } from './place-here.ts';

/** One job at a time in this very process: for debugging. Nothing can be ended by force. */
export function solo(options: Pick<PoolOptions, 'title'> = {}): PoolFactory {
  return poolFactory(
    {
      kind: 'solo',
      open: openHere,
      layout: () => [1],
      processName: () => 'MainProcess',
      force: 'abort',
    },
    options,
  );
}

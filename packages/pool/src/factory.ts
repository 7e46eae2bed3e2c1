import { ImproperlyConfigured } from '@tq/core';
import type { PoolFactory } from '@tq/core';
import type { Grid, PoolOptions } from './grid.ts';
import { Supervisor } from './supervisor.ts';

/** A pool at one point of the grid. */
export function poolFactory(grid: Grid, options: PoolOptions): PoolFactory {
  checkCount('size', options.size);
  const inProcess = grid.force === 'abort';
  const traits = { kind: grid.kind, killable: !inProcess, inProcess };
  return { traits, create: (host) => new Supervisor(grid, traits, host, options) };
}

export function checkCount(name: string, value: number | undefined): void {
  if (value === undefined || (Number.isSafeInteger(value) && value > 0)) return;
  throw new ImproperlyConfigured(
    `The ${name} of a pool is a whole number from 1 on, not ${JSON.stringify(value)}.`,
  );
}

import type { PoolTraits } from '@tq/core';
import type { OpenPlace } from './place.ts';

/** Where a pool stands in the grid: where its slots live, and how many share a place. */
export interface Grid {
  readonly kind: PoolTraits['kind'];
  readonly open: OpenPlace;
  /** Slots of each host, for so many slots in all. */
  layout(size: number): readonly number[];
  processName(index: number): string;
  /**
   * How a running job is ended by force. `kill`: with its host, where it is alone. `replace`: its signal is aborted, and
   * if it doesn't obey, a new host takes over while the other jobs finish in the old one. `abort`: only its signal.
   */
  readonly force: 'kill' | 'replace' | 'abort';
}

/** What the factories of all pools take. */
export interface PoolOptions {
  /** Slots: jobs that may run at one time. @default what the worker says, usually the number of CPUs */
  readonly size?: number;
  /** Flags for the Node of each host, such as `--max-old-space-size=256`. @default those of this process, without the debugger's */
  readonly execArgv?: readonly string[];
  /** What the process list shows in front of `[prefork 3]`. @default 'tq: worker' */
  readonly title?: string;
}

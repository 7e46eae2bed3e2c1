export { asyncPool } from './async.ts';
export type { AsyncPoolOptions } from './async.ts';
export { POOL_NAMES, poolByName } from './by-name.ts';
export type { PoolOptions } from './grid.ts';
export { prefork } from './prefork.ts';
export { solo } from './solo.ts';
export { threads } from './threads.ts';

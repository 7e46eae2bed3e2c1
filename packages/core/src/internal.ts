/** For sibling packages; no promise of stability. */
export { toError } from './errors.ts';
export { deferred } from './deferred.ts';
export type { Deferred } from './deferred.ts';
export { Lazy, startAll } from './lifecycle.ts';
export { stderrLogger } from './logger.ts';

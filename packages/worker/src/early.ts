/** A door of its own, since it is to be opened before anything else of the worker is loaded. */
import { startEarlyHost } from '@tq/pool/early';
import { childEntry } from './execute/child-entry.ts';

export { dropEarlyHost as dropEarlyChild } from '@tq/pool/early';

/**
 * Starts the first child process of a prefork pool that is to come, in the environment and working directory of this
 * moment. The worker's pool takes it over; if there is none, `dropEarlyChild()` ends it.
 */
export function startEarlyChild(): void {
  startEarlyHost(childEntry());
}

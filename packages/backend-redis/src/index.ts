/**
 * Results in Redis, in Celery's own layout: Python and tq read each other's results and count the same chords.
 *
 * ```ts
 * const app = createApp('proj', { broker: 'redis://localhost', backend: 'redis://localhost/1' });
 * ```
 */
export { redisBackend, redisBackend as backend } from './backend.ts';

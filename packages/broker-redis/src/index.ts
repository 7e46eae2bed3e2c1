/** Redis as a transport, key for key as Celery's peers use it. */
export { redis, redis as transport } from './transport.ts';

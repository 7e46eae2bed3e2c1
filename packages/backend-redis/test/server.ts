/** The Redis that `npm test` has started. */
export function redisUrl(): URL {
  const text = process.env['TQ_TEST_REDIS_URL'];
  if (!text)
    throw new Error('These tests need a Redis: set TQ_TEST_REDIS_URL, such as redis://127.0.0.1:6379');
  return new URL(text);
}

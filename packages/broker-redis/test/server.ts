/** The Redis that the tests use, and what they open on it. */
import { silentLogger, systemClock } from '@tq/core';
import type { ConnectOptions } from '@tq/core';
import { Redis } from 'ioredis';

/** Set by `npm test`, which starts a server of its own. */
export const REDIS_URL = process.env['TQ_TEST_REDIS_URL'] ?? 'redis://127.0.0.1:6379/0';

export const redisUrl = (): URL => new URL(REDIS_URL);

export function connectOptions(options: Readonly<Record<string, unknown>> = {}): ConnectOptions {
  return { logger: silentLogger, clock: systemClock, options, timeoutMs: 10_000 };
}

/** A plain client, as the eyes and hands of a test. */
export async function plainClient(): Promise<Redis> {
  const client = new Redis(REDIS_URL, { lazyConnect: true, retryStrategy: () => null, protocol: 2 });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

/** Removes the keys of a test. */
export async function removeKeys(client: Redis, prefix: string): Promise<void> {
  const keys = await client.keys(`${prefix}*`);
  if (keys.length > 0) await client.del(...keys);
}

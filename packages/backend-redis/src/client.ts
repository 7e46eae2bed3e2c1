import { BackendUnavailableError, ImproperlyConfigured } from '@tq/core';
import type { BackendOptions } from '@tq/core';
import { hungUpAdvice, maskUrl, tlsFailure, toError } from '@tq/core/internal';
import { Redis } from 'ioredis';
import { COUNT, END, GROW, SIZE, STORE } from './scripts.ts';
import type { RedisSettings, RetryPolicy } from './settings.ts';

/** What the count of a part says; see `COUNT`. */
export type Counting = readonly Buffer[] | Buffer | number | null;

/** The connection, with our scripts as commands. The first argument counts the keys. */
export type Client = Redis & {
  tqStore(keys: number, ...args: readonly (string | Buffer)[]): Promise<number>;
  tqCountBuffer(keys: number, ...args: readonly (string | Buffer)[]): Promise<readonly Counting[]>;
  tqSize(keys: 1, group: string, life: string, size: number): Promise<number>;
  tqGrow(keys: 1, group: string, life: string, by: number, token: string, memoryMs: number): Promise<number>;
  tqEnd(keys: 1, group: string, memoryMs: number): Promise<number>;
};

/**
 * The one connection of a backend: RESP3 lets it listen and ask at once, and orders what is heard against what is
 * answered. Lost, it comes back by itself, with what was under way.
 */
export async function openClient(settings: RedisSettings, options: BackendOptions): Promise<Client> {
  const { retry } = settings;
  let reached = false;
  let lastError: Error | undefined;
  const pause = (attempt: number): number | null => (reached ? pauseMs(retry, attempt) : null);
  const client = new Redis({
    connectionName: 'tq:results',
    connectTimeout: options.timeoutMs,
    ...settings.server,
    lazyConnect: true,
    disconnectTimeout: 200, // a server that has died without a word takes no part in a polite end
    socketTimeout: settings.socketTimeoutMs,
    maxRetriesPerRequest: retry.maxRetries,
    retryStrategy: pause,
    sentinelRetryStrategy: pause,
    autoResubscribe: false, // Watches does it, with a look at what was missed
    reconnectOnError: (error) => (error.message.includes('READONLY') ? 2 : false), // a former master
    scripts: {
      tqStore: { lua: STORE },
      tqCount: { lua: COUNT },
      tqSize: { lua: SIZE },
      tqGrow: { lua: GROW },
      tqEnd: { lua: END },
    },
  }) as Client;
  client.on('error', (error: Error) => (lastError = error));
  try {
    await inTime(client.connect(), options.timeoutMs);
    await checkServer(client, options);
  } catch (error) {
    if (client.status !== 'end') client.disconnect(); // it would leave a timer behind
    if (error instanceof ImproperlyConfigured) throw error;
    const reason = lastError ?? toError(error);
    const untrusted = tlsFailure(reason, 'The Redis of the result backend');
    if (untrusted) throw untrusted;
    const advice = settings.server.tls ? hungUpAdvice(reason) : '';
    const why = maskUrl(reason.message || 'no answer') + advice;
    throw new BackendUnavailableError(`Can't reach the Redis of the result backend: ${why}`, {
      cause: error,
    });
  }
  reached = true;
  logOutages(client, options, () => lastError);
  return client;
}

/** Celery's linear policy; each pause is shortened by chance, so that many clients don't come back at one moment. */
function pauseMs({ firstMs, stepMs, maxMs }: RetryPolicy, attempt: number): number {
  const full = Math.min(maxMs, firstMs + stepMs * (attempt - 1));
  return full * (0.5 + Math.random() / 2);
}

async function inTime(connecting: Promise<void>, timeoutMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs / 1000} s`)), timeoutMs);
  });
  try {
    await Promise.race([connecting, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Results that Redis may throw away are worth a warning; a cache for them can be what is wanted, so it isn't refused. */
async function checkServer(client: Client, { logger }: BackendOptions): Promise<void> {
  const info = await client.info().catch(() => ''); // not everybody may ask
  const value = (name: string): string | undefined => new RegExp(`^${name}:(.*?)\r?$`, 'm').exec(info)?.[1];
  const version = value('redis_version');
  if (version !== undefined && Number.parseInt(version, 10) < 6)
    throw new ImproperlyConfigured(`The result backend needs Redis 6 or later, and this one is ${version}.`);
  const policy = value('maxmemory_policy');
  if (policy === undefined || policy === 'noeviction' || value('maxmemory') === '0') return;
  logger.warn(
    'This Redis throws results and chord counters away when its memory is full: tasks then stay PENDING and chords never end. Use CONFIG SET maxmemory-policy noeviction',
    { policy },
  );
}

/** One line when the link is lost, one when it is back. */
function logOutages(client: Client, { logger }: BackendOptions, lastError: () => Error | undefined): void {
  let lost = false;
  client.on('reconnecting', () => {
    if (lost) return;
    lost = true;
    logger.warn('Connection to the result backend lost; reconnecting', {
      reason: maskUrl(lastError()?.message ?? 'closed by the server'),
    });
  });
  client.on('ready', () => {
    if (lost) logger.info('Connected to the result backend again');
    lost = false;
  });
}

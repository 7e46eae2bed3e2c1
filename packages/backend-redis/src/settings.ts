import { ImproperlyConfigured } from '@tq/core';
import type { BackendOptions, BackendSettings } from '@tq/core';
import { camelCase, chordLeaseMs, durationMs, readTls, tlsInQuery } from '@tq/core/internal';
import type { RedisOptions } from 'ioredis';

/** Without what the client's constructor types in a way of its own. */
type ServerOptions = Omit<RedisOptions, 'replyMapping'>;

/** First pause before the kernel asks whether the other side is there. */
const KEEP_ALIVE_MS = 30_000;

type Given = Readonly<Record<string, unknown>>;

/** What the URL and `resultBackendTransportOptions` say. */
export interface RedisSettings {
  /** Where Redis is and how to get in. */
  readonly server: ServerOptions;
  readonly globalPrefix: string;
  /** Whether chord parts stand in the order of the header. */
  readonly chordOrdered: boolean;
  /** How long a worker has to send the body of a chord before another may. Milliseconds. */
  readonly chordLeaseMs: number;
  readonly retry: RetryPolicy;
  /** A server that owes an answer for so long is given up. Milliseconds. */
  readonly socketTimeoutMs: number;
  /** Pause between two looks at a connection on which results are awaited. Milliseconds. */
  readonly healthCheckMs: number;
  /** How long those who wait for results outlast a server that is gone. Milliseconds. */
  readonly outageMs: number;
}

/** Pauses between attempts to reach Redis again, each shortened by chance by up to a half. */
export interface RetryPolicy {
  /** After so many attempts commands fail. */
  readonly maxRetries: number;
  readonly firstMs: number;
  readonly stepMs: number;
  readonly maxMs: number;
}

/** Reads Celery's spelling of an option and ours; what the URL says goes first. */
export function settingsOf(url: URL, { options, fallbacks, settings }: BackendOptions): RedisSettings {
  const given = (name: string): unknown =>
    url.searchParams.get(name) ??
    url.searchParams.get(camelCase(name)) ??
    options[name] ??
    options[camelCase(name)];
  const period = (name: string, preset: string, set?: number): number =>
    given(name) === undefined && set !== undefined
      ? set
      : durationMs((given(name) ?? preset) as string, name);
  return {
    server: {
      ...serverOf(url, fallbacks ?? [], given),
      ...fromSettings(settings),
      ...credentials(url, given),
      ...tlsOf(url, options, settings),
    },
    globalPrefix: textOf(given('global_keyprefix')) ?? '',
    chordOrdered: flagOf(given('result_chord_ordered')) ?? true,
    chordLeaseMs: chordLeaseMs(url, options),
    retry: retryOf(given('retry_policy')),
    socketTimeoutMs: period('socket_timeout', '10s', settings?.socketTimeoutMs),
    healthCheckMs: period('health_check_interval', '10s', settings?.healthCheckMs),
    outageMs: period('outage_patience', '2m'),
  };
}

/** What the app's settings say; of user and password the URL's come first. */
function fromSettings(settings: BackendSettings | undefined): ServerOptions {
  if (!settings) return {};
  const { username, password, clientName, connectTimeoutMs, keepAlive } = settings;
  return {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(clientName === undefined ? {} : { connectionName: clientName }),
    ...(connectTimeoutMs === undefined ? {} : { connectTimeout: connectTimeoutMs }),
    ...(keepAlive ? { keepAlive: KEEP_ALIVE_MS } : {}),
  };
}

function serverOf(url: URL, fallbacks: readonly URL[], given: (name: string) => unknown): ServerOptions {
  switch (url.protocol) {
    case 'redis+socket:':
    case 'socket:':
      return { path: decodeURIComponent(url.pathname), db: databaseOf(textOf(given('virtual_host')) ?? '') };
    case 'sentinel:':
      return sentinelOf([url, ...fallbacks], given);
    default:
      return {
        host: hostOf(url),
        port: Number(url.port || 6379),
        db: databaseOf(url.pathname),
      };
  }
}

function sentinelOf(urls: readonly URL[], given: (name: string) => unknown): ServerOptions {
  const name = textOf(given('master_name'));
  if (name === undefined)
    throw new ImproperlyConfigured(
      'A sentinel:// result backend needs the name of its master: resultBackendTransportOptions: { master_name: "mymaster" }.',
    );
  const own = (given('sentinel_kwargs') ?? {}) as Given;
  return {
    sentinels: urls.map((each) => ({ host: hostOf(each), port: Number(each.port || 26_379) })),
    name,
    db: databaseOf(urls[0]?.pathname ?? ''),
    ...(typeof own['username'] === 'string' && { sentinelUsername: own['username'] }),
    ...(typeof own['password'] === 'string' && { sentinelPassword: own['password'] }),
  };
}

/** A URL without a host has no place for them but its parameters. */
function credentials(url: URL, given: (name: string) => unknown): ServerOptions {
  const username = decodeURIComponent(url.username) || textOf(given('username'));
  const password = decodeURIComponent(url.password) || textOf(given('password'));
  return { ...(username !== undefined && { username }), ...(password !== undefined && { password }) };
}

function hostOf(url: URL): string {
  return url.hostname === '' ? 'localhost' : url.hostname.replace(/^\[(.*)\]$/, '$1');
}

function databaseOf(path: string): number {
  const text = path.replace(/^\//, '');
  if (/^\d*$/.test(text)) return Number(text);
  throw new ImproperlyConfigured(
    `A Redis result backend is named with the number of its database, as in redis://localhost/1, not with ${JSON.stringify(text)}.`,
  );
}

/** The sentinels speak as the servers do. */
function tlsOf(url: URL, options: Given, settings: BackendSettings | undefined): ServerOptions {
  const named = Object.fromEntries(Object.entries(options).filter(([name]) => name.startsWith('ssl_')));
  const own = options['ssl'] ?? (Object.keys(named).length > 0 ? named : undefined);
  const tls = readTls(url.protocol === 'rediss:', settings?.tls, own, tlsInQuery(url));
  if (!tls) return {};
  return url.protocol === 'sentinel:' ? { tls, sentinelTLS: tls, enableTLSForSentinelMode: true } : { tls };
}

function retryOf(policy: unknown): RetryPolicy {
  const given = (policy ?? {}) as Given;
  const read = (name: string): unknown => given[name] ?? given[camelCase(name)];
  const ms = (name: string, preset: number): number => durationMs((read(name) ?? preset) as number, name);
  return {
    maxRetries: Number(read('max_retries') ?? 20),
    firstMs: ms('interval_start', 0.05),
    stepMs: ms('interval_step', 0.2),
    maxMs: ms('interval_max', 1),
  };
}

function textOf(value: unknown): string | undefined {
  return value === undefined || value === null || value === '' ? undefined : String(value as string);
}

function flagOf(value: unknown): boolean | undefined {
  return value === undefined || value === null
    ? undefined
    : !/^(false|0|no|off)$/i.test(String(value as string));
}

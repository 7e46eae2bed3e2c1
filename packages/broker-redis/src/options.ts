import { ImproperlyConfigured } from '@tq/core';
import { camelCase, didYouMean, durationMs } from '@tq/core/internal';
import { SEPARATOR } from './keys.ts';
import type { OrderStrategy } from './turns.ts';

/** What `brokerTransportOptions` means to this package; durations in milliseconds. */
/** Gives the user and password of the next log-in, for credentials that change. */
export type CredentialProvider = () =>
  | { readonly username?: string; readonly password: string }
  | Promise<{ readonly username?: string; readonly password: string }>;

export interface RedisOptions {
  readonly leaseMs: number;
  readonly visibilityTimeoutMs: number;
  readonly separator: string;
  readonly prioritySteps: readonly number[];
  readonly orderStrategy: OrderStrategy;
  readonly weights: Readonly<Record<string, number>>;
  readonly unacked: string;
  readonly unackedIndex: string;
  readonly unackedMutex: string;
  readonly mutexExpireMs: number;
  readonly restoreLimit: number;
  /** `{db}` stands for the number of the database. */
  readonly fanoutPrefix: string;
  readonly fanoutPatterns: boolean;
  readonly keyPrefix: string;
  readonly socketTimeoutMs: number;
  readonly connectTimeoutMs: number | undefined;
  readonly keepAliveMs: number;
  readonly clientName: string | undefined;
  readonly masterName: string | undefined;
  readonly sentinel: { readonly username?: string; readonly password?: string };
  readonly username: string | undefined;
  readonly password: string | undefined;
  /** Gives user and password anew for each connection. */
  readonly credentials: CredentialProvider | undefined;
  readonly db: number | undefined;
  readonly ssl: Readonly<Record<string, unknown>> | boolean | undefined;
  readonly cluster: boolean;
  readonly allowEviction: boolean;
  readonly allowVolatile: boolean;
}

const STRATEGIES: readonly OrderStrategy[] = ['round_robin', 'priority', 'sorted', 'weighted'];

/** By their names in Celery, or tq's own; camelCase will do as well. */
const KNOWN = [
  'lease',
  'visibility_timeout',
  'sep',
  'priority_steps',
  'queue_order_strategy',
  'queue_weights',
  'unacked_key',
  'unacked_index_key',
  'unacked_mutex_key',
  'unacked_mutex_expire',
  'unacked_restore_limit',
  'fanout_prefix',
  'fanout_patterns',
  'global_keyprefix',
  'socket_timeout',
  'socket_connect_timeout',
  'socket_keepalive',
  'client_name',
  'master_name',
  'sentinel_kwargs',
  'username',
  'password',
  'credential_provider',
  'db',
  'ssl',
  'cluster',
  'allow_eviction',
  'allow_volatile',
] as const;
type Known = (typeof KNOWN)[number];

/** Celery's, of no meaning here: connections are few, watched and rebuilt anyway. */
const WITHOUT_EFFECT: readonly string[] = [
  'max_connections',
  'health_check_interval',
  'retry_on_timeout',
  'retry_policy',
  'socket_keepalive_options',
  'unacked_restore_interval',
  'unacked_restore_throttle',
  'min_other_sentinels',
  'polling_interval',
  'max_retries',
  'interval_start',
  'interval_step',
  'interval_max',
];

/** Celery's, that must be what they are by default. */
const FIXED: Readonly<Record<string, unknown>> = { ack_emulation: true, body_encoding: 'base64' };

type Given = Readonly<Record<string, unknown>>;

/** @throws ImproperlyConfigured naming the option that is unknown or wrong, and the one that was meant */
export function readOptions(given: Given): RedisOptions {
  for (const name of Object.keys(given)) refuseUnknown(name, given[name]);
  const value = (name: Known): unknown => given[name] ?? given[camelCase(name)] ?? undefined;
  const visibilityTimeoutMs = period(value('visibility_timeout'), 'visibility_timeout') ?? 3_600_000;
  const lease = period(value('lease'), 'lease');
  if (lease !== undefined && lease > visibilityTimeoutMs / 2)
    throw new ImproperlyConfigured(
      'lease must be at most half of visibility_timeout, or Python workers take messages away that are still held.',
    );
  return {
    visibilityTimeoutMs,
    leaseMs: lease ?? Math.min(8000, visibilityTimeoutMs / 2),
    separator: text(value('sep'), 'sep') ?? SEPARATOR,
    prioritySteps: steps(value('priority_steps')),
    orderStrategy: strategy(value('queue_order_strategy')),
    weights: weights(value('queue_weights')),
    unacked: text(value('unacked_key'), 'unacked_key') ?? 'unacked',
    unackedIndex: text(value('unacked_index_key'), 'unacked_index_key') ?? 'unacked_index',
    unackedMutex: text(value('unacked_mutex_key'), 'unacked_mutex_key') ?? 'unacked_mutex',
    mutexExpireMs: period(value('unacked_mutex_expire'), 'unacked_mutex_expire') ?? 300_000,
    restoreLimit: count(value('unacked_restore_limit'), 'unacked_restore_limit') ?? 1000,
    fanoutPrefix: fanoutPrefix(value('fanout_prefix')),
    fanoutPatterns: flag(value('fanout_patterns'), 'fanout_patterns') ?? true,
    keyPrefix: text(value('global_keyprefix'), 'global_keyprefix') ?? '',
    socketTimeoutMs: period(value('socket_timeout'), 'socket_timeout') ?? 10_000,
    connectTimeoutMs: period(value('socket_connect_timeout'), 'socket_connect_timeout'),
    keepAliveMs: (flag(value('socket_keepalive'), 'socket_keepalive') ?? true) ? 30_000 : 0,
    clientName: text(value('client_name'), 'client_name'),
    masterName: text(value('master_name'), 'master_name'),
    sentinel: credentials(value('sentinel_kwargs')),
    username: text(value('username'), 'username'),
    password: text(value('password'), 'password'),
    credentials: provider(value('credential_provider')),
    db: database(value('db')),
    ssl: tls(value('ssl')),
    cluster: flag(value('cluster'), 'cluster') ?? false,
    allowEviction: flag(value('allow_eviction'), 'allow_eviction') ?? false,
    allowVolatile: flag(value('allow_volatile'), 'allow_volatile') ?? false,
  };
}

/** Those of the options given that change nothing. */
export function withoutEffect(given: Given): readonly string[] {
  return Object.keys(given).filter((name) => WITHOUT_EFFECT.includes(snakeCase(name)));
}

/** The number of a database, from an option or a URL. */
export function database(value: unknown): number | undefined {
  if (value === undefined || value === '') return undefined;
  const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
  if (typeof number === 'number' && Number.isSafeInteger(number) && number >= 0) return number;
  throw new ImproperlyConfigured(
    `A Redis database is a number, as in redis://localhost:6379/0, not ${JSON.stringify(value)}.`,
  );
}

function refuseUnknown(name: string, value: unknown): void {
  const plain = snakeCase(name);
  if (KNOWN.some((known) => known === plain) || WITHOUT_EFFECT.includes(plain)) return;
  if (Object.hasOwn(FIXED, plain)) {
    if (value === FIXED[plain]) return;
    throw wrong(plain, `${JSON.stringify(FIXED[plain])}: tq knows no other way`, value);
  }
  const near = didYouMean(plain, KNOWN);
  throw new ImproperlyConfigured(
    `The Redis transport has no option "${name}"${near ? `; did you mean "${near}"?` : ''}. It knows ${KNOWN.join(', ')}.`,
  );
}

function wrong(name: string, wanted: string, value: unknown): ImproperlyConfigured {
  return new ImproperlyConfigured(
    `The Redis transport's option ${name} must be ${wanted}, not ${JSON.stringify(value)}.`,
  );
}

function period(value: unknown, name: Known): number | undefined {
  if (value === undefined) return undefined;
  const ms = durationMs(value as string | number, name);
  if (ms > 0) return ms;
  throw wrong(name, 'longer than nothing', value);
}

function text(value: unknown, name: Known): string | undefined {
  if (value === undefined || typeof value === 'string') return value;
  throw wrong(name, 'a text', value);
}

function flag(value: unknown, name: Known): boolean | undefined {
  if (value === undefined || typeof value === 'boolean') return value;
  throw wrong(name, 'true or false', value);
}

function count(value: unknown, name: Known): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'number' && Number.isSafeInteger(value) && value > 0) return value;
  throw wrong(name, 'a whole number above 0', value);
}

function steps(value: unknown): readonly number[] {
  if (value === undefined) return [0, 3, 6, 9];
  const given: readonly unknown[] = Array.isArray(value) ? value : [];
  const numbers = given.filter((each): each is number => Number.isSafeInteger(each));
  const rising = numbers.every(
    (each, index) => each <= 9 && (index === 0 ? each === 0 : each > numbers[index - 1]!),
  );
  if (numbers.length > 0 && numbers.length === given.length && rising) return numbers;
  throw wrong(
    'priority_steps',
    'rising numbers from 0 to 9, the first of them 0, such as [0, 3, 6, 9]',
    value,
  );
}

function strategy(value: unknown): OrderStrategy {
  if (value === undefined) return 'round_robin';
  const known = STRATEGIES.find((each) => each === value);
  if (known) return known;
  const near = typeof value === 'string' ? didYouMean(value, STRATEGIES) : undefined;
  throw wrong('queue_order_strategy', `one of ${STRATEGIES.join(', ')}${near ? ` (${near}?)` : ''}`, value);
}

function weights(value: unknown): Readonly<Record<string, number>> {
  if (value === undefined) return {};
  const entries = isRecord(value) ? Object.entries(value) : [];
  const valid = entries.every(([, each]) => typeof each === 'number' && Number.isFinite(each) && each > 0);
  if (entries.length > 0 && valid) return Object.fromEntries(entries) as Record<string, number>;
  throw wrong('queue_weights', 'queue names with numbers above 0, such as { hipri: 5, celery: 1 }', value);
}

function fanoutPrefix(value: unknown): string {
  if (value === undefined || value === true) return '/{db}.';
  if (value === false) return '';
  if (typeof value === 'string') return value;
  throw wrong('fanout_prefix', 'true, false or a text', value);
}

function credentials(value: unknown): { readonly username?: string; readonly password?: string } {
  if (value === undefined) return {};
  if (!isRecord(value)) throw wrong('sentinel_kwargs', 'an object such as { password: "…" }', value);
  const { username, password } = value;
  return {
    ...(typeof username === 'string' && { username }),
    ...(typeof password === 'string' && { password }),
  };
}

function provider(value: unknown): CredentialProvider | undefined {
  if (value === undefined || typeof value === 'function') return value as CredentialProvider | undefined;
  throw wrong('credential_provider', 'a function that gives { username, password }', value);
}

function tls(value: unknown): Readonly<Record<string, unknown>> | boolean | undefined {
  if (value === undefined || typeof value === 'boolean' || isRecord(value)) return value;
  throw wrong('ssl', 'true, false, or an object of ssl_* options or of those of node:tls', value);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function snakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

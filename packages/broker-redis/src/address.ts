import { ImproperlyConfigured } from '@tq/core';
import type { ConnectOptions, TlsOptions } from '@tq/core';
import { readTls, tlsInQuery } from '@tq/core/internal';
import { database } from './options.ts';
import type { RedisOptions } from './options.ts';

/** Where a server is, and as whom to talk to it. */
export interface Address {
  readonly kind: 'server' | 'sentinel' | 'cluster';
  readonly host: string;
  readonly port: number;
  /** Of a Unix socket; goes before host and port. */
  readonly path: string | undefined;
  readonly db: number;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly tls: TlsOptions | undefined;
}

/** Query parameters of a URL that are no secret and no TLS option. */
const PARAMETERS = ['db', 'virtual_host', 'username', 'password'];

/**
 * Reads `redis://[[user]:password@]host[:port][/db]`, `rediss://…`, `redis+socket:///path[?virtual_host=db]` and
 * `sentinel://[:password@]host[:port][/db]`. What the URL says goes before the options, and those before the setting
 * `brokerUseSsl`.
 */
export function readAddress(url: URL, options: RedisOptions, tls?: ConnectOptions['tls']): Address {
  const scheme = url.protocol.slice(0, -1);
  const query = url.searchParams;
  for (const name of query.keys())
    if (!name.startsWith('ssl_') && !PARAMETERS.includes(name))
      throw new ImproperlyConfigured(
        `${scheme}:// has no parameter "${name}". It knows ${PARAMETERS.join(', ')} and ssl_*; everything else goes into brokerTransportOptions.`,
      );
  const socket = scheme === 'redis+socket';
  const path = decodeURIComponent(url.pathname);
  if (socket && path.length < 2)
    throw new ImproperlyConfigured(
      'redis+socket:// names no socket: write three slashes and its path, as in redis+socket:///run/redis.sock.',
    );
  const inPath = socket ? undefined : path.replace(/^\//, '');
  const sentinel = scheme === 'sentinel';
  if (sentinel && options.masterName === undefined)
    throw new ImproperlyConfigured(
      'sentinel:// needs to know which server to ask for: set master_name in brokerTransportOptions.',
    );
  const address = {
    kind: sentinel ? 'sentinel' : options.cluster ? 'cluster' : 'server',
    host: decodeURIComponent(url.hostname).replace(/^\[(.*)\]$/, '$1') || 'localhost',
    port: url.port === '' ? (sentinel ? 26_379 : 6379) : Number(url.port),
    path: socket ? path : undefined,
    db:
      database(inPath) ??
      database(query.get('db') ?? query.get('virtual_host') ?? undefined) ??
      options.db ??
      0,
    username: decodeURIComponent(url.username) || (query.get('username') ?? options.username),
    password: decodeURIComponent(url.password) || (query.get('password') ?? options.password),
    tls: readTls(scheme === 'rediss', tls, options.ssl, tlsInQuery(url)),
  } as const;
  if (address.kind === 'cluster') checkCluster(address, options);
  return address;
}

/** The scripts work on many keys at once, and a Cluster demands that they live in one slot. */
function checkCluster({ db }: { readonly db: number }, { keyPrefix }: RedisOptions): void {
  if (db !== 0) throw new ImproperlyConfigured('A Redis Cluster has only database 0.');
  if (!/\{[^}]+\}/.test(keyPrefix))
    throw new ImproperlyConfigured(
      'On a Redis Cluster all keys of tq must live in one slot: give global_keyprefix a hash tag, such as "{tq}:".',
    );
}

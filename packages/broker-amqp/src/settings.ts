import { hostname } from 'node:os';
import { ImproperlyConfigured } from '@tq/core';
import type { Duration, TlsOptions } from '@tq/core';
import { camelCase, durationMs, maskUrl, readTls, tlsInQuery } from '@tq/core/internal';

export type LoginMethod = 'PLAIN' | 'AMQPLAIN' | 'EXTERNAL';

/** What a URL and `brokerTransportOptions` say, with nothing left open. */
export interface AmqpSettings {
  readonly host: string;
  readonly port: number;
  readonly vhost: string;
  readonly user: string;
  readonly password: string;
  readonly loginMethod: LoginMethod;
  /** Without it the connection isn't encrypted. */
  readonly tls: TlsOptions | undefined;
  /** 0 = none. Seconds, as AMQP wants them. */
  readonly heartbeat: number;
  /** Longest wait for the connection, when the URL or an option says so. */
  readonly connectTimeoutMs: number | undefined;
  /** How long a silent broker is left alone before it is asked whether it lives. 0 = for ever. */
  readonly probeMs: number;
  /** How long messages wait for a blocked broker. */
  readonly blockedMs: number;
  /** Whether the broker confirms messages. */
  readonly confirms: boolean;
  /** Prefetch for each consumer; undefined = as the queues declared here ask for. */
  readonly perConsumerPrefetch: boolean | undefined;
  /** Of the queues in which Celery's brokers hold messages for later. */
  readonly delayQueueType: 'quorum' | 'classic';
  readonly clientProperties: Readonly<Record<string, unknown>>;
  /** For messages: no password in it. */
  readonly shown: string;
}

type Given = Readonly<Record<string, unknown>>;

/** Reads a broker URL: its query and `brokerTransportOptions` give the rest, the query first. */
export function readSettings(url: URL, options: Given, ssl?: true | TlsOptions): AmqpSettings {
  const query = Object.fromEntries([...url.searchParams].map(([key, value]) => [camelCase(key), value]));
  const given: Given = { ...camelKeys(options), ...query };
  const tls = readTls(url.protocol === 'amqps:', ssl, options['ssl'], tlsInQuery(url));
  const seconds = (name: string, otherwise: Duration): number => {
    const value = given[name] as Duration | undefined;
    return durationMs(
      typeof value === 'string' && /^[\d.]+$/.test(value) ? Number(value) : (value ?? otherwise),
      name,
    );
  };
  const connectTimeout = given['connectionTimeout'] ?? given['connectTimeout'];
  return {
    host: url.hostname.replace(/^\[|\]$/g, '') || 'localhost',
    port: Number(url.port) || (tls ? 5671 : 5672),
    vhost: decode(url.pathname.slice(1), 'the virtual host', url) || '/',
    user: url.username === '' ? 'guest' : decode(url.username, 'the user', url),
    password:
      url.username === '' && url.password === '' ? 'guest' : decode(url.password, 'the password', url),
    loginMethod: loginMethod(given['loginMethod']),
    tls,
    heartbeat: Math.min(65_535, Math.ceil(seconds('heartbeat', 120) / 1000)),
    connectTimeoutMs:
      connectTimeout === undefined
        ? undefined
        : seconds('connectionTimeout' in given ? 'connectionTimeout' : 'connectTimeout', 4),
    probeMs: seconds('probeInterval', 5),
    blockedMs: seconds('blockedTimeout', 2),
    confirms: given['confirmPublish'] !== false,
    perConsumerPrefetch: given['perConsumerPrefetch'] as boolean | undefined,
    delayQueueType: given['delayQueueType'] === 'classic' ? 'classic' : 'quorum',
    clientProperties: {
      product: 'tq',
      platform: `Node.js ${process.version}`,
      hostname: hostname(),
      connection_name: `tq@${hostname()}:${process.pid}`,
      ...(given['clientProperties'] as object | undefined),
    },
    shown: maskUrl(url.href),
  };
}

function decode(text: string, what: string, url: URL): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new ImproperlyConfigured(
      `In the broker URL ${maskUrl(url.href)} ${what} has a % that begins no %XX: write % itself as %25.`,
    );
  }
}

function loginMethod(given: unknown): LoginMethod {
  if (given === undefined || given === null) return 'PLAIN';
  const method = (typeof given === 'string' ? given : JSON.stringify(given)).toUpperCase();
  if (method === 'PLAIN' || method === 'AMQPLAIN' || method === 'EXTERNAL') return method;
  throw new ImproperlyConfigured(
    `The login method ${JSON.stringify(given)} is unknown: PLAIN, AMQPLAIN and EXTERNAL are there.`,
  );
}

function camelKeys(given: Given): Given {
  return Object.fromEntries(Object.entries(given).map(([name, value]) => [camelCase(name), value]));
}

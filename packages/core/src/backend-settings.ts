import type { Config } from './config.ts';
import { durationMs } from './duration.ts';
import { tlsOptions } from './tls.ts';
import type { BackendSettings } from './types/backend.ts';

/** What drivers of result backends ask for, from an app's settings. */
export function backendSettings(config: Config): BackendSettings {
  return {
    tls: tlsOptions(config.redisBackendUseSsl),
    maxConnections: config.redisMaxConnections ?? undefined,
    connectTimeoutMs: time(config, 'redisSocketConnectTimeout'),
    socketTimeoutMs: time(config, 'redisSocketTimeout'),
    retryOnTimeout: config.redisRetryOnTimeout,
    keepAlive: config.redisSocketKeepalive,
    healthCheckMs: time(config, 'redisBackendHealthCheckInterval'),
    clientName: config.redisClientName ?? undefined,
    username: config.redisUsername ?? undefined,
    password: config.redisPassword ?? undefined,
    credentials: config.redisBackendCredentialProvider ?? undefined,
    chordJoinTimeoutMs: durationMs(config.resultChordJoinTimeout, 'resultChordJoinTimeout'),
    chordRetryIntervalMs: durationMs(config.resultChordRetryInterval, 'resultChordRetryInterval'),
  };
}

function time(
  config: Config,
  name: 'redisSocketConnectTimeout' | 'redisSocketTimeout' | 'redisBackendHealthCheckInterval',
): number | undefined {
  const value = config[name];
  return value === null ? undefined : durationMs(value, name);
}

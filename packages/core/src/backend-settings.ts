import type { Config } from './config.ts';
import { durationMs } from './duration.ts';
import { tlsOptions } from './tls.ts';
import type { BackendSettings } from './types/backend.ts';

/** What drivers of result backends ask for, from an app's settings. */
export function backendSettings(config: Config): BackendSettings {
  return {
    tls: tlsOptions(config.redisBackendUseSsl),
    connectTimeoutMs: time(config, 'redisSocketConnectTimeout'),
    socketTimeoutMs: time(config, 'redisSocketTimeout'),
    keepAlive: config.redisSocketKeepalive,
    healthCheckMs: time(config, 'redisBackendHealthCheckInterval'),
    clientName: config.redisClientName ?? undefined,
    username: config.redisUsername ?? undefined,
    password: config.redisPassword ?? undefined,
  };
}

function time(
  config: Config,
  name: 'redisSocketConnectTimeout' | 'redisSocketTimeout' | 'redisBackendHealthCheckInterval',
): number | undefined {
  const value = config[name];
  return value === null ? undefined : durationMs(value, name);
}

import type { App } from '@tq/core';
import { durationSeconds, parseUrl } from '@tq/core/internal';

/** The broker as `stats` shows it: Celery's keys, never the password. Spec: control.md 5. */
export async function brokerInfo(app: App): Promise<Readonly<Record<string, unknown>>> {
  const { config, brokerSetting } = app;
  const urls = (Array.isArray(brokerSetting) ? brokerSetting : [brokerSetting]).flatMap(textsOf);
  const [first, ...alternates] = urls.map((text) => parseUrl(text, 'broker'));
  return {
    hostname: first?.hostname || null,
    userid: first && first.username !== '' ? decodeURIComponent(first.username) : null,
    virtual_host: first ? decodeURIComponent(first.pathname.slice(1)) || '/' : '/',
    port: first?.port ? Number(first.port) : (PORTS[first?.protocol ?? ''] ?? null),
    insist: false,
    ssl: first?.protocol.endsWith('s:') === true || config.brokerUseSsl !== false,
    transport: first?.protocol.slice(0, -1) ?? null,
    connect_timeout: durationSeconds(config.brokerConnectionTimeout, 'brokerConnectionTimeout'),
    transport_options: {},
    login_method: config.brokerLoginMethod ?? 'PLAIN',
    uri_prefix: null,
    heartbeat: durationSeconds(config.brokerHeartbeat, 'brokerHeartbeat'),
    failover_strategy:
      typeof config.brokerFailoverStrategy === 'string' ? config.brokerFailoverStrategy : 'custom',
    alternates: alternates.map((url) => url.host),
    credential_provider: null,
  };
}

const PORTS: Readonly<Record<string, number>> = {
  'amqp:': 5672,
  'pyamqp:': 5672,
  'amqps:': 5671,
  'redis:': 6379,
  'rediss:': 6379,
};

/** A driver that was given as one has a URL of its own, or none. */
function textsOf(setting: unknown): readonly string[] {
  if (typeof setting === 'string')
    return setting
      .split(';')
      .map((text) => text.trim())
      .filter(Boolean);
  const { url } = setting as { readonly url?: string | readonly string[] };
  if (url === undefined) return [];
  return typeof url === 'string' ? [url] : url;
}

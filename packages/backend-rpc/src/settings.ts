import { camelCase, durationMs } from '@tq/core/internal';

/** What `resultBackendTransportOptions` and the URL say. */
export interface RpcSettings {
  /** The broker drops the reply queue of a process that has not been heard of for so long. Milliseconds. */
  readonly queueLifeMs: number;
  /** The most results that are kept for later reading, the newest; and the most characters of them. */
  readonly maxResults: number;
  readonly maxSize: number;
  /** How long those who wait for results outlast a broker that is gone. Milliseconds. */
  readonly outageMs: number;
}

/** Reads Celery's spelling of an option and ours; what the URL says goes first. */
export function settingsOf(
  url: URL,
  options: Readonly<Record<string, unknown>>,
  expiresMs: number | undefined,
): RpcSettings {
  const given = (name: string): string | number | undefined => {
    const camel = camelCase(name);
    const value =
      url.searchParams.get(name) ?? url.searchParams.get(camel) ?? options[name] ?? options[camel];
    return value as string | number | undefined;
  };
  const queueLifeMs = durationMs(given('reply_queue_expires') ?? '30m', 'reply_queue_expires');
  return {
    queueLifeMs: Math.ceil(Math.min(queueLifeMs, expiresMs ?? Infinity)),
    maxResults: Number(given('max_results') ?? 100_000),
    maxSize: Number(given('max_size') ?? 134_217_728),
    outageMs: durationMs(given('outage_patience') ?? '2m', 'outage_patience'),
  };
}

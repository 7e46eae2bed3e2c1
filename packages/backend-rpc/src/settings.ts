import { camelCase, chordLeaseMs, durationMs } from '@tq/core/internal';

const DAY_MS = 86_400_000;
/** RabbitMQ takes no longer life of a queue. */
const MAX_MS = 2 ** 32 - 1;

/** What `resultBackendTransportOptions` and the URL say. */
export interface RpcSettings {
  /** The broker drops the reply queue of a process that has not been heard of for so long. Milliseconds. */
  readonly queueLifeMs: number;
  /** The broker drops the queues of a group or chord that nobody has touched for so long; undefined = never. Milliseconds. */
  readonly groupLifeMs: number | undefined;
  /** How long a worker has to send the body of a chord before another may. Milliseconds. */
  readonly chordLeaseMs: number;
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
    groupLifeMs: groupLifeOf(given('group_queue_expires'), expiresMs),
    chordLeaseMs: chordLeaseMs(url, options),
    maxResults: Number(given('max_results') ?? 100_000),
    maxSize: Number(given('max_size') ?? 134_217_728),
    outageMs: durationMs(given('outage_patience') ?? '2m', 'outage_patience'),
  };
}

/** Every process must say the same, so what follows from a setting that often differs follows from it only if it must. */
function groupLifeOf(given: string | number | undefined, expiresMs: number | undefined): number | undefined {
  if (given !== undefined) return durationMs(given, 'group_queue_expires');
  return expiresMs === undefined ? undefined : Math.ceil(Math.min(Math.max(expiresMs, DAY_MS), MAX_MS));
}

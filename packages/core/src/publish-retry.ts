import { durationMs, durationSeconds } from './duration.ts';
import type { PublishRetryPolicy } from './settings.ts';
import { toCamel, toSnake } from './spelling.ts';

/** How publishing is repeated when the connection drops; undefined = not at all. */
export type RetryPlan = PublishRetryPolicy | undefined;

/** The wait before retry `attempt` (0 = the first) in milliseconds; undefined when there is none left. Celery's linear policy. */
export function backoffFromPolicy(policy: RetryPlan, attempt: number): number | undefined {
  if (policy === undefined) return undefined;
  const { maxRetries = 3, intervalStart = 0, intervalStep = 0.2, intervalMax = 1 } = policy;
  if (maxRetries !== null && attempt >= maxRetries) return undefined;
  const wait =
    durationMs(intervalStart, 'intervalStart') + attempt * durationMs(intervalStep, 'intervalStep');
  return Math.min(wait, durationMs(intervalMax, 'intervalMax'));
}

/** As Celery writes it: `max_retries`, pauses in seconds. */
export function policyToWire(policy: PublishRetryPolicy): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(policy).map(([key, value]) => [
      toSnake(key),
      key.startsWith('interval') ? durationSeconds(value as number | string, key) : (value as unknown),
    ]),
  );
}

/** From Celery's spelling, or ours. */
export function policyFromWire(policy: Readonly<Record<string, unknown>>): PublishRetryPolicy {
  return Object.fromEntries(Object.entries(policy).map(([key, value]) => [toCamel(key), value]));
}

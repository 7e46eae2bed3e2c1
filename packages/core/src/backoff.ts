/**
 * The wait before attempt `attempt` (0 = the first retry): doubles from `firstMs`, never over `maxMs`; with full jitter
 * a random part of it, so that many callers don't come back at one moment.
 */
export function backoffMs(
  attempt: number,
  options: {
    readonly firstMs: number;
    readonly maxMs: number;
    readonly jitter?: boolean;
    readonly random?: () => number;
  },
): number {
  const wait = Math.min(options.maxMs, options.firstMs * 2 ** Math.min(attempt, 52));
  return options.jitter === false ? wait : (options.random ?? Math.random)() * wait;
}

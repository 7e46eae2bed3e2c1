import type { TaskRequest } from '@tq/core';

export type Verdict =
  | { readonly kind: 'run' }
  | { readonly kind: 'wait'; readonly untilMs: number; readonly for: 'eta' | 'rate' }
  | { readonly kind: 'drop'; readonly because: 'revoked' | 'expired' };

/** What a verdict depends on, besides the request. */
export interface Circumstances {
  readonly nowMs: number;
  isRevoked(request: TaskRequest): boolean;
  /** Takes the next token of the task's rate limit; the moment from which it counts. */
  takeToken(request: TaskRequest): number;
}

const RUN: Verdict = { kind: 'run' };

/** Decides what becomes of a request. Knows no broker, no timer, no pool. */
export function judge(request: TaskRequest, seen: Circumstances): Verdict {
  const drop = mustDrop(request, seen);
  if (drop) return { kind: 'drop', because: drop };
  if (request.etaMs !== null && request.etaMs > seen.nowMs)
    return { kind: 'wait', untilMs: request.etaMs, for: 'eta' };
  const tokenMs = seen.takeToken(request);
  return tokenMs > seen.nowMs ? { kind: 'wait', untilMs: tokenMs, for: 'rate' } : RUN;
}

/** Why a request must not start; asked again right before it would. */
export function mustDrop(
  request: TaskRequest,
  seen: Pick<Circumstances, 'nowMs' | 'isRevoked'>,
): 'revoked' | 'expired' | undefined {
  if (seen.isRevoked(request)) return 'revoked';
  if (request.expiresMs !== null && request.expiresMs <= seen.nowMs) return 'expired';
  return undefined;
}

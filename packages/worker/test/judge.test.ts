import { judge, mustDrop } from '../src/consume/judge.ts';
import type { TaskRequest } from '@tq/core';

const request = (fields: Partial<TaskRequest> = {}): TaskRequest =>
  ({ id: 'a', task: 't', etaMs: null, expiresMs: null, ...fields }) as TaskRequest;
const seen = { nowMs: 1000, isRevoked: () => false, takeToken: () => 0 };

test('a request runs when nothing speaks against it', () => {
  expect(judge(request(), seen)).toEqual({ kind: 'run' });
});

test('a request waits for its ETA, and runs once that is past', () => {
  expect(judge(request({ etaMs: 1001 }), seen)).toEqual({ kind: 'wait', untilMs: 1001, for: 'eta' });
  expect(judge(request({ etaMs: 1000 }), seen)).toEqual({ kind: 'run' });
});

test('an expired request is dropped, also one whose ETA has not come', () => {
  expect(judge(request({ expiresMs: 1000 }), seen)).toEqual({ kind: 'drop', because: 'expired' });
  expect(judge(request({ expiresMs: 999, etaMs: 5000 }), seen)).toEqual({ kind: 'drop', because: 'expired' });
  expect(judge(request({ expiresMs: 1001 }), seen)).toEqual({ kind: 'run' });
});

test('a revoked request is dropped before anything else', () => {
  expect(judge(request({ expiresMs: 1 }), { ...seen, isRevoked: () => true })).toEqual({
    kind: 'drop',
    because: 'revoked',
  });
});

test('a rate limit makes it wait, and takes no token of a request that waits for its ETA', () => {
  let taken = 0;
  const limited = { ...seen, takeToken: () => (taken++, 1200) };
  expect(judge(request(), limited)).toEqual({ kind: 'wait', untilMs: 1200, for: 'rate' });
  expect(taken).toBe(1);
  judge(request({ etaMs: 2000 }), limited);
  expect(taken).toBe(1);
});

test('right before the start only revokes and expiry count', () => {
  expect(mustDrop(request({ etaMs: 5000 }), seen)).toBeUndefined();
  expect(mustDrop(request({ expiresMs: 1000 }), seen)).toBe('expired');
});

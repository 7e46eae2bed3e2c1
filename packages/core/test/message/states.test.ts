import {
  EXCEPTION_STATES,
  isFinal,
  precedence,
  PROPAGATE_STATES,
  READY_STATES,
  UNREADY_STATES,
} from '../../src/states.ts';

test('a state is ready or not, never both', () => {
  expect([...READY_STATES].filter((state) => UNREADY_STATES.has(state))).toEqual([]);
  expect(['SUCCESS', 'FAILURE', 'REVOKED'].every(isFinal)).toBe(true);
  expect(['PENDING', 'RETRY', 'STARTED', 'PROGRESS'].some(isFinal)).toBe(false);
});

test('a retry has an exception that get() does not throw', () => {
  expect(EXCEPTION_STATES.has('RETRY')).toBe(true);
  expect(PROPAGATE_STATES.has('RETRY')).toBe(false);
});

test("states have Celery's order, with a task's own after FAILURE", () => {
  const states = [
    'PENDING',
    'RETRY',
    'REJECTED',
    'RECEIVED',
    'STARTED',
    'REVOKED',
    'PROGRESS',
    'FAILURE',
    'SUCCESS',
  ];
  expect(states.toSorted((a, b) => precedence(a) - precedence(b))).toEqual(states.toReversed());
});

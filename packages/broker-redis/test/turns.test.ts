import { Turns } from '../src/turns.ts';
import type { OrderStrategy } from '../src/turns.ts';

const turnsOf = (strategy: OrderStrategy, weights: Readonly<Record<string, number>> = {}): Turns =>
  new Turns({ strategy, weights });

/** Takes `max` a time from queues that never run dry, as the script does, and counts. */
function drain(turns: Turns, queues: readonly string[], max: number, rounds: number): Map<string, number> {
  const totals = new Map<string, number>();
  for (let round = 0; round < rounds; round++) {
    const turn = turns.next(queues, max);
    const counts = new Map<string, number>();
    let left = max;
    for (const [index, queue] of turn.queues.entries()) {
      const count = Math.min(turn.shares[index]!, left);
      if (count > 0) counts.set(queue, count);
      left -= count;
    }
    if (left > 0) counts.set(turn.queues[0]!, (counts.get(turn.queues[0]!) ?? 0) + left);
    turns.served(turn, counts);
    for (const [queue, count] of counts) totals.set(queue, (totals.get(queue) ?? 0) + count);
  }
  return totals;
}

test('in turn, each queue may give as much as the others before one gives more', () => {
  expect(turnsOf('round_robin').next(['b', 'a', 'c'], 10)).toEqual({
    queues: ['b', 'a', 'c'],
    shares: [4, 4, 4],
  });
});

test('strictly, the order in which consumers came stays, however the queues are turned', () => {
  const turns = turnsOf('priority');
  turns.next(['hipri'], 5);
  turns.next(['hipri', 'celery'], 5);
  expect(turns.next(['celery', 'hipri'], 5)).toEqual({ queues: ['hipri', 'celery'], shares: [5, 5] });
});

test('sorted is by name', () => {
  expect(turnsOf('sorted').next(['b', 'a'], 5).queues).toEqual(['a', 'b']);
});

test.each([1, 3, 100])('weights hold in the long run, at %i a time', (max) => {
  const totals = drain(turnsOf('weighted', { hipri: 5 }), ['celery', 'hipri'], max, 600);
  expect(totals.get('hipri')! / totals.get('celery')!).toBeGreaterThan(4.5);
  expect(totals.get('hipri')! / totals.get('celery')!).toBeLessThan(5.5);
});

test('a queue that was empty for long doesn’t starve the others when it fills', () => {
  const turns = turnsOf('weighted', { hipri: 5 });
  for (let round = 0; round < 1000; round++) {
    const turn = turns.next(['celery', 'hipri'], 10);
    turns.served(turn, new Map([['celery', 10]]));
  }
  const totals = drain(turns, ['celery', 'hipri'], 10, 60);
  expect(totals.get('celery')).toBeGreaterThan(60);
});

import { deferred } from '../src/deferred.ts';
import { pieces, Turn } from '../src/turn.ts';

test('what is asked in one turn goes together, and each gets its own answer', async () => {
  const calls: (readonly number[])[] = [];
  const turn = new Turn(async (items: readonly number[]) => {
    calls.push(items);
    return items.map((item) => item * 2);
  });
  expect(await Promise.all([turn.ask(1), turn.ask(2)])).toEqual([2, 4]);
  expect(await turn.ask(3)).toBe(6);
  expect(calls).toEqual([[1, 2], [3]]);
  expect(turn.add(4).all).toBe(turn.add(5).all);
  await turn.flush();
  expect(calls.at(-1)).toEqual([4, 5]);
});

test('an error is everybody’s of that turn', async () => {
  const turn = new Turn(async () => {
    throw new Error('no');
  });
  const asked = [turn.ask(1), turn.ask(2)];
  expect((await Promise.allSettled(asked)).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
});

test('what is never answered can be given up', async () => {
  const turn = new Turn(() => deferred<readonly void[]>().promise);
  const asked = turn.ask(1);
  const flushed = turn.flush();
  turn.abandon(new Error('too late'));
  await expect(asked).rejects.toThrow('too late');
  await flushed;
});

test('pieces are bounded in count and size', () => {
  const split = (items: readonly number[]): readonly (readonly number[])[] =>
    pieces(items, { count: 3, size: 10 }, (item) => item);
  expect(split([1, 1, 1, 1])).toEqual([[1, 1, 1], [1]]);
  expect(split([50, 1, 9, 1])).toEqual([[50], [1, 9], [1]]);
  expect(split([])).toEqual([]);
});

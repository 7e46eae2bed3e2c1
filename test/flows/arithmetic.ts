import type { Spread, TaskName, Value } from './flow.ts';

// What the tasks of fixtures/flows/tq.mjs and of fixtures/python/flows.py give.

const MODULUS = 9973;
/** Lists beyond this size become their sums: nested joins would grow without end. */
const LARGEST = 60;

function within(x: number): number {
  return ((x % MODULUS) + MODULUS) % MODULUS;
}

export function sum(x: Value): number {
  if (x === null) return 0;
  return typeof x === 'number' ? x : within(x.reduce<number>((all, each) => all + sum(each), 0));
}

function size(x: Value): number {
  return x === null || typeof x === 'number' ? 1 : x.reduce<number>((all, each) => all + size(each), 1);
}

function small(x: Value): Value {
  return size(x) > LARGEST ? sum(x) : x;
}

/** What a task returns that returns. */
export function returned(task: TaskName, args: readonly Value[]): Value {
  switch (task) {
    case 'mul':
      return args.reduce<number>((all, each) => within(all * sum(each)), 1);
    case 'sub':
      return within(3 * sum(args[0] ?? null) - sum(args.slice(1)));
    case 'id':
      return small(args[0] ?? null);
    case 'join':
      return small(args);
    case 'none':
      return null;
    case 'add':
    case 'flaky':
    case 'grow':
    case 'replace':
    case 'fail':
    case 'exhausted':
    case 'lost':
    case 'slow':
      return sum(args);
  }
}

/** The results of one task over a list; undefined where it refuses an item. */
export function spread({ kind, items }: Spread): Value | undefined {
  if (items.some((item) => (kind === 'map' ? item : (item as readonly Value[])[0]) === 13)) return undefined;
  return items.map((item) => (kind === 'map' ? within(2 * sum(item)) : sum(item)));
}

// Compiled by `tsc -b`, never run: what the compiler promises to those who compose work-flows.
import { chain, chord, chunks, group, map, starmap } from '@tq/canvas';
import { createApp } from '@tq/core';
import type { AsyncResult, GroupResult, Signature } from '@tq/core';

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const is = <T extends true>(_?: T): void => undefined;

const app = createApp('types');
const add = app.task('t.add', (x: number, y: number) => x + y);
const mul = app.task('t.mul', async (x: number, y: number) => x * y);
const fmt = app.task('t.fmt', (x: number) => `<${x}>`);
const shout = app.task('t.shout', (text: string, mark: string = '!') => text + mark);
const half = app.task('t.half', (x?: number) => (x ?? 0) / 2);
const sum = app.task('t.sum', (...numbers: number[]) => numbers.reduce((a, b) => a + b, 0));
const xsum = app.task('t.xsum', (numbers: number[]) => numbers.reduce((a, b) => a + b, 0));
const both = app.task('t.both', (pair: [number, string]) => pair.join());
const nothing = app.task('t.nothing', () => undefined);
const byName = app.signature('py.anything', [1]);
const range = (n: number): number[] => [...Array(n).keys()];

// Chains: what the first needs, what the last gives.
const total = chain(add.s(4, 4), mul.s(8));
is<Equal<typeof total, Signature<[], number, AsyncResult<number>>>>();
const price = chain(add.s(4), mul.s(8), fmt.s());
is<Equal<typeof price, Signature<[number], string, AsyncResult<string>>>>();
const piped = add.s(4).pipe(mul.s(8)).pipe(fmt.s()).pipe(shout.s());
is<Equal<typeof piped, Signature<[number], string, AsyncResult<string>>>>();
const one = chain(add.s(4).pipe(mul.s(8)));
is<Equal<typeof one, Signature<[number], number, AsyncResult<number>>>>();

// Optional and rest parameters, immutable links, tasks that are only known by name.
chain(add.s(1, 2), half.s());
chain(add.s(1, 2), sum.s());
chain(add.s(1, 2), sum.s(3, 4), fmt.s());
chain(fmt.s(1), shout.s('?'));
chain(fmt.s(1), add.si(1, 2), fmt.s());
chain(fmt.s(1), nothing.s());
chain(byName, add.s(1), byName, fmt.s());
chain([add.s(1, 2), byName]);

// Groups give lists: of one type, or tuples.
const ten = group(range(10).map((i) => add.s(i, i)));
is<Equal<typeof ten, Signature<[], number[], GroupResult<number[]>>>>();
const partial = group(range(10).map((i) => add.s(i)));
is<Equal<Parameters<typeof partial.delay>, [number]>>();
const pair = group([add.s(1, 1), fmt.s(1)]);
is<Equal<typeof pair, Signature<[], [number, string], GroupResult<[number, string]>>>>();
const spread = group(add.s(1, 1), fmt.s(1));
is<Equal<typeof spread, typeof pair>>();
const generated = group(
  (function* () {
    for (const i of range(3)) yield add.s(i, i);
  })(),
);
is<Equal<typeof generated, Signature<[], number[], GroupResult<number[]>>>>();

// A group in the middle: what stands behind it gets the list.
const fanned = chain(add.s(1, 1), group([add.s(1), mul.s(2)]), xsum.s(), fmt.s());
is<Equal<typeof fanned, Signature<[], string, AsyncResult<string>>>>();
chain(add.s(1, 1), group([add.s(1), fmt.s()]), both.s());
const ending = chain(add.s(1, 1), group([add.s(1), fmt.s()]));
is<Equal<typeof ending, Signature<[], [number, string], GroupResult<[number, string]>>>>();

// A group of one is its member, as a step; by itself it gives a list.
const alone = group([add.s(1)]);
is<Equal<typeof alone, Signature<[number], [number], GroupResult<[number]>>>>();
const unrolled = chain(add.s(1, 1), group([add.s(1)]));
is<Equal<typeof unrolled, Signature<[], number, AsyncResult<number>>>>();
is<Equal<ReturnType<typeof same>, typeof unrolled>>();
function same() {
  return add.s(1, 1).pipe(alone);
}
chain(group([add.s(1, 1)]), fmt.s());
group([add.s(1, 1)]).pipe(xsum.s());

// Chords, also from a group that is piped.
const ninety = chord(
  range(10).map((i) => add.s(i, i)),
  xsum.s(),
);
is<Equal<typeof ninety, Signature<[], number, AsyncResult<number>>>>();
is<Equal<typeof ninety, ReturnType<typeof upgraded>>>();
function upgraded() {
  return ten.pipe(xsum.s());
}
const mixed = chord([add.s(1, 1), fmt.s(1)], both.s());
is<Equal<typeof mixed, Signature<[], string, AsyncResult<string>>>>();
chord(pair, both.s());
chord(partial, xsum.s()).pipe(fmt.s());
const lists = chord(
  range(3).map((i) => add.s(i)),
  group([xsum.s(), xsum.s()]),
);
is<Equal<typeof lists, Signature<[number], [number, number], GroupResult<[number, number]>>>>();

// Maps.
is<Equal<typeof mapped, Signature<[], number[], AsyncResult<number[]>>>>();
const mapped = map(xsum, [[1, 2], [3]]);
is<Equal<typeof starred, Signature<[], number[], AsyncResult<number[]>>>>();
const starred = starmap(mul, [
  [1, 2],
  [3, 4],
]);
is<Equal<typeof chunked, Signature<[], number[][], GroupResult<number[][]>>>>();
const chunked = chunks(add, [[1, 2]], 10);

export async function results(): Promise<void> {
  const number = await total.delay().get();
  is<Equal<typeof number, number>>();
  const tuple = await pair.delay().get();
  is<Equal<typeof tuple, [number, string]>>();
  const handle = await ten.delay();
  is<Equal<typeof handle, GroupResult<number[]>>>();
  const orErrors = await (await pair.delay()).get({ propagate: false });
  is<Equal<(typeof orErrors)[0], number | Error>>();
  const text = await price.delay(4).get();
  is<Equal<typeof text, string>>();
}

export function mistakes(): void {
  // @ts-expect-error mul takes no text: the message names both types.
  chain(fmt.s(1), mul.s(8));
  // @ts-expect-error The same by pipe.
  fmt.s(1).pipe(mul.s(8));
  // @ts-expect-error The third step is checked too.
  chain(add.s(1, 1), fmt.s(), mul.s(2));
  // @ts-expect-error An optional parameter has a type as well.
  chain(fmt.s(1), half.s());
  // @ts-expect-error And so have the rest.
  chain(fmt.s(1), sum.s());
  // @ts-expect-error Two arguments are missing, one comes.
  chain(fmt.s(1), add.s());
  // @ts-expect-error A body gets a list.
  chord([add.s(1, 1), add.s(2, 2)], fmt.s());
  // @ts-expect-error Of the right types.
  chord([fmt.s(1), fmt.s(2)], xsum.s());
  // @ts-expect-error Each member gets what comes.
  chain(fmt.s(1), group([shout.s(), mul.s(8)]));
  // @ts-expect-error What stands behind a group gets a list.
  chain(group([add.s(1, 1), add.s(2, 2)]), fmt.s());
  // @ts-expect-error A group of one is no list, as a step.
  chain(group([add.s(1, 1)]), xsum.s());
  // @ts-expect-error The first step needs a number.
  void price.delay('4');
  // @ts-expect-error It needs one at all.
  void price.delay();
  // @ts-expect-error Items of a map are what the task takes.
  map(xsum, ['a']);
  // @ts-expect-error Arguments too.
  starmap(mul, [[1, '2']]);
  // @ts-expect-error Tasks are no signatures.
  chain(add, fmt.s());
}

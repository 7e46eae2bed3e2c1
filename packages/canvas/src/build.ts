import { ImproperlyConfigured, Signature } from '@tq/core';
import type {
  AnySignature,
  AnyTask,
  App,
  Fits,
  GivesOf,
  GroupResult,
  HandleOf,
  NeedsOf,
  ResultHandle,
  SignatureData,
  Task,
} from '@tq/core';
import { chordData, foldedChain, groupData, kindOf, partsOf, signatureData } from '@tq/core/internal';
import { CHUNKS, groupOfChunks, MAP, spread, STARMAP } from './spread.ts';
import type { First, GivesOfAll, Last, Linked, NeedsOfAll } from './types.ts';

/**
 * Runs signatures one after another, each with the result of the one before it in front of its arguments. The compiler checks
 * that each takes what comes. Its result is the last one's; `parent` leads back to the others. A group with a step behind it is
 * the header of a chord; a group of one is its member.
 *
 * ```ts
 * await chain(add.s(4, 4), mul.s(8)).delay().get(); // 64
 * ```
 */
export function chain<S extends readonly [AnySignature, ...AnySignature[]]>(
  ...steps: S & Linked<S>
): Signature<NeedsOf<First<S>>, GivesOf<Last<S>>, HandleOf<Last<S>>>;
/** Steps that are only known at run time: nothing is known of what they take and give. */
export function chain(steps: Iterable<AnySignature>): Signature<unknown[], unknown, ResultHandle>;
export function chain(
  ...given: readonly (AnySignature | Iterable<AnySignature>)[]
): Signature<unknown[], unknown, ResultHandle> {
  const steps = listed(given, 'chain');
  return made(steps, foldedChain(steps.map(({ data }) => data)));
}

/**
 * Runs signatures side by side; each gets the same arguments in front. Its result is the list of theirs, in their order. Members
 * of a group inside stand in line with the others. Takes signatures, or one list or generator of them.
 *
 * ```ts
 * await group(range(10).map((i) => add.s(i, i))).delay().get(); // [0, 2, … 18]
 * ```
 */
export function group<const S extends readonly AnySignature[]>(
  ...members: S
): Signature<NeedsOfAll<S>, GivesOfAll<S>, GroupResult<GivesOfAll<S>>>;
export function group<const S extends readonly AnySignature[]>(
  members: S,
): Signature<NeedsOfAll<S>, GivesOfAll<S>, GroupResult<GivesOfAll<S>>>;
export function group<S extends AnySignature>(
  members: Iterable<S>,
): Signature<NeedsOf<S>, GivesOf<S>[], GroupResult<GivesOf<S>[]>>;
export function group(
  ...given: readonly (AnySignature | Iterable<AnySignature>)[]
): Signature<unknown[], unknown[], GroupResult<unknown[]>> {
  const members = listed(given, 'group');
  const [only] = members;
  // A group of a group is that group.
  const data = members.length === 1 && only && kindOf(only.data) === 'group' ? partsOf(only.data) : undefined;
  return made(members, groupData(data ?? members.map((member) => member.data)));
}

/**
 * Runs a header side by side, then a body with the list of its results in front of its arguments: a list, a generator or a group of
 * signatures. When a member fails the body fails as ChordError. Needs a result backend that counts: redis, rpc, sqlite, memory.
 *
 * ```ts
 * await chord(range(10).map((i) => add.s(i, i)), xsum.s()).delay().get(); // 90
 * ```
 */
export function chord<const S extends readonly AnySignature[], B extends AnySignature>(
  header: S,
  body: B & Fits<GivesOfAll<S>, B>,
): Signature<NeedsOfAll<S>, GivesOf<B>, HandleOf<B>>;
export function chord<G extends AnySignature, B extends AnySignature>(
  header: G & { readonly types: { readonly gives: readonly unknown[] } },
  body: B & Fits<GivesOf<G>, B>,
): Signature<NeedsOf<G>, GivesOf<B>, HandleOf<B>>;
export function chord<S extends AnySignature, B extends AnySignature>(
  header: Iterable<S>,
  body: B & Fits<GivesOf<S>[], B>,
): Signature<NeedsOf<S>, GivesOf<B>, HandleOf<B>>;
export function chord(
  header: AnySignature | Iterable<AnySignature>,
  body: AnySignature,
): Signature<unknown[], unknown, ResultHandle> {
  const members = listed([header], 'chord');
  const data = signatureData(body);
  const [only] = members;
  return made(
    [...members, body],
    chordData(only && members.length === 1 ? partsIn(only) : dataOf(members), data),
  );
}

/** A header given as one signature: a group's members, the pieces of chunks, else itself. */
function partsIn({ data }: AnySignature): readonly SignatureData[] {
  if (data.task === CHUNKS) return partsOf(groupOfChunks(data));
  return kindOf(data) === 'group' ? partsOf(data) : [data];
}

function dataOf(signatures: readonly AnySignature[]): readonly SignatureData[] {
  return signatures.map(({ data }) => data);
}

/** Runs a task over a list in one message, one item after another. Its result is the list: `map(xsum, [[1, 2], [3, 4]])` gives `[3, 7]`. */
export function map<A, R>(
  task: Task<[A], R> | Task<[A, ...unknown[]], R>,
  items: Iterable<A>,
): Signature<[], Awaited<R>[]> {
  return made([], spread(MAP, nameOf(task), [...items]), task.app);
}

/** The same with a list of arguments for each call: `starmap(add, [[1, 2], [3, 4]])` gives `[3, 7]`. */
export function starmap<P extends unknown[], R>(
  task: Task<P, R>,
  items: Iterable<P>,
): Signature<[], Awaited<R>[]> {
  return made([], spread(STARMAP, nameOf(task), [...items]), task.app);
}

/**
 * As `starmap()`, in pieces of `n` items, a message each, which run side by side. Its result is a list of lists.
 * @throws ImproperlyConfigured when `n` is no whole number from 1 on
 */
export function chunks<P extends unknown[], R>(
  task: Task<P, R>,
  items: Iterable<P>,
  n: number,
): Signature<[], Awaited<R>[][], GroupResult<Awaited<R>[][]>> {
  if (!Number.isInteger(n) || n < 1)
    throw new ImproperlyConfigured(
      `chunks() takes how many items go into a piece, such as 10, not ${String(n)}.`,
    );
  return made([], spread(CHUNKS, nameOf(task), [...items], { n }), task.app);
}

/** Of the task a map knows only the name. */
function nameOf(task: AnyTask): SignatureData {
  if (typeof task !== 'function' || typeof task.taskName !== 'string')
    throw new ImproperlyConfigured(`A map takes a task, such as add, not ${String(task)}.`);
  return { task: task.taskName, args: [], kwargs: {}, options: {}, subtask_type: null, immutable: false };
}

/** Signatures given one by one, or as one list. */
function listed(
  given: readonly (AnySignature | Iterable<AnySignature>)[],
  what: string,
): readonly AnySignature[] {
  const [first] = given;
  const all =
    given.length === 1 && first && !(first instanceof Signature)
      ? [...iterable(first as Iterable<AnySignature>, what)]
      : (given as readonly AnySignature[]);
  for (const each of all) if (!(each instanceof Signature)) throw notASignature(each, what);
  return all;
}

function iterable<T>(given: Iterable<T>, what: string): Iterable<T> {
  if (typeof given === 'object' && Symbol.iterator in given) return given;
  throw notASignature(given, what);
}

function notASignature(given: unknown, what: string): ImproperlyConfigured {
  const is =
    typeof given === 'function' && 'taskName' in given ? `the task ${String(given.taskName)}` : String(given);
  return new ImproperlyConfigured(`A ${what} is made of signatures, such as add.s(2, 2); ${is} is none.`);
}

// oxlint-disable-next-line typescript/no-explicit-any -- the public overloads say the types
function made(parts: readonly AnySignature[], data: SignatureData, app?: App): Signature<any, any, any> {
  return new Signature(app ?? parts.find((part) => part.hasApp)?.app, data);
}

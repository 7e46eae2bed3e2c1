import type { GroupResult } from './group-result.ts';
import type { AsyncResult } from './result.ts';

/** Every head of a parameter list: `[]`, `[A]`, `[A, B]` … */
type Heads<P extends unknown[], Acc extends unknown[] = []> =
  | Acc
  | (P extends [infer A, ...infer T] ? Heads<T, [...Acc, A]> : never);

/** The heads which, followed by the given tail, make a legal argument list: what a partial still needs in front. */
export type Missing<P extends unknown[], Given extends unknown[]> = number extends P['length']
  ? P
  : Completing<P, Given, Heads<Required<P>>>;

type Completing<P extends unknown[], Given extends unknown[], H> = H extends unknown[]
  ? [...H, ...Given] extends P
    ? H
    : never
  : never;

/** What the compiler shows when arguments can't end a legal argument list. */
export interface DoesNotEnd<P extends unknown[]> {
  readonly 'these arguments cannot end a call of this task, which takes': P;
}

/** `unknown` where the tail fits, otherwise a complaint that names the parameters. */
export type EndsCall<P extends unknown[], Given extends unknown[]> = [Missing<P, Given>] extends [never]
  ? DoesNotEnd<P>
  : unknown;

/** Anything with the types of a signature. */
// oxlint-disable-next-line typescript/no-explicit-any -- stands for every argument list
type Typed = { readonly types: { readonly needs: any; readonly gives: any; readonly handle: any } };

/** What must still come in front of a signature's arguments. */
export type NeedsOf<S> = S extends Typed ? S['types']['needs'] : never;
/** What a signature gives when it has run. */
export type GivesOf<S> = S extends Typed ? S['types']['gives'] : never;
/** What sending a signature gives: a handle on one result, or on those of a group. */
export type HandleOf<S> = S extends Typed ? S['types']['handle'] : never;

/** What the compiler shows when a step doesn't take what the one before it gives. */
export interface DoesNotFit<From, Wanted> {
  readonly 'previous task returns': From;
  readonly 'this link needs': Wanted;
}

/**
 * The signature where it can follow a result, otherwise a complaint that names both types. What takes nothing more takes nothing
 * from others; of a result that isn't known, nothing is asked.
 */
export type Fits<Prev, S> =
  [Prev] extends NeedsOf<S>
    ? S
    : [NeedsOf<S>] extends [[]]
      ? S
      : unknown extends Prev
        ? S
        : DoesNotFit<Prev, NeedsOf<S>>;

/** A group of one as the step of a chain that it becomes: its member. */
export type Unrolled<S> = 0 extends 1 & HandleOf<S>
  ? S
  : HandleOf<S> extends GroupResult<infer R>
    ? R extends readonly [infer Only]
      ? {
          readonly types: {
            readonly needs: NeedsOf<S>;
            readonly gives: Only;
            readonly handle: AsyncResult<Only>;
          };
        }
      : S
    : S;

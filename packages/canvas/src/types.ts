import type { Fits, GivesOf, NeedsOf, Unrolled } from '@tq/core';

/** The first of a chain's steps. */
export type First<S extends readonly unknown[]> = S extends readonly [infer F, ...unknown[]] ? F : never;

/** The last of a chain's steps. */
export type Last<S extends readonly unknown[]> = S extends readonly [...unknown[], infer L]
  ? Unrolled<L>
  : never;

/** Each step as it is, where it takes what the one before it gives; otherwise a complaint that names both types. */
export type Linked<S extends readonly unknown[], Prev = never> = S extends readonly [infer F, ...infer T]
  ? [[Prev] extends [never] ? F : Fits<Prev, F>, ...Linked<T, GivesOf<Unrolled<F>>>]
  : [];

/** What each member of a group gives, in their places; a group among them as a list, though its members run in line with the others. */
export type GivesOfAll<S extends readonly unknown[]> = { -readonly [K in keyof S]: GivesOf<S[K]> };

/** What every member of a group needs: each gets the same arguments. */
export type NeedsOfAll<S extends readonly unknown[]> = number extends S['length']
  ? NeedsOf<S[number]>
  : S extends readonly [infer F, ...infer T]
    ? Both<NeedsOf<F>, NeedsOfAll<T>>
    : [];

/** Members that take nothing more leave the word to the others. */
type Both<A, B> = [] extends A ? B : [] extends B ? A : A & B;

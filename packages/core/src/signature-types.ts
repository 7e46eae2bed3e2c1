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

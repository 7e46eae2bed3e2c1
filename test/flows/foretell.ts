import { returned, spread } from './arithmetic.ts';
import type { Call, Canvas, ErrorLink, Value } from './flow.ts';
import { asOne, flat, shapeOf, stepsOf, withError, withLink } from './shape.ts';
import type { CallShape, Shape, Step } from './shape.ts';

/** How something fails. */
interface Failure {
  readonly state: 'FAILURE' | 'REVOKED';
  readonly error: string;
}

/** A value; in lists, the names of errors in the places of results that there are none of. */
export type Result = Value | { readonly error: string } | readonly Result[];

/** What a client finds that looks at a result, at those before it, at the members of a group. */
export interface Expected {
  readonly result: Result;
  /** Groups have none. */
  readonly state?: 'SUCCESS' | 'FAILURE' | 'REVOKED';
  readonly members?: readonly Expected[];
  readonly before?: Expected;
  /** Nobody keeps it. */
  readonly isIgnored?: boolean;
  /** Was revoked and will never run anyway: who looks early finds the one, who looks late the other. */
  readonly isRevoked?: boolean;
}

/** What becomes of a work-flow. */
export interface Foretold {
  readonly expected: Expected;
  /** How often each call runs and each error link is called, by mark; a link that takes the failure says which. */
  readonly runs: ReadonlyMap<string, number>;
}

interface Ended {
  readonly expected: Expected;
  readonly value: Value;
  readonly failure?: Failure | undefined;
}

const CHORD_ERROR: Failure = { state: 'FAILURE', error: 'ChordError' };

/** A call whose process dies is delivered so often. */
const DELIVERIES = 2;

/** Evaluates a work-flow in memory, as Celery's documents say, and with an end for everything. */
export function foretell({ flow, front }: Canvas): Foretold {
  const teller = new Teller();
  const { expected } = teller.run(stepsOf(shapeOf(flow)), front);
  return { expected, runs: teller.runs };
}

class Teller {
  readonly runs = new Map<string, number>();
  /** What calls have added to the header that is evaluated now. */
  #added: Ended[] = [];

  /** One after another. */
  run(steps: readonly Step[], front: readonly Value[]): Ended {
    let args = front;
    let before: Expected | undefined;
    for (const [index, step] of steps.entries()) {
      const rest = steps.slice(index + 1);
      const ended = step.kind === 'call' ? this.#call(step, args) : this.#group(step.members, args, rest);
      const expected = behind(ended.expected, before);
      if (rest.length === 0) return { ...ended, expected };
      if (ended.failure) return { ...ended, expected: never(rest, ended.failure, expected) };
      args = [ended.value];
      before = expected;
    }
    throw new Error('A work-flow without steps');
  }

  /** Side by side. What is behind a group needs every one of its results. */
  #group(members: readonly Shape[], args: readonly Value[], rest: readonly Step[]): Ended {
    const outside = this.#added;
    this.#added = [];
    const shown = flat(members).map((member) => this.run(memberSteps(member, rest), args));
    const all = [...shown, ...this.#added];
    this.#added = outside;
    const failure = all.some((each) => each.failure) ? CHORD_ERROR : undefined;
    if (failure) this.#tellHeads(rest, failure);
    const expected = shown.map((each) => each.expected);
    return {
      expected: { result: expected.map(({ result }) => result), members: expected },
      value: all.map((each) => each.value),
      failure,
    };
  }

  #call(shape: CallShape, front: readonly Value[]): Ended {
    const { call } = shape;
    if (!call) return this.#ended(shape, front[0] ?? null);
    if (call.kind !== 'call') return this.#ended(shape, spread(call) ?? refused());
    const ended = this.#ofTask(shape, call, front);
    return call.ignoreResult ? { ...ended, expected: { ...ended.expected, isIgnored: true } } : ended;
  }

  #ofTask(shape: CallShape, call: Call, front: readonly Value[]): Ended {
    // Celery tells no error links of these.
    if (call.expired || call.revoked !== undefined)
      return failing({ state: 'REVOKED', error: 'TaskRevokedError' });
    this.#count(call.mark, runsOf(call));
    if (call.by) return this.#replaced(shape, shapeOf(call.by));
    const args = call.immutable ? call.args : [...front, ...call.args];
    if (call.more) this.#added.push(this.run(stepsOf(asOne(shapeOf(call.more))), []));
    return this.#ended(shape, FAILURES[call.task] ?? returned(call.task, args));
  }

  /** What takes the place of a call has its links. */
  #replaced({ links, errors }: CallShape, by: Shape): Ended {
    const linked = links.reduce(withLink, asOne(by));
    const { expected, ...ended } = this.run(stepsOf(errors.reduce(withError, linked)), []);
    const { before: _, ...last } = expected;
    return { ...ended, expected: last };
  }

  #ended({ links, errors }: CallShape, outcome: Value | Failure): Ended {
    if (isFailure(outcome)) {
      this.#tell(errors, outcome);
      return failing(outcome);
    }
    for (const link of links) this.run(stepsOf(shapeOf(link)), [outcome]);
    return { expected: { result: outcome, state: 'SUCCESS' }, value: outcome };
  }

  /** Of what can't run because a header has failed, that is told which was to run next; of a chord, its body. */
  #tellHeads([next, ...rest]: readonly Step[], failure: Failure): void {
    if (!next) return;
    if (next.kind === 'call') this.#tell(next.errors, failure);
    else if (next.isHeader) this.#tellHeads(rest, failure);
    else for (const member of flat(next.members)) this.#tellHeads(stepsOf(member), failure);
  }

  #tell(errors: readonly ErrorLink[], { error }: Failure): void {
    for (const { mark, told } of errors) this.#count(told ? `${mark} ${error}` : mark, 1);
  }

  #count(mark: string, times: number): void {
    this.runs.set(mark, (this.runs.get(mark) ?? 0) + times);
  }
}

/** A member of a header ends in one call. */
function memberSteps(member: Shape, rest: readonly Step[]): readonly Step[] {
  return stepsOf(rest.length === 0 ? member : asOne(member));
}

/** What is known of steps that will never run. */
function never(steps: readonly Step[], failure: Failure, first?: Expected): Expected {
  const { state, error } = failure;
  const last = steps.reduce<Expected | undefined>((before, step, index) => {
    if (step.kind === 'call') {
      const call = step.call?.kind === 'call' ? step.call : undefined;
      const isIgnored = call?.ignoreResult === true;
      const isRevoked = call?.revoked !== undefined;
      return behind({ result: { error }, state, isIgnored, isRevoked }, before);
    }
    const rest = steps.slice(index + 1);
    const members = flat(step.members).map((member) => never(memberSteps(member, rest), failure));
    return behind({ result: members.map(({ result }) => result), members }, before);
  }, first);
  return last as Expected;
}

function behind(expected: Expected, before: Expected | undefined): Expected {
  return before ? { ...expected, before } : expected;
}

function failing(failure: Failure): Ended {
  return { expected: { result: { error: failure.error }, state: failure.state }, value: null, failure };
}

function isFailure(outcome: Value | Failure): outcome is Failure {
  return typeof outcome === 'object' && outcome !== null && 'error' in outcome;
}

/** A RangeError of JavaScript, which arrives as Python's nearest. */
function refused(): Failure {
  return { state: 'FAILURE', error: 'ValueError' };
}

function runsOf({ task, times = 0 }: Call): number {
  if (task === 'lost') return DELIVERIES;
  return task === 'flaky' || task === 'exhausted' ? times + 1 : 1;
}

const FAILURES: Readonly<Partial<Record<Call['task'], Failure>>> = {
  fail: refused(),
  exhausted: refused(),
  lost: { state: 'FAILURE', error: 'WorkerLostError' },
  slow: { state: 'FAILURE', error: 'TimeLimitExceeded' },
};

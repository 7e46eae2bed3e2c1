import type { Call, ErrorLink, Flow, Spread } from './flow.ts';

// What Celery's rules for composing make of a work-flow. Written from the documents, and shares nothing with canvas.

/** A single call with all that is linked to it. */
export interface CallShape {
  readonly kind: 'call';
  /** Absent for the call that gathers a group's results into one. */
  readonly call?: Call | Spread | undefined;
  readonly links: readonly Flow[];
  readonly errors: readonly ErrorLink[];
}

export interface GroupShape {
  readonly kind: 'group';
  readonly members: readonly Shape[];
}

export interface ChordShape {
  readonly kind: 'chord';
  readonly header: readonly Shape[];
  readonly body: Shape;
}

export interface ChainShape {
  readonly kind: 'chain';
  readonly steps: readonly Shape[];
}

export type Shape = CallShape | GroupShape | ChordShape | ChainShape;

/** Composes from the inside out; links belong to what was there when they were made. */
export function shapeOf(flow: Flow): Shape {
  const linked = (flow.links ?? []).reduce((shape, link) => withLink(shape, link), bare(flow));
  return (flow.errors ?? []).reduce((shape, error) => withError(shape, error), linked);
}

function bare(flow: Flow): Shape {
  switch (flow.kind) {
    case 'chain': {
      const steps = flow.steps.map(shapeOf);
      return flow.piped ? steps.reduce(piped) : { kind: 'chain', steps: steps.reduce(followedBy, []) };
    }
    case 'group': {
      const members = flow.members.map(shapeOf);
      const [only] = members;
      // A group of a group is that group.
      return members.length === 1 && only?.kind === 'group' ? only : { kind: 'group', members };
    }
    case 'chord':
      return { kind: 'chord', header: flow.header.map(shapeOf), body: shapeOf(flow.body) };
    case 'chunks': {
      const { items, n } = flow;
      const count = Math.ceil(items.length / n);
      const pieces = Array.from({ length: count }, (_, index) => items.slice(index * n, (index + 1) * n));
      return { kind: 'group', members: pieces.map((piece) => single({ kind: 'starmap', items: piece })) };
    }
    case 'call':
    case 'map':
    case 'starmap':
      return single(flow);
  }
}

function single(call: Call | Spread): CallShape {
  return { kind: 'call', call, links: [], errors: [] };
}

/**
 * A work-flow that ends in one call, as members of headers and replacements do: the results of a group at its end are gathered
 * into a list.
 */
export function asOne(shape: Shape): Shape {
  switch (shape.kind) {
    case 'call':
      return shape;
    case 'group':
      return { kind: 'chord', header: shape.members, body: { kind: 'call', links: [], errors: [] } };
    case 'chord':
      return { ...shape, body: asOne(shape.body) };
    case 'chain':
      return { ...shape, steps: shape.steps.with(-1, asOne(shape.steps.at(-1) as Shape)) };
  }
}

/** `left | right`. */
function piped(left: Shape, right: Shape): Shape {
  if (isEmpty(right)) return left;
  if (isEmpty(left)) return right;
  if (left.kind === 'group') return { kind: 'chord', header: left.members, body: right };
  if (left.kind === 'chord' && right.kind === 'chord') return { ...left, body: piped(left.body, right) };
  if (left.kind === 'chord' && right.kind === 'chain')
    return { kind: 'chain', steps: [left, ...right.steps] };
  return { kind: 'chain', steps: followedBy(left.kind === 'chain' ? left.steps : [left], right) };
}

/** The steps of a chain with one more: a group is the header of what follows, a call behind a chord belongs to its body. */
function followedBy(steps: readonly Shape[], given: Shape): readonly Shape[] {
  const next = given.kind === 'group' && given.members.length === 1 ? (given.members[0] as Shape) : given;
  if (isEmpty(next)) return steps;
  if (next.kind === 'chain') return next.steps.reduce(followedBy, steps);
  const before = steps.slice(0, -1);
  const last = steps.at(-1);
  if (last?.kind === 'group') return [...before, { kind: 'chord', header: last.members, body: next }];
  if (last?.kind === 'chord' && next.kind === 'call')
    return [...before, { ...last, body: piped(last.body, next) }];
  return [...steps, next];
}

function isEmpty(shape: Shape): boolean {
  return shape.kind === 'group' && shape.members.length === 0;
}

/** A chain's link belongs to its last step, a chord's to the body, a group's to its first member. */
export function withLink(shape: Shape, link: Flow): Shape {
  switch (shape.kind) {
    case 'call':
      return { ...shape, links: [...shape.links, link] };
    case 'chain':
      return { ...shape, steps: shape.steps.with(-1, withLink(shape.steps.at(-1) as Shape, link)) };
    case 'group':
      return { ...shape, members: shape.members.with(0, withLink(shape.members[0] as Shape, link)) };
    case 'chord':
      return { ...shape, body: withLink(shape.body, link) };
  }
}

/** An error link belongs to every step of a chain, to every member of a group, to the body of a chord. */
export function withError(shape: Shape, error: ErrorLink): Shape {
  switch (shape.kind) {
    case 'call':
      return { ...shape, errors: [...shape.errors, error] };
    case 'chain':
      return { ...shape, steps: shape.steps.map((step) => withError(step, error)) };
    case 'group':
      return { ...shape, members: shape.members.map((member) => withError(member, error)) };
    case 'chord':
      return { ...shape, body: withError(shape.body, error) };
  }
}

/** What runs one after another; a group with something behind it holds that up until all of it has ended. */
export type Step = CallShape | (GroupShape & { /** Of a chord. */ readonly isHeader?: true });

/** The same without nesting, but for members of groups. */
export function stepsOf(shape: Shape): readonly Step[] {
  switch (shape.kind) {
    case 'chord':
      return [{ kind: 'group', members: shape.header, isHeader: true }, ...stepsOf(shape.body)];
    case 'chain':
      return shape.steps.flatMap(stepsOf);
    case 'call':
    case 'group':
      return [shape];
  }
}

/** Members with those of groups inside of them in their places. */
export function flat(members: readonly Shape[]): readonly Shape[] {
  return members.flatMap((member) => (member.kind === 'group' ? flat(member.members) : [member]));
}

import { callsOf } from './flow.ts';
import type { Canvas } from './flow.ts';
import { flat, shapeOf } from './shape.ts';
import type { Shape } from './shape.ts';

/** What Celery 5.7 itself does wrong, by name: such work-flows can't be compared. Undefined for all others. */
export function pythonCannot({ flow }: Canvas): string | undefined {
  const calls = [...callsOf(flow)];
  if (calls.some(({ more }) => more && endsInGroup(shapeOf(more)))) return ADDED_GROUP;
  const replacements = calls.flatMap(({ by, more }) => [by, more].filter((each) => each !== undefined));
  const shapes = [flow, ...replacements].map(shapeOf);
  return Object.entries(RULES).find(([, holds]) => shapes.some((shape) => anywhere(shape, holds)))?.[0];
}

// It counts one for what is added, and then each of its members.
const ADDED_GROUP = 'a group is added to a chord';

const RULES: Readonly<Record<string, (shape: Shape) => boolean>> = {
  // It counts every task of that group where one was expected, and sends the body too early or never.
  'a member of a header ends in a group': (shape) =>
    shape.kind === 'chord' && flat(shape.header).some((member) => endsInGroup(member)),
  // The results of that group end up among those of the group around the chord.
  'a chord of nothing before a group': (shape) =>
    shape.kind === 'chord' && flat(shape.header).length === 0 && endsInGroup(shape.body),
  // It puts their members in with extendleft(), so that they end up in reverse.
  'groups in groups': (shape) => membersOf(shape).some((member) => member.kind === 'group'),
};

function endsInGroup(shape: Shape): boolean {
  switch (shape.kind) {
    case 'call':
      return false;
    case 'group':
      return true;
    case 'chain':
      return endsInGroup(shape.steps.at(-1) as Shape);
    case 'chord':
      return endsInGroup(shape.body);
  }
}

function anywhere(shape: Shape, holds: (shape: Shape) => boolean): boolean {
  if (holds(shape)) return true;
  switch (shape.kind) {
    case 'call':
      return shape.links.some((link) => anywhere(shapeOf(link), holds));
    case 'group':
      return shape.members.some((member) => anywhere(member, holds));
    case 'chain':
      return shape.steps.some((step) => anywhere(step, holds));
    case 'chord':
      return [...shape.header, shape.body].some((part) => anywhere(part, holds));
  }
}

function membersOf(shape: Shape): readonly Shape[] {
  if (shape.kind === 'chord') return shape.header;
  return shape.kind === 'group' ? shape.members : [];
}

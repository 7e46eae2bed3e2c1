import { randomUUID } from 'node:crypto';
import {
  bodyOf,
  chainData,
  chordData,
  groupData,
  headerOf,
  kindOf,
  ownId,
  partsOf,
  unrolled,
  withKwargs,
  withLink,
} from '@tq/core/internal';
import type { ResultTuple, SignatureData } from '@tq/core';
import { CHUNKS, groupOfChunks } from './spread.ts';

/** Where a signature stands in what is around it; its last task takes it all. Spec: canvas.md 2 and 3. */
export interface Place {
  readonly id?: string | undefined;
  readonly groupId?: string | undefined;
  readonly groupIndex?: number | undefined;
  /** The body of the chord that it is a member of. */
  readonly chord?: SignatureData | undefined;
}

/** A signature whose every task has its id, and references to what comes out. */
export interface Frozen {
  readonly data: SignatureData;
  readonly result: ResultTuple;
}

/** Assigns every id, so that all are known before anything runs. Ids that are there stay: freezing twice changes nothing. */
export class Freezer {
  readonly #replyTo: string | undefined;
  /** Ids of the tasks that were frozen. */
  readonly ids: string[] = [];
  usesChords = false;

  constructor(replyTo: string | undefined) {
    this.#replyTo = replyTo;
  }

  freeze(data: SignatureData, place: Place = {}): Frozen {
    switch (kindOf(data)) {
      case 'task':
        if (data.task === CHUNKS) return this.#group(groupOfChunks(data), place);
        return this.#task(data, place);
      case 'chain':
        return this.#chain(data, place);
      case 'group':
        return this.#group(data, place);
      case 'chord':
        return this.#chord(data, place);
    }
  }

  #task(data: SignatureData, place: Place): Frozen {
    const { options = {} } = data;
    const id = (options['task_id'] as string | null | undefined) ?? place.id ?? randomUUID();
    this.ids.push(id);
    return {
      data: {
        ...data,
        args: data.args ?? [],
        options: {
          ...options,
          task_id: id,
          ...(this.#replyTo === undefined || options['reply_to'] ? {} : { reply_to: this.#replyTo }),
          ...placed(options, place),
        },
      },
      result: [[id, null], null],
    };
  }

  /** The last step takes the place. */
  #chain(data: SignatureData, place: Place): Frozen {
    const steps = chainSteps(data);
    const frozen: SignatureData[] = [];
    let before: ResultTuple | undefined;
    for (const [index, step] of steps.entries()) {
      const isLast = index === steps.length - 1;
      const each = this.freeze(
        step,
        isLast ? { id: textOf(data.options?.['task_id']), ...given(place) } : {},
      );
      frozen.push(each.data);
      before = before ? behind(each.result, before) : each.result;
    }
    const { link: _, link_error: __, ...own } = data.options ?? {};
    // Celery stores a failure of the whole chain under this id.
    const options = before ? { ...own, task_id: before[0][0] } : own;
    return {
      data: { ...chainData(frozen, options), args: data.args ?? [], immutable: data.immutable ?? false },
      // An empty chain gives what an empty group gives.
      result: before ?? [[place.id ?? randomUUID(), null], []],
    };
  }

  #group(data: SignatureData, place: Place): Frozen {
    const { options = {} } = data;
    const id = textOf(options['task_id']) ?? place.id ?? randomUUID();
    const members = flatMembers(partsOf(data));
    const frozen = members.map((member, groupIndex) => this.freeze(member, { groupIndex }));
    return {
      data: {
        ...groupData(
          frozen.map((each) => each.data),
          { ...options, task_id: id, ...placed(options, place) },
        ),
        args: data.args ?? [],
      },
      result: [[id, null], frozen.map((each) => each.result)],
    };
  }

  /** The body takes the place; what comes out of the header is its parent. */
  #chord(data: SignatureData, place: Place): Frozen {
    this.usesChords = true;
    const { options = {} } = data;
    const own = bodyOf(data);
    const frozenBefore = (ownId(own) ?? textOf(own.options?.['task_id'])) !== undefined;
    const id = (frozenBefore ? undefined : textOf(options['task_id'])) ?? place.id;
    const header = flatMembers(headerOf(data)).map(asOne);
    const members = header.map((member, groupIndex) => this.freeze(member, { groupIndex }));
    const groupId = headerId(data, frozenBefore) ?? randomUUID();
    const body = this.freeze(own, { ...given(place), id });
    const before: ResultTuple = [[groupId, null], members.map((each) => each.result)];
    return {
      data: {
        ...withKwargs(
          chordData(
            members.map((each) => each.data),
            body.data,
            { ...options, task_id: groupId },
          ),
          { kwargs: data.kwargs?.['kwargs'] ?? {} },
        ),
        args: data.args ?? [],
      },
      result: behind(body.result, before),
    };
  }
}

/** A frozen chord says its header's id in its options, and in those of a header that is a group. */
function headerId(data: SignatureData, frozenBefore: boolean): string | undefined {
  const header = data.kwargs?.['header'];
  const group = Array.isArray(header) ? undefined : (header as SignatureData | undefined);
  return (
    textOf(group?.options?.['task_id']) ?? (frozenBefore ? textOf(data.options?.['task_id']) : undefined)
  );
}

function given(place: Place): Place {
  return Object.fromEntries(Object.entries(place).filter(([, value]) => value !== undefined));
}

/** What a place puts into the options of the task that takes it. */
function placed(options: Readonly<Record<string, unknown>>, place: Place): Record<string, unknown> {
  return {
    ...(place.groupId === undefined || options['group_id'] ? {} : { group_id: place.groupId }),
    ...(place.chord === undefined ? {} : { chord: place.chord }),
    ...(place.groupIndex === undefined ? {} : { group_index: place.groupIndex }),
  };
}

/** A result with another at the far end of its parents. */
function behind(result: ResultTuple, before: ResultTuple): ResultTuple {
  const [[id, parent], children] = result;
  return [[id, parent ? behind(parent, before) : before], children];
}

/**
 * The steps of a chain as they will be sent: nested chains in line, a group of one as its member, empty groups left out, a
 * group that is followed by a step as the header of a chord.
 */
export function chainSteps(chain: SignatureData): readonly SignatureData[] {
  const steps: SignatureData[] = [];
  for (const step of linedUp(chain)) {
    const last = steps.at(-1);
    if (last && kindOf(last) === 'group') steps.splice(-1, 1, headed(last, step));
    else steps.push(step);
  }
  return steps;
}

function headed(group: SignatureData, body: SignatureData): SignatureData {
  return { ...chordData([group], body, withoutPlace(group.options)), args: group.args ?? [] };
}

function withoutPlace(options: SignatureData['options']): Readonly<Record<string, unknown>> {
  const { task_id: _, ...rest } = options ?? {};
  return rest;
}

/** Links of a nested chain go where Celery puts them; its arguments and its other options are for its first step. */
function linedUp(chain: SignatureData): readonly SignatureData[] {
  const parts = partsOf(chain)
    .map(unrolled)
    .filter((part) => !isEmpty(part));
  const flat = parts.flatMap((part) => (kindOf(part) === 'chain' ? withHead(part, linedUp(part)) : [part]));
  const links = listOf(chain.options?.['link']);
  const errors = listOf(chain.options?.['link_error']);
  return flat.map((step, index) => {
    const failing = errors.reduce((each, error) => withLink(each, 'link_error', error), step);
    if (index < flat.length - 1) return failing;
    return links.reduce((each, link) => withLink(each, 'link', link), failing);
  });
}

function withHead(chain: SignatureData, steps: readonly SignatureData[]): readonly SignatureData[] {
  const [first, ...others] = steps;
  if (!first) return [];
  const { link: _, link_error: __, task_id: ___, ...options } = chain.options ?? {};
  const args = chain.args ?? [];
  if (args.length === 0 && Object.keys(options).length === 0) return steps;
  return [
    {
      ...first,
      args: first.immutable ? (first.args ?? []) : [...args, ...(first.args ?? [])],
      options: { ...first.options, ...options },
    },
    ...others,
  ];
}

function isEmpty(data: SignatureData): boolean {
  const kind = kindOf(data);
  return (kind === 'group' || kind === 'chain') && partsOf(data).length === 0;
}

/** Members of a group with those of groups inside of it in their places. Spec: canvas.md 4. */
export function flatMembers(members: readonly SignatureData[]): readonly SignatureData[] {
  return members.flatMap((member) => {
    // Its pieces are one member.
    if (member.task === CHUNKS) return [asOne(groupOfChunks(member))];
    if (kindOf(member) === 'group')
      return flatMembers(partsOf(member).map((part) => withFront(part, member.args)));
    return kindOf(member) === 'chain' && partsOf(member).length === 0 ? [] : [member];
  });
}

function withFront(data: SignatureData, args: readonly unknown[] = []): SignatureData {
  return args.length === 0 || data.immutable ? data : { ...data, args: [...args, ...(data.args ?? [])] };
}

/**
 * A member of a chord's header as something that ends in one task, so that it counts once and its result stands in one place: a
 * group at its end is gathered into a list. Celery counts each task of such a group, and loses the chord (spec: results.md 5).
 */
export function asOne(member: SignatureData): SignatureData {
  switch (kindOf(member)) {
    case 'task':
      return member.task === CHUNKS ? asOne(groupOfChunks(member)) : member;
    case 'group':
      return { ...chordData([member], gather(), withoutPlace(member.options)), args: member.args ?? [] };
    case 'chord':
      return withKwargs(member, { body: asOne(bodyOf(member)) });
    case 'chain': {
      const steps = chainSteps(member);
      const last = steps.at(-1) as SignatureData;
      const { link: _, link_error: __, ...options } = member.options ?? {};
      return {
        ...member,
        options,
        kwargs: { ...member.kwargs, tasks: [...steps.slice(0, -1), asOne(last)] },
      };
    }
  }
}

/** The list of a group's results as the result of one task. */
export function gather(): SignatureData {
  return {
    task: 'celery.accumulate',
    args: [],
    kwargs: { index: 0 },
    options: {},
    subtask_type: null,
    immutable: false,
  };
}

function listOf(value: unknown): readonly SignatureData[] {
  return (value ?? []) as readonly SignatureData[];
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

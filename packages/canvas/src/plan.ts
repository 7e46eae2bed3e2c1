import {
  bodyOf,
  chordData,
  headerOf,
  kindOf,
  mergeOptions,
  optionsFromWire,
  optionsToWire,
  partsOf,
  withKwargs,
  withLink,
} from '@tq/core/internal';
import type { CallOptions, NextCall, Plan, ResultTuple, SignatureData } from '@tq/core';
import { Freezer } from './freeze.ts';
import type { Place } from './freeze.ts';
import { CHUNKS, groupOfChunks } from './spread.ts';

type WireOptions = Readonly<Record<string, unknown>>;

/** What sending a signature comes to: its first messages, and the rest inside of them. Pure. Spec: canvas.md 3 to 5. */
export function plan(
  data: SignatureData,
  front: readonly unknown[],
  options: CallOptions,
  around: { readonly replyTo?: string },
): Plan {
  const { kwargs, ...rest } = options;
  return planOf(data, optionsToWire(rest), around.replyTo, { front, kwargs });
}

/** The same with options as they stand on the wire. */
export function planOf(
  data: SignatureData,
  options: WireOptions,
  replyTo: string | undefined,
  more: { readonly front?: readonly unknown[]; readonly kwargs?: CallOptions['kwargs'] } = {},
): Plan {
  const planner = new Planner(replyTo);
  const result = planner.start(data, more.front ?? [], options, more.kwargs);
  return planner.plan([result]);
}

/** A plan in which nothing is sent. */
export const NOTHING: Plan = { calls: [], chords: [], usesChords: false, later: [], results: [] };

/** Several plans as one. */
export function joined(plans: readonly Plan[]): Plan {
  if (plans.length < 2) return plans[0] ?? NOTHING;
  return {
    calls: plans.flatMap(({ calls }) => calls),
    chords: plans.flatMap(({ chords }) => chords),
    usesChords: plans.some(({ usesChords }) => usesChords),
    later: plans.flatMap(({ later }) => later),
    results: plans.flatMap(({ results }) => results),
  };
}

/** Breaks signatures up into messages. First everything gets its id, then each kind is sent in its way. */
class Planner {
  readonly #freezer: Freezer;
  readonly #calls: NextCall[] = [];
  readonly #chords: { groupId: string; size: number }[] = [];

  constructor(replyTo: string | undefined) {
    this.#freezer = new Freezer(replyTo);
  }

  plan(results: readonly ResultTuple[]): Plan {
    const sent = new Set(this.#calls.map(({ options }) => options.taskId));
    return {
      calls: this.#calls,
      chords: this.#chords,
      usesChords: this.#freezer.usesChords,
      later: this.#freezer.ids.filter((id) => !sent.has(id)),
      results,
    };
  }

  start(
    data: SignatureData,
    front: readonly unknown[],
    options: WireOptions,
    kwargs?: CallOptions['kwargs'],
  ): ResultTuple {
    const signature = data.task === CHUNKS ? groupOfChunks(data) : data;
    const { task_id: id, ...rest } = options;
    const { linked, unlinked } = withLinks(signature, rest);
    const frozen = this.#freezer.freeze(linked, { id: textOf(id) });
    this.#send(frozen.data, front, unlinked, kwargs);
    return frozen.result;
  }

  /** Sends what is frozen. Options given here win over the signature's own, but for its group and its stamps. */
  #send(
    data: SignatureData,
    front: readonly unknown[],
    options: WireOptions,
    kwargs: CallOptions['kwargs'],
  ): void {
    const kind = kindOf(data);
    if (kind === 'task') return this.#sendTask(data, front, options, kwargs);
    const args = data.immutable ? (data.args ?? []) : [...front, ...(data.args ?? [])];
    const { task_id: _, ...own } = data.options ?? {};
    const merged = mergeOptions(own, options);
    if (kind === 'chain') this.#sendChain(data, args, merged, kwargs);
    else if (kind === 'group') this.#sendGroup(data, args, merged, kwargs);
    else this.#sendChord(data, args, merged, kwargs);
  }

  #sendTask(
    data: SignatureData,
    front: readonly unknown[],
    options: WireOptions,
    kwargs: CallOptions['kwargs'],
  ): void {
    const { args = [], immutable } = data;
    const merged = mergeOptions(data.options, options);
    this.#calls.push({
      task: data.task,
      args: immutable || front.length === 0 ? args : [...front, ...args],
      options: {
        ...optionsFromWire(merged),
        kwargs: { ...data.kwargs, ...(immutable ? {} : kwargs) },
        taskId: data.options?.['task_id'] as string,
        addToParent: false,
      },
    });
  }

  /** The first step goes now and carries the others, the next one last. The last one is the member of what is around the chain. */
  #sendChain(
    data: SignatureData,
    args: readonly unknown[],
    options: WireOptions,
    kwargs: CallOptions['kwargs'],
  ): void {
    const { place, rest } = placeIn(options);
    const [first, ...others] = partsOf(this.#freezer.freeze(data, place).data);
    if (!first) return;
    const behind = (rest['chain'] ?? []) as readonly SignatureData[];
    this.#send(first, args, { ...rest, chain: [...behind, ...others.toReversed()] }, kwargs);
  }

  #sendGroup(
    data: SignatureData,
    args: readonly unknown[],
    options: WireOptions,
    kwargs: CallOptions['kwargs'],
  ): void {
    const behind = (options['chain'] ?? []) as readonly SignatureData[];
    const next = behind.at(-1);
    if (next) return this.#sendHeaded(data, next, args, { ...options, chain: behind.slice(0, -1) }, kwargs);
    const { group_id: _, group_index: __, ...rest } = options;
    const forMembers = { ...rest, group_id: data.options?.['task_id'] };
    for (const [index, member] of partsOf(data).entries()) {
      const own = member.options?.['group_index'] ?? index;
      this.#send(member, args, { ...forMembers, group_index: own }, kwargs);
    }
  }

  /** A group with steps behind it is the header of a chord. */
  #sendHeaded(
    group: SignatureData,
    next: SignatureData,
    args: readonly unknown[],
    options: WireOptions,
    kwargs: CallOptions['kwargs'],
  ): void {
    const chord = withKwargs(chordData([], next), { header: group });
    this.#send(this.#freezer.freeze(chord).data, args, options, kwargs);
  }

  /** The header goes now; each member carries the body, and the body what comes behind it. */
  #sendChord(
    data: SignatureData,
    args: readonly unknown[],
    options: WireOptions,
    kwargs: CallOptions['kwargs'],
  ): void {
    const { place, rest } = placeIn(options);
    const frozen = this.#freezer.freeze(data, place).data;
    const groupId = frozen.options?.['task_id'];
    const { chain, countdown, eta, parent_id: parentId, ...forBoth } = rest;
    const body = withOptions(this.#inGroup(bodyOf(frozen), groupId as string), {
      ...forBoth,
      ...given({ chain }),
    });
    const members = headerOf(frozen);
    if (members.length === 0) return this.#send(body, [[]], given({ parent_id: parentId }), undefined);
    this.#chords.push({ groupId: groupId as string, size: members.length });
    const forHeader = {
      ...forBoth,
      ...given({ countdown, eta, parent_id: parentId }),
      group_id: groupId,
      chord: body,
    };
    for (const member of members)
      this.#send(member, args, { ...forHeader, group_index: member.options?.['group_index'] }, kwargs);
  }

  /** A body stands in the group of its header, as Celery 5.6 has it, unless it stands in another or is one. */
  #inGroup(body: SignatureData, groupId: string): SignatureData {
    return kindOf(body) === 'group' ? body : this.#freezer.freeze(body, { groupId }).data;
  }
}

/** Links given with the call go where the signature's own go; those of a single call replace its own. */
function withLinks(
  data: SignatureData,
  options: WireOptions,
): { readonly linked: SignatureData; readonly unlinked: WireOptions } {
  if (kindOf(data) === 'task') return { linked: data, unlinked: options };
  const { link, link_error: linkError, ...unlinked } = options;
  const withSuccess = listOf(link).reduce((each, one) => withLink(each, 'link', one), data);
  const linked = listOf(linkError).reduce((each, one) => withLink(each, 'link_error', one), withSuccess);
  return { linked, unlinked };
}

/** What of the options is for the last task of a chain, or the body of a chord, and what for the first messages. */
function placeIn(options: WireOptions): { readonly place: Place; readonly rest: WireOptions } {
  const { group_id: groupId, group_index: groupIndex, chord, ...rest } = options;
  return {
    place: {
      groupId: textOf(groupId),
      groupIndex: typeof groupIndex === 'number' ? groupIndex : undefined,
      chord: (chord ?? undefined) as SignatureData | undefined,
    },
    rest,
  };
}

function withOptions(data: SignatureData, options: WireOptions): SignatureData {
  return { ...data, options: mergeOptions(data.options, options) };
}

function given(options: WireOptions): WireOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

function listOf(value: unknown): readonly SignatureData[] {
  return (value ?? []) as readonly SignatureData[];
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

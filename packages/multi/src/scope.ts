import type { Given } from './arguments.ts';
import { MultiUsageError } from './errors.ts';
import type { NodeName } from './names.ts';

/** Tells which options a node has, and which selectors meet none. */
export class Scopes {
  readonly #nodes: readonly NodeName[];
  readonly #common = new Map<string, readonly Given[]>();
  readonly #scoped: { readonly members: ReadonlySet<NodeName>; readonly options: Options }[] = [];
  /** Names in selectors that no node has. */
  readonly strangers = new Set<string>();

  /** @throws MultiUsageError for an index that no node has */
  constructor(nodes: readonly NodeName[], options: readonly Given[]) {
    this.#nodes = nodes;
    const groups = new Map<string, Options>();
    for (const given of options) {
      const group = given.nodes === undefined ? this.#common : groupNamed(groups, given.nodes);
      group.set(given.key, [...(group.get(given.key) ?? []), given]);
    }
    for (const [selector, group] of groups)
      this.#scoped.push({ members: this.#select(selector), options: group });
  }

  /** The options of a node by key. Those for some nodes stand in place of those for all, and later ones of earlier ones. */
  of(node: NodeName): ReadonlyMap<string, readonly Given[]> {
    const own = this.#scoped.filter(({ members }) => members.has(node));
    return new Map([...this.#common, ...own.flatMap(({ options }) => [...options])]);
  }

  #select(selector: string): ReadonlySet<NodeName> {
    return new Set(selector.split(',').flatMap((part) => this.#selectPart(part.trim(), selector)));
  }

  #selectPart(part: string, selector: string): readonly NodeName[] {
    const named = this.#nodes.filter(
      ({ label, name }) => !/^\d+$/.test(part) && (label === part || name === part),
    );
    if (named.length > 0) return named;
    const range = /^(\d+)(?:-(\d+))?$/.exec(part);
    if (!range) {
      this.strangers.add(part);
      return [];
    }
    const from = Number(range[1]);
    const to = Number(range[2] ?? range[1]);
    if (from < 1) throw new MultiUsageError(`Nodes are counted from 1: ":${selector}" begins at ${from}.`);
    if (to < from) throw new MultiUsageError(`":${selector}" counts backwards.`);
    if (to > this.#nodes.length)
      throw new MultiUsageError(`There is no node ${to} for ":${selector}".`, {
        remedy: `There ${this.#nodes.length === 1 ? 'is 1 node' : `are ${this.#nodes.length} nodes`}.`,
      });
    return this.#nodes.slice(from - 1, to);
  }
}

type Options = Map<string, readonly Given[]>;

function groupNamed(groups: Map<string, Options>, selector: string): Options {
  let group = groups.get(selector);
  if (!group) groups.set(selector, (group = new Map()));
  return group;
}

import { readFileSync } from 'node:fs';
import type { Embed } from '@tq/core';

/** One message that Celery published. */
export interface Vector {
  readonly id: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: readonly [readonly unknown[], Readonly<Record<string, unknown>>, Embed];
  readonly properties: Readonly<Record<string, unknown>>;
  /** Only in signatures.json. */
  readonly signature: Readonly<Record<string, unknown>>;
  readonly result_as_tuple?: unknown;
}

export function vectorsOf(file: string): readonly Vector[] {
  const url = new URL(`../../../../test/wire/vectors/${file}.json`, import.meta.url);
  return (JSON.parse(readFileSync(url, 'utf8')) as { readonly vectors: readonly Vector[] }).vectors;
}

/** The messages of one work-flow: `chord-1of2`, `chord-2of2`. */
export function workflowOf(file: string, name: string): readonly Vector[] {
  const of = new RegExp(`^${name}(-\\d+of\\d+)?$`);
  const found = vectorsOf(file).filter(({ id }) => of.test(id));
  if (found.length === 0) throw new Error(`There is no vector ${name} in ${file}.`);
  return found;
}

/** Ids by the order in which they appear, and without what means nothing: options of null, and what freezing repeats. */
export function meaning(value: unknown): unknown {
  const names = new Map<string, string>();
  const uuid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
  const text = JSON.stringify(sorted(plain(value)));
  const named = text.replace(
    uuid,
    (id) => names.get(id) ?? (names.set(id, `#${names.size}`), `#${names.size - 1}`),
  );
  return JSON.parse(named) as unknown;
}

type Plain = Readonly<Record<string, unknown>>;

function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  const object = value as Plain;
  if (typeof object['task'] !== 'string') return mapped(object, plain);
  const { options = {}, kwargs = {}, ...rest } = object as { options?: Plain; kwargs?: Plain };
  const kept = Object.entries(options ?? {}).filter(([, each]) => each !== null);
  return {
    ...(mapped(rest, plain) as Plain),
    kwargs: plain(object['subtask_type'] === 'chord' ? withList(kwargs) : kwargs),
    options: mapped(Object.fromEntries(kept.filter(([key]) => key !== 'add_to_parent')), plain),
  };
}

interface GroupData {
  readonly kwargs: { readonly tasks: readonly Plain[] };
}

/** A header that is a group as the list that it holds; its members get the body when they are sent. */
function withList(kwargs: Plain): Plain {
  const { header } = kwargs as { readonly header: unknown };
  const members = (Array.isArray(header) ? header : (header as GroupData).kwargs.tasks) as readonly Plain[];
  const bare = members.map((member) => {
    const { chord: _, ...options } = member['options'] as Plain;
    return { ...member, options };
  });
  return { ...kwargs, header: bare };
}

function mapped(object: Plain, each: (value: unknown) => unknown): unknown {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, each(value)]));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries({ ...value, ...stampedIn(value) }).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, each]) => [key, sorted(each)]));
}

/** The order of stamps means nothing. */
function stampedIn(value: object): Plain {
  const { stamped_headers: names } = value as { readonly stamped_headers?: readonly string[] };
  return names ? { stamped_headers: names.toSorted() } : {};
}

import { isDeepStrictEqual } from 'node:util';
import type { ExchangeType } from '@tq/core';
import type { BindingRecord } from './store.ts';

type Headers = Readonly<Record<string, unknown>>;

/** Whether a message with this key and these headers goes through a binding. */
export type Matcher = (routingKey: string, headers: Headers) => boolean;

/** What a binding lets through on an exchange of a type, by the rules of AMQP 0-9-1. */
export function bindingMatcher(type: ExchangeType, binding: Omit<BindingRecord, 'type'>): Matcher {
  switch (type) {
    case 'fanout':
      return () => true;
    case 'direct':
      return (routingKey) => routingKey === binding.routingKey;
    case 'topic':
      return topicMatcher(binding.routingKey);
    case 'headers':
      return headersMatcher(binding.arguments ?? {});
  }
}

/** Words between dots: `*` stands for exactly one, `#` for any number of them, none included. */
export function topicMatcher(pattern: string): (routingKey: string) => boolean {
  const wanted = words(pattern);
  if (pattern === '#') return () => true;
  if (!wanted.includes('*') && !wanted.includes('#')) return (routingKey) => routingKey === pattern;
  return (routingKey) => fits(wanted, words(routingKey));
}

/** The empty key has no words at all. */
function words(key: string): readonly string[] {
  return key === '' ? [] : key.split('.');
}

/** Steps through both; after a mismatch the latest `#` swallows one word more. Never worse than words × words. */
function fits(wanted: readonly string[], given: readonly string[]): boolean {
  let w = 0;
  let g = 0;
  let hash = -1;
  let swallowed = 0;
  while (g < given.length) {
    if (wanted[w] === '#') {
      hash = w++;
      swallowed = g;
    } else if (w < wanted.length && (wanted[w] === '*' || wanted[w] === given[g])) {
      w++;
      g++;
    } else if (hash >= 0) {
      w = hash + 1;
      g = ++swallowed;
    } else {
      return false;
    }
  }
  while (wanted[w] === '#') w++;
  return w === wanted.length;
}

/**
 * `x-match` says `all` (default) or `any`; names that begin with `x-` count only with `all-with-x` and `any-with-x`. A
 * value of null asks for the header's presence alone.
 */
export function headersMatcher(conditions: Headers): Matcher {
  const how = typeof conditions['x-match'] === 'string' ? conditions['x-match'] : 'all';
  const counts = (name: string): boolean =>
    name !== 'x-match' && (how.endsWith('-with-x') || !name.startsWith('x-'));
  const wanted = Object.entries(conditions).filter(([name]) => counts(name));
  const holds = (headers: Headers, name: string, value: unknown): boolean =>
    Object.hasOwn(headers, name) &&
    (value === null || value === undefined || isDeepStrictEqual(headers[name], value));
  return how.startsWith('any')
    ? (_, headers) => wanted.some(([name, value]) => holds(headers, name, value))
    : (_, headers) => wanted.every(([name, value]) => holds(headers, name, value));
}

/** The bindings of one exchange, ready to be asked. */
export class Router {
  readonly #ways: readonly { readonly queue: string; readonly matches: Matcher }[];
  readonly #byKey: Map<string, readonly string[]> | undefined;

  /**
   * `type` is the exchange's, if known here; otherwise every binding goes by the type it was made with. A fanout
   * exchange knows only bindings made as such: on Redis, peers' direct ones may stand beside them.
   */
  constructor(bindings: readonly BindingRecord[], type?: ExchangeType) {
    const known = type === 'fanout' ? bindings.filter((each) => each.type === type) : bindings;
    this.#ways = known.map((each) => ({
      queue: each.queue,
      matches: bindingMatcher(type ?? each.type, each),
    }));
    const byHeaders =
      type === undefined ? bindings.some((each) => each.type === 'headers') : type === 'headers';
    this.#byKey = byHeaders ? undefined : new Map();
  }

  /** The queues a message goes to, each once, however many of its bindings fit. */
  queuesFor(routingKey: string, headers: Headers): readonly string[] {
    const known = this.#byKey?.get(routingKey);
    if (known) return known;
    const fitting = this.#ways.filter((way) => way.matches(routingKey, headers)).map((way) => way.queue);
    const queues = [...new Set(fitting)];
    this.#remember(routingKey, queues);
    return queues;
  }

  #remember(routingKey: string, queues: readonly string[]): void {
    if (!this.#byKey) return;
    if (this.#byKey.size >= 1000) this.#byKey.clear(); // keys may be as many as tasks
    this.#byKey.set(routingKey, queues);
  }
}

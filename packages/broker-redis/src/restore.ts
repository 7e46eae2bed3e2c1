import { randomUUID } from 'node:crypto';
import type { Bindings } from './bindings.ts';
import { readRecord } from './envelopes.ts';
import type { Keys } from './keys.ts';
import type { Link } from './link.ts';
import type { RedisOptions } from './options.ts';
import { EXPIRED, GIVE_BACK, UNLOCK } from './scripts.ts';

/** The most records that are read at once. */
const CHUNK = 100;

/** Something that is held. */
export interface Hold {
  readonly tag: string;
  /** The list it came from; undefined when a Python peer holds it, and its address has to say. */
  readonly list: string | undefined;
}

/** Who may lose a hold: see the script. */
export type Rule = 'mine' | 'lease' | 'age';

export interface RestoreParts {
  readonly link: Link;
  readonly keys: Keys;
  readonly bindings: Bindings;
  readonly options: RedisOptions;
}

/** Ends holds by putting their messages back to where they came from. */
export class Restore {
  readonly #parts: RestoreParts;

  constructor(parts: RestoreParts) {
    this.#parts = parts;
  }

  /** `holds` in the order in which they were taken, which is that in which they come out again. */
  async giveBack(holds: readonly Hold[], rule: Rule): Promise<number> {
    let count = 0;
    for (let end = holds.length; end > 0; end -= CHUNK)
      count += await this.#putBack(holds.slice(Math.max(end - CHUNK, 0), end).toReversed(), rule);
    return count;
  }

  /** Gives back what others held for too long: tq's workers by their leases, Python's by kombu's rule. */
  async expired(): Promise<number> {
    const { keys, link, options } = this.#parts;
    const [members, tags] = (await link.script(
      EXPIRED,
      [keys.leases, keys.index],
      [options.visibilityTimeoutMs / 1000, options.restoreLimit],
    )) as [Buffer[], Buffer[]];
    let count = 0;
    if (members.length > 0)
      count += await this.giveBack(
        members.map((member) => this.#holdOf(member.toString())),
        'lease',
      );
    if (tags.length > 0)
      count += await this.#locked(() =>
        this.giveBack(
          tags.map((tag) => ({ tag: tag.toString(), list: undefined })),
          'age',
        ),
      );
    return count;
  }

  #holdOf(member: string): Hold {
    const { separator } = this.#parts.keys;
    const at = member.indexOf(separator);
    return { tag: member.slice(0, at), list: member.slice(at + separator.length) };
  }

  /** `holds` the last one first. */
  async #putBack(holds: readonly Hold[], rule: Rule): Promise<number> {
    const { keys, link, options } = this.#parts;
    const records = (await link.call(
      'HMGET',
      keys.unacked,
      ...holds.map((hold) => hold.tag),
    )) as (Buffer | null)[];
    const lists: string[] = [];
    const args: (string | number)[] = [rule, options.visibilityTimeoutMs / 1000];
    for (const [index, { list, tag }] of holds.entries()) {
      const member = list === undefined ? '' : tag + keys.separator + list;
      const back = await this.#back(records[index] ?? null, list, rule);
      args.push(tag, member, back.text, back.lists.map((each) => numberOf(lists, each)).join(','));
    }
    return Number(await link.script(GIVE_BACK, [keys.unacked, keys.index, keys.leases, ...lists], args));
  }

  /** What goes where. A hold without a record is nothing but forgotten. */
  async #back(
    record: Buffer | null,
    list: string | undefined,
    rule: Rule,
  ): Promise<{ readonly text: string; readonly lists: readonly string[] }> {
    if (!record) return { text: '', lists: [] };
    const { exchange, priority, routingKey, text } = readRecord(record, { counted: rule !== 'mine' });
    if (list !== undefined) return { text, lists: [list] };
    const queues = await this.#parts.bindings.lookUp(exchange, routingKey);
    // Its binding has gone: better in a list that nobody reads than nowhere.
    const found = queues.length > 0 ? queues : [routingKey];
    return { text, lists: found.map((queue) => this.#parts.keys.listFor(queue, priority)) };
  }

  /** Under the lock by which peers, too, look for lost messages; somebody else at it does it as well. */
  async #locked(work: () => Promise<number>): Promise<number> {
    const { keys, link, options } = this.#parts;
    const token = randomUUID().replaceAll('-', '');
    if ((await link.call('SET', keys.mutex, token, 'NX', 'PX', options.mutexExpireMs)) === null) return 0;
    try {
      return await work();
    } finally {
      await link.script(UNLOCK, [keys.mutex], [token]);
    }
  }
}

/** The place of a list among those of a script, from 1. */
function numberOf(lists: string[], list: string): number {
  const known = lists.indexOf(list);
  return known === -1 ? lists.push(list) : known + 1;
}

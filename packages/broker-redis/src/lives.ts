import { LATE_MS } from '@tq/virtual';
import type { BindingRecord } from '@tq/virtual';
import type { Bindings } from './bindings.ts';
import type { Keys } from './keys.ts';
import type { Link } from './link.ts';
import { OVERDUE, REMOVE, USE } from './scripts.ts';

/** The most queues that are removed at once. */
const AT_ONCE = 100;

export interface LivesParts {
  readonly link: Link;
  readonly keys: Keys;
  readonly bindings: Bindings;
}

interface Own {
  readonly expiresMs: number;
  readonly bindings: BindingRecord[];
}

/** How long queues live: those that expire are kept while they are used, and go, with all that is theirs. */
export class Lives {
  readonly #parts: LivesParts;
  /** Queues that expire, as declared and bound here. */
  readonly #own = new Map<string, Own>();

  constructor(parts: LivesParts) {
    this.#parts = parts;
  }

  async declare(queue: string, expiresMs: number | undefined): Promise<void> {
    if (expiresMs === undefined) this.#own.delete(queue);
    else this.#own.set(queue, { expiresMs, bindings: [] });
    await this.#use(queue, expiresMs ?? 0);
  }

  /** Resolves with after how long the queue goes when nobody uses it; undefined: it stays. */
  async use(queue: string): Promise<number | undefined> {
    const expiresMs = await this.#use(queue, '');
    const own = this.#own.get(queue);
    if (own) for (const each of own.bindings) await this.#parts.bindings.refresh(each, own.expiresMs);
    return expiresMs;
  }

  async bind(binding: BindingRecord): Promise<void> {
    const own = this.#own.get(binding.queue);
    await this.#parts.bindings.add(binding, own?.expiresMs);
    own?.bindings.push(binding);
  }

  /** Removes a queue, or only if it is overdue. False if it wasn't, or wasn't there. */
  async remove(queue: string, when: 'now' | 'overdue'): Promise<boolean> {
    const { bindings, keys, link } = this.#parts;
    const removals = await bindings.removals(queue);
    const lists = keys.lists(queue);
    const own = [keys.expiring, keys.lives, keys.lastingBindings(queue), keys.bindings(queue), ...lists];
    const commands = removals.map((removal) => JSON.stringify(removal));
    const gone = await link.script(
      REMOVE,
      [...own, ...removals.map(([, key]) => key)],
      [queue, when, LATE_MS, lists.length, ...commands],
    );
    if (gone !== 1) return false;
    this.#own.delete(queue);
    bindings.forget(queue);
    return true;
  }

  async removeUnused(): Promise<number> {
    const { keys, link } = this.#parts;
    const overdue = (await link.script(OVERDUE, [keys.expiring], [AT_ONCE])) as Buffer[];
    let count = 0;
    for (const queue of overdue) if (await this.remove(queue.toString(), 'overdue')) count += 1;
    return count;
  }

  async #use(queue: string, expiresMs: number | ''): Promise<number | undefined> {
    const { keys, link } = this.#parts;
    const life = await link.script(
      USE,
      [keys.expiring, keys.lives, ...keys.lists(queue)],
      [queue, expiresMs],
    );
    return life === null ? undefined : Number(life);
  }
}

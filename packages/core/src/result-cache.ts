import type { TaskMeta } from './types/backend.ts';

/** How results ended that this process has seen, the latest used last; the setting `resultCacheMax`. */
export class ResultCache {
  readonly #finals = new Map<string, TaskMeta>();
  /** Most entries, as of now: -1 = none, null or 0 = no limit. */
  readonly #limit: () => number | null;

  constructor(limit: () => number | null) {
    this.#limit = limit;
  }

  get(id: string): TaskMeta | undefined {
    const final = this.#finals.get(id);
    if (final) this.#touch(id, final);
    return final;
  }

  keep(final: TaskMeta): void {
    const limit = this.#limit() || Infinity;
    if (limit > 0) this.#touch(final.taskId, final);
    for (const oldest of this.#finals.keys()) {
      if (this.#finals.size <= Math.max(limit, 0)) return;
      this.#finals.delete(oldest);
    }
  }

  delete(id: string): void {
    this.#finals.delete(id);
  }

  #touch(id: string, final: TaskMeta): void {
    this.#finals.delete(id);
    this.#finals.set(id, final);
  }
}

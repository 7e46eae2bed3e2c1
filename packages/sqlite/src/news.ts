import { HEARD_NUMBERS } from './broadcasts.ts';
import type { Broadcasts } from './broadcasts.ts';
import type { Results } from './results.ts';
import { pack } from './wire.ts';
import type { Report } from './wire.ts';

/** Tells the process what its listeners and watchers have not seen yet. */
export class News {
  readonly #broadcasts: Broadcasts;
  readonly #results: Results;
  readonly #report: (report: Report) => void;

  constructor(broadcasts: Broadcasts, results: Results, report: (report: Report) => void) {
    this.#broadcasts = broadcasts;
    this.#results = results;
    this.#report = report;
  }

  /** Whether anybody wants any. */
  get wanted(): boolean {
    return this.#broadcasts.heard || this.#results.watched;
  }

  tell(): void {
    while (this.#broadcasts.heard) {
      const rows = this.#broadcasts.news();
      if (rows.length === 0) break;
      this.#report({ replies: [], heard: pack(rows, HEARD_NUMBERS) });
    }
    for (let more = this.#results.watched; more;) {
      const news = this.#results.news();
      if (news.rows.length > 0) this.#report({ replies: [], news: news.rows });
      more = news.more;
    }
  }
}

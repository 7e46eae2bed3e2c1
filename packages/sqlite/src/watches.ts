import { deferred } from '@tq/core/internal';
import type { Deferred } from '@tq/core/internal';
import type { Link } from './link.ts';
import type { NewsRow } from './results.ts';
import type { Report } from './wire.ts';

/** States of one task for one watcher, in their order, each once. */
class Feed {
  readonly #texts: string[] = [];
  #lastSeq = 0;
  #over = false;
  #reason: Error | undefined;
  #waiting: Deferred<void> | undefined;

  push([seq, , text]: NewsRow): void {
    if (seq <= this.#lastSeq) return;
    this.#lastSeq = seq;
    this.#texts.push(text);
    this.#waiting?.resolve();
  }

  /** Nothing comes any more, for this reason if there is one. */
  end(reason?: Error): void {
    this.#over = true;
    this.#reason ??= reason;
    this.#waiting?.resolve();
  }

  async *read(): AsyncIterable<string> {
    for (;;) {
      if (this.#over) break;
      const text = this.#texts.shift();
      if (text === undefined) await (this.#waiting = deferred()).promise;
      else yield text;
    }
    if (this.#reason) throw this.#reason;
  }
}

/** The watchers of one connection. The thread tells of new states by task, whoever stored them. */
export class Watches {
  readonly #link: Link;
  readonly #unavailable: (error: unknown) => Error;
  readonly #feeds = new Map<string, Set<Feed>>();
  readonly #stopHearing: () => void;

  constructor(link: Link, unavailable: (error: unknown) => Error) {
    this.#link = link;
    this.#unavailable = unavailable;
    this.#stopHearing = link.listen((report) => this.#hear(report));
    void link.closed.then((reason) => this.#endAll(reason && unavailable(reason))); // never rejects
  }

  /** The present state, then every later one that the thread has seen. Ends when aborted. */
  async *watch(taskId: string, signal: AbortSignal): AsyncIterable<string> {
    const feed = this.#add(taskId);
    const release = this.#link.hold();
    const abort = (): void => feed.end();
    signal.addEventListener('abort', abort, { once: true });
    this.#begin(taskId, feed);
    try {
      yield* feed.read();
    } finally {
      signal.removeEventListener('abort', abort);
      release();
      this.#remove(taskId, feed);
      this.#link.tell('unwatch', [taskId]);
    }
  }

  close(reason: Error): void {
    this.#stopHearing();
    this.#endAll(reason);
  }

  #begin(taskId: string, feed: Feed): void {
    this.#link.call('watch', [taskId]).then(
      (present) => present && feed.push(present),
      (error: unknown) => feed.end(this.#unavailable(error)),
    );
  }

  #hear({ news }: Report): void {
    for (const row of news ?? []) for (const feed of this.#feeds.get(row[1]) ?? []) feed.push(row);
  }

  #add(taskId: string): Feed {
    const feed = new Feed();
    const feeds = this.#feeds.get(taskId);
    if (feeds) feeds.add(feed);
    else this.#feeds.set(taskId, new Set([feed]));
    return feed;
  }

  #remove(taskId: string, feed: Feed): void {
    const feeds = this.#feeds.get(taskId);
    feeds?.delete(feed);
    if (feeds?.size === 0) this.#feeds.delete(taskId);
  }

  #endAll(reason: Error | undefined): void {
    for (const feeds of this.#feeds.values()) for (const feed of feeds) feed.end(reason);
  }
}

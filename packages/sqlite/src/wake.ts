import { watch } from 'node:fs';
import type { FSWatcher } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { Sql } from './database.ts';

/** The safety net, for changes that no notification tells of. */
const POLL_MS = 1000;
/** How often to look where the folder can't be watched (the system's limit of watches may be reached). */
const POLL_UNWATCHED_MS = 100;
/** Shortest time between two changes that are told of, so that a busy neighbour costs little. */
const PAUSE_MS = 0.5;
/** When to look again. Writes are told of before they can be seen: SQLite writes its log first, then the log's index. */
const AGAIN_MS: readonly number[] = [1, 4, 16, 64];
const UNREADABLE = -1;

/**
 * Tells when another process has written to the file. The folder is watched for writes, and a counter in the file
 * tells the writes of others from our own, so an idle process sleeps.
 */
export class Wake {
  readonly #sql: Sql;
  readonly #file: string;
  readonly #onChange: () => void;
  #watcher: FSWatcher | undefined;
  #poll: NodeJS.Timeout | undefined;
  #look: NodeJS.Timeout | undefined;
  /** Which look after the last notification is next. */
  #again = 0;
  #changedMs = 0;
  #version = UNREADABLE;

  constructor(options: { readonly sql: Sql; readonly file: string; readonly onChange: () => void }) {
    this.#sql = options.sql;
    this.#file = options.file;
    this.#onChange = options.onChange;
  }

  /** Begins to look, and says so once for whatever was written before. */
  start(): void {
    if (this.#poll) return;
    this.#version = this.#dataVersion();
    this.#onChange();
    this.#watcher = this.#watch();
    this.#poll = setInterval(() => this.#check(), this.#watcher ? POLL_MS : POLL_UNWATCHED_MS);
  }

  stop(): void {
    clearInterval(this.#poll);
    clearTimeout(this.#look);
    this.#watcher?.close();
    this.#poll = this.#look = this.#watcher = undefined;
  }

  #watch(): FSWatcher | undefined {
    const name = basename(this.#file);
    try {
      const watcher = watch(dirname(this.#file), (_, changed) => {
        if (changed === null || changed.startsWith(name)) this.#noticed();
      });
      watcher.on('error', () => this.#lose());
      return watcher;
    } catch {
      return undefined; // polled instead
    }
  }

  /** The folder can't be watched any longer. */
  #lose(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
    clearInterval(this.#poll);
    this.#poll = setInterval(() => this.#check(), POLL_UNWATCHED_MS);
  }

  /** Somebody writes, we ourselves perhaps. */
  #noticed(): void {
    this.#again = 0;
    if (performance.now() - this.#changedMs >= PAUSE_MS) this.#check();
    this.#lookAgain();
  }

  #lookAgain(): void {
    clearTimeout(this.#look);
    const waitMs = AGAIN_MS[this.#again++];
    this.#look = waitMs === undefined ? undefined : setTimeout(() => this.#lookLater(), waitMs);
  }

  #lookLater(): void {
    this.#check();
    this.#lookAgain();
  }

  #check(): void {
    const version = this.#dataVersion();
    if (version === this.#version && version !== UNREADABLE) return;
    this.#version = version;
    this.#changedMs = performance.now();
    this.#onChange();
  }

  /** Changes when another connection has written. */
  #dataVersion(): number {
    try {
      return this.#sql.all<[number]>('PRAGMA data_version')[0]?.[0] ?? UNREADABLE;
    } catch {
      return UNREADABLE; // whoever looks closer will meet the same error, and report it
    }
  }
}

import { once } from 'node:events';
import { join } from 'node:path';
import { Worker as Thread } from 'node:worker_threads';
import type { App, Component, Logger } from '@tq/core';
import type { StandInData } from './stand-in-thread.ts';

/** How long the worker waits to hear that its thread has answered a ping. */
const PATIENCE_MS = 200;
const MOST_TICKETS = 1000;
/** How long its thread may take to leave. */
const LEAVE_MS = 1000;

/**
 * Answers pings for a worker whose tasks run in its own thread, so that one that spins doesn't look dead to those who ask. It
 * has a thread and a connection of its own; everything else is answered by the worker, when its task lets it.
 */
export class StandIn implements Component {
  readonly name = 'stand-in';
  readonly #parts: { readonly app: App; readonly hostname: string; readonly logger: Logger };
  #thread: Thread | undefined;
  /** Whether it listens now. */
  #isThere = false;
  /** Tickets of the pings that it has answered and the worker hasn't read yet. */
  readonly #answered = new Set<string>();

  constructor(parts: { readonly app: App; readonly hostname: string; readonly logger: Logger }) {
    this.#parts = parts;
  }

  /** Whether it can be had: another thread must be able to reach the broker by its address. */
  static isPossible({ brokerSetting }: App): boolean {
    return typeof brokerSetting === 'string' || Array.isArray(brokerSetting);
  }

  /** Whether a ping that the worker reads now was answered already. Its thread may be about to say so. */
  async hasAnswered(ticket: string | undefined): Promise<boolean> {
    if (ticket === undefined || this.#answered.delete(ticket)) return ticket !== undefined;
    const { clock } = this.#parts.app;
    for (const endMs = clock.monotonic() + PATIENCE_MS; this.#isThere && clock.monotonic() < endMs;) {
      await clock.sleep(10);
      if (this.#answered.delete(ticket)) return true;
    }
    return false;
  }

  /** Nobody waits for its thread: until it is there the worker answers by itself. */
  start(): Promise<void> {
    const { app, hostname, logger } = this.#parts;
    const data: StandInData = {
      name: app.name,
      hostname,
      module: join(app.folder, 'stand-in'),
      conf: cloneable(app.givenSettings),
    };
    const thread = new Thread(new URL(entry()), { workerData: data, name: 'tq: stand-in' });
    this.#thread = thread;
    thread.on('message', (said: boolean | string) => this.#hear(said));
    thread.on('error', (error) => {
      this.#isThere = false;
      logger.warn('Nobody answers pings while a task spins: the thread for it has failed', {
        error: error.message,
      });
    });
    return Promise.resolve();
  }

  #hear(said: boolean | string): void {
    if (said === true) this.#parts.logger.debug('Pings are answered by a thread of their own');
    if (typeof said === 'boolean') this.#isThere = said;
    else this.#answered.add(said);
    // Of pings that the worker itself never gets.
    const [oldest] = this.#answered;
    if (this.#answered.size > MOST_TICKETS && oldest !== undefined) this.#answered.delete(oldest);
  }

  async stop(): Promise<void> {
    const thread = this.#thread;
    this.#thread = undefined;
    this.#isThere = false;
    if (!thread || thread.threadId < 0) return; // it has gone by itself
    const gone = once(thread, 'exit').catch(() => undefined); // its error was told
    thread.postMessage('leave');
    const timer = setTimeout(() => void thread.terminate(), LEAVE_MS);
    await gone;
    clearTimeout(timer);
  }
}

/** Settings that can be given to a thread; functions can't, and matter for nothing that it does. */
function cloneable(settings: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(settings).filter(([, value]) => {
      try {
        structuredClone(value);
        return true;
      } catch {
        return false;
      }
    }),
  );
}

/** Threads can't run TypeScript: from the sources (in tests) the built entry is used. */
function entry(): string {
  const file = import.meta.url.endsWith('.ts')
    ? '../../dist/remote/stand-in-thread.js'
    : './stand-in-thread.js';
  return new URL(file, import.meta.url).href;
}

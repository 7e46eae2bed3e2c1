import { once } from 'node:events';
import { join } from 'node:path';
import { Worker as Thread } from 'node:worker_threads';
import type { App, Component, Logger } from '@tq/core';
import type { StandInData } from './stand-in-thread.ts';

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
  #isThere = false;

  constructor(parts: { readonly app: App; readonly hostname: string; readonly logger: Logger }) {
    this.#parts = parts;
  }

  /** Whether it can be had: another thread must be able to reach the broker by its address. */
  static isPossible({ brokerSetting }: App): boolean {
    return typeof brokerSetting === 'string' || Array.isArray(brokerSetting);
  }

  /** Whether it answers now. */
  get isThere(): boolean {
    return this.#isThere;
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
    thread.on('message', (isThere: boolean) => (this.#isThere = isThere));
    thread.on('error', (error) => {
      this.#isThere = false;
      logger.warn('Nobody answers pings while a task spins: the thread for it has failed', {
        error: error.message,
      });
    });
    return Promise.resolve();
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

import type { App, Connection } from '@tq/core';
import { deferred } from '@tq/core/internal';
import { EventReceiver } from './receiver.ts';
import type { ReceivedEvent } from './vocabulary.ts';

/** Events that wait for a reader who is busy; then the oldest go. */
const MOST_WAITING = 10_000;

export interface EventsOptions {
  /** Only these types. @default all */
  readonly types?: readonly string[];
  /** Ends the stream. */
  readonly signal?: AbortSignal;
  /** Called each time it has begun to listen. */
  readonly onListening?: (connection: Connection) => void | Promise<void>;
}

/**
 * The events of a cluster as they come:
 *
 * ```ts
 * for await (const event of eventsOf(app, { types: ['task-failed'] })) console.log(event.uuid, event.exception);
 * ```
 *
 * Leaving the loop ends it. A reader who is slow misses the oldest of more than 10000.
 * @throws BrokerUnavailableError when there is no broker at first
 */
export async function* eventsOf(app: App, options: EventsOptions = {}): AsyncGenerator<ReceivedEvent, void> {
  const stop = new AbortController();
  const { signal = stop.signal, ...filter } = options;
  const waiting: ReceivedEvent[] = [];
  let news = deferred();
  const receiver = new EventReceiver({
    app,
    ...filter,
    handlers: {
      '*': (event) => {
        waiting.push(event);
        if (waiting.length > MOST_WAITING) waiting.splice(0, MOST_WAITING / 2);
        news.resolve();
      },
    },
  });
  const capturing = receiver.capture({ signal: AbortSignal.any([signal, stop.signal]) });
  let isOver = false;
  const over = capturing.finally(() => {
    isOver = true;
    news.resolve();
  });
  over.catch(() => undefined); // told below
  try {
    while (!isOver || waiting.length > 0) {
      const event = waiting.shift();
      if (event) yield event;
      else {
        await news.promise;
        news = deferred();
      }
    }
    await over;
  } finally {
    stop.abort();
    await capturing.catch(() => undefined); // thrown above already
  }
}

import type { App } from './app.ts';
import type { PreparedCall } from './call.ts';
import { findEvents } from './drivers.ts';
import { Lazy } from './lifecycle.ts';
import type { EventSink } from './types/events.ts';

/** The events `task-sent` of an app, for the setting taskSendSentEvent. Opened at the first call. */
export class SentEvents {
  readonly #sink: Lazy<EventSink & AsyncDisposable>;

  constructor(app: App) {
    this.#sink = new Lazy(async () => (await findEvents(app.folder)).clientEvents(app));
  }

  /** Before a call is published: what tells of it later. @throws MissingPackage */
  open(): Promise<EventSink> {
    return this.#sink.get();
  }

  get isOpen(): boolean {
    return this.#sink.touched;
  }

  /** Sends what waits, but not for long. Settles always. */
  async close(): Promise<void> {
    const sink = await this.#sink.reset()?.catch(() => undefined); // the call that asked for it was told
    await sink?.[Symbol.asyncDispose]();
  }
}

/** Tells of a call that is published. Spec: events.md 4. */
export function tellOfCall(sink: EventSink, { id, task, message, route }: PreparedCall): void {
  if (!sink.enabled) return;
  const { headers } = message;
  sink.send('task-sent', {
    uuid: id,
    root_id: textOrNull(headers['root_id']),
    parent_id: textOrNull(headers['parent_id']),
    name: task,
    args: String(headers['argsrepr']),
    kwargs: String(headers['kwargsrepr']),
    retries: Number(headers['retries']),
    eta: textOrNull(headers['eta']),
    expires: textOrNull(headers['expires']),
    queue: route.queue?.name ?? null,
    exchange: route.exchange,
    routing_key: route.routingKey,
  });
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

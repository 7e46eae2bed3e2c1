import type { EventSink, TaskRequest, WireError } from '@tq/core';
import { formatIso, reprError } from '@tq/core/internal';
import type { Held } from '../consume/held.ts';

/** The events of a task's life, in Celery's words. Nothing is built for those that nobody wants. */
export class TaskEvents {
  readonly #sink: EventSink;

  constructor(sink: EventSink) {
    this.#sink = sink;
  }

  /** Whether an event of this task would be sent now. */
  wanted({ definition }: Held): boolean {
    return this.#sink.enabled && definition.options.sendEvents;
  }

  received(held: Held): void {
    if (!this.wanted(held)) return;
    const { request } = held;
    this.#sink.send('task-received', {
      uuid: request.id,
      name: request.task,
      args: request.argsrepr,
      kwargs: request.kwargsrepr,
      root_id: request.rootId,
      parent_id: request.parentId,
      retries: request.retries,
      eta: isoOrNull(request.etaMs),
      expires: isoOrNull(request.expiresMs),
    });
  }

  started(held: Held): void {
    if (this.wanted(held)) this.#sink.send('task-started', { uuid: held.request.id });
  }

  succeeded(held: Held, result: string, runtimeMs: number): void {
    if (this.wanted(held))
      this.#sink.send('task-succeeded', { uuid: held.request.id, result, runtime: runtimeMs / 1000 });
  }

  failed(held: Held, error: WireError): void {
    if (this.wanted(held)) this.#sink.send('task-failed', { uuid: held.request.id, ...told(error) });
  }

  retried(held: Held, error: WireError | null): void {
    if (!this.wanted(held)) return;
    const why = error ? told(error) : { exception: 'None', traceback: null };
    this.#sink.send('task-retried', { uuid: held.request.id, ...why });
  }

  rejected(held: Held, requeue: boolean): void {
    if (this.wanted(held)) this.#sink.send('task-rejected', { uuid: held.request.id, requeue });
  }

  revoked(
    held: Held,
    how: {
      readonly terminated: boolean;
      readonly signum: number | string | null;
      readonly expired: boolean;
    },
  ): void {
    if (this.wanted(held)) this.#sink.send('task-revoked', { uuid: held.request.id, ...how });
  }

  /** A message that no task here is for. */
  refused({ id }: TaskRequest, error: WireError): void {
    if (this.#sink.enabled) this.#sink.send('task-failed', { uuid: id, ...told(error) });
  }

  /** What a running task says of itself: an event of its own. */
  custom(held: Held, type: string, fields: Readonly<Record<string, unknown>>): void {
    if (this.wanted(held)) this.#sink.send(type, { uuid: held.request.id, ...fields });
  }
}

function told(error: WireError): { readonly exception: string; readonly traceback: string | null } {
  return { exception: reprError(error), traceback: error.traceback };
}

function isoOrNull(ms: number | null): string | null {
  return ms === null ? null : formatIso(ms);
}

import type { App } from './app.ts';
import { prepareCall } from './call.ts';
import type { CallSurroundings } from './call.ts';
import type { CallOptions } from './call-options.ts';
import { findCanvas } from './drivers.ts';
import { runTask } from './run.ts';
import { readRequest } from './message/request.ts';
import { decodeJson } from './serialize/json.ts';
import type { TaskMeta, WireError } from './types/backend.ts';
import type { Outcome } from './types/pool.ts';
import { errorToWire, wireToError } from './message/errors.ts';
import { WorkerLostError } from './errors.ts';
import { formatIso } from './message/dates.ts';

/**
 * Runs a call in this process, as a worker would: through the serializer, with retries (their waits left out) and links.
 */
export async function applyEagerly(
  app: App,
  name: string,
  args: readonly unknown[],
  options: CallOptions,
  around: CallSurroundings,
): Promise<TaskMeta> {
  const definition = app.tasks.get(name)?.definition;
  const { message, id } = prepareCall(name, definition, args, options, around);
  let headers: Readonly<Record<string, unknown>> = message.headers;
  let body = message.body;
  for (;;) {
    const delivery = {
      message: { ...message, headers },
      queue: '',
      exchange: '',
      routingKey: '',
      redelivered: false,
      ack() {},
      reject() {},
    };
    const outcome = await runTask(
      app,
      {
        request: readRequest(delivery),
        body,
        contentType: message.properties.contentType ?? '',
        contentEncoding: message.properties.contentEncoding ?? '',
        ...(typeof headers['compression'] === 'string' ? { compression: headers['compression'] } : {}),
        properties: { ...message.properties },
        hostname: around.origin,
        wantRepr: false,
      },
      new AbortController().signal,
      { ask: () => Promise.resolve(), logger: app.logger },
    );
    if (outcome.kind !== 'retry') {
      await runLinked(app, outcome, id, around);
      return metaOf(id, outcome, app.clock.now());
    }
    if (outcome.changes?.body !== undefined) body = Buffer.from(outcome.changes.body);
    headers = { ...headers, retries: Number(headers['retries']) + 1 };
  }
}

/** Runs links eagerly too; what an outcome sets off is canvas's to say. */
async function runLinked(app: App, outcome: Outcome, id: string, around: CallSurroundings): Promise<void> {
  if ((outcome.kind !== 'succeeded' && outcome.kind !== 'failed') || !outcome.embed) return;
  const { followUp } = await findCanvas(app.folder);
  for (const next of followUp(outcome, { id, rootId: id, priority: undefined })) {
    await applyEagerly(app, next.task, next.args, next.options, around);
  }
}

function metaOf(taskId: string, outcome: Outcome, nowMs: number): TaskMeta {
  const base = { taskId, children: [], dateDone: formatIso(nowMs) };
  switch (outcome.kind) {
    case 'succeeded':
      return { ...base, status: 'SUCCESS', result: decodeJson(outcome.result), traceback: null };
    case 'failed':
      return { ...base, status: 'FAILURE', result: outcome.error, traceback: outcome.error.traceback };
    case 'rejected':
      return outcome.error
        ? { ...base, status: 'FAILURE', result: outcome.error, traceback: null }
        : { ...base, status: 'REJECTED', result: null, traceback: null };
    case 'ignored':
      return { ...base, status: 'IGNORED', result: null, traceback: null };
    default: {
      const error: WireError = errorToWire(new WorkerLostError(`An eager call ended as ${outcome.kind}`));
      return { ...base, status: 'FAILURE', result: error, traceback: null };
    }
  }
}

/** Throws what an eager call failed with. */
export function throwFailure(meta: TaskMeta): void {
  if (meta.status === 'FAILURE') throw wireToError(meta.result as WireError);
}

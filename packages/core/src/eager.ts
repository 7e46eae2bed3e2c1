import type { App } from './app.ts';
import { prepareCall } from './call.ts';
import type { CallSurroundings, PreparedCall } from './call.ts';
import type { CallOptions } from './call-options.ts';
import { findCanvas } from './drivers.ts';
import { wireErrorToResult } from './message/meta.ts';
import { runTask } from './run.ts';
import { readRequest } from './message/request.ts';
import { decodeJson, encodeJson } from './serialize/json.ts';
import type { TaskMeta, WireError } from './types/backend.ts';
import type { Outcome } from './types/pool.ts';
import type { TaskRequest } from './types/request.ts';
import type { Message } from './types/transport.ts';
import { errorToWire } from './message/errors.ts';
import { WorkerLostError } from './errors.ts';
import { formatIso } from './message/dates.ts';

/** How an eager call ended. */
export interface EagerResult {
  readonly meta: TaskMeta;
  readonly ignoreResult: boolean;
}

/**
 * Runs a call in this process, as a worker would: through the serializer, with retries (their waits left out) and links.
 */
export async function applyEagerly(
  app: App,
  name: string,
  args: readonly unknown[],
  options: CallOptions,
  around: CallSurroundings,
): Promise<EagerResult> {
  const call = prepareCall(name, app.tasks.get(name)?.definition, args, options, around);
  let { message } = call;
  for (;;) {
    const request = readRequest(deliveryOf(message, call));
    const outcome = await runHere(app, request, message, around.origin);
    if (outcome.kind !== 'retry') {
      await runLinked(app, outcome, request, around);
      return { meta: metaOf(call.id, outcome, app.clock.now()), ignoreResult: call.ignoreResult };
    }
    message = retried(app, message, outcome);
    // A task that retries for ever must not keep everybody else from running.
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Keeps what an eager call ended with, as a worker would. */
export async function storeEagerly(app: App, { meta, ignoreResult }: EagerResult): Promise<void> {
  const failed = meta.status === 'FAILURE';
  if (!failed && meta.status !== 'SUCCESS') return;
  if (ignoreResult && !(failed && app.config.taskStoreErrorsEvenIfIgnored)) return;
  const result = failed ? wireErrorToResult(meta.result as WireError) : encodeJson(meta.result, 'result');
  const backend = await app.resultBackend();
  await backend.store({ ...meta, result }, { replyTo: undefined, correlationId: meta.taskId });
}

function deliveryOf(message: Message, { route }: PreparedCall): Parameters<typeof readRequest>[0] {
  const { exchange, routingKey, queue } = route;
  const handled = { ack() {}, reject() {} };
  return { message, queue: queue?.name ?? '', exchange, routingKey, redelivered: false, ...handled };
}

function runHere(app: App, request: TaskRequest, message: Message, hostname: string): Promise<Outcome> {
  const { contentType = '', contentEncoding = '' } = message.properties;
  const compression = message.headers['compression'];
  return runTask(
    app,
    {
      request,
      body: message.body,
      contentType,
      contentEncoding,
      ...(typeof compression === 'string' ? { compression } : {}),
      properties: { ...message.properties },
      hostname,
      wantRepr: false,
      isEager: true,
    },
    new AbortController(),
    {
      ask: () => Promise.resolve(),
      logger: app.logger.child({ task: request.task, id: request.id }),
    },
  );
}

/** The message of the next attempt. */
function retried(app: App, message: Message, outcome: Extract<Outcome, { readonly kind: 'retry' }>): Message {
  const { compression, ...headers } = message.headers;
  const next = { ...headers, retries: Number(headers['retries']) + 1 };
  const body = outcome.changes?.body;
  if (body === undefined)
    return { ...message, headers: compression === undefined ? next : { ...next, compression } };
  const { body: bytes, ...content } = app.serializers.rewrite(body, message.properties.contentType);
  return { body: bytes, headers: next, properties: { ...message.properties, ...content } };
}

/** Runs links eagerly too; what an outcome sets off is canvas's to say. */
async function runLinked(
  app: App,
  outcome: Outcome,
  request: TaskRequest,
  around: CallSurroundings,
): Promise<void> {
  if ((outcome.kind !== 'succeeded' && outcome.kind !== 'failed') || !outcome.embed) return;
  const canvas = await findCanvas(app.folder);
  const { id, rootId, priority } = request;
  const inheritPriority = app.config.taskInheritParentPriority;
  for (const next of canvas.followUp(outcome, { id, rootId, priority, inheritPriority })) {
    await applyEagerly(app, next.task, next.args, next.options, around);
  }
}

function metaOf(taskId: string, outcome: Outcome, nowMs: number): TaskMeta {
  const base = { taskId, children: [], traceback: null, dateDone: formatIso(nowMs) };
  switch (outcome.kind) {
    case 'succeeded':
      return {
        ...base,
        status: 'SUCCESS',
        result: decodeJson(outcome.result),
        children: outcome.children ?? [],
      };
    case 'failed':
      return failure(base, outcome.error, outcome.children);
    case 'rejected':
      return outcome.error ? failure(base, outcome.error) : { ...base, status: 'REJECTED', result: null };
    case 'ignored':
      return { ...base, status: 'IGNORED', result: null };
    case 'retry':
    case 'replaced':
    case 'returned':
    case 'lost':
      return failure(base, errorToWire(new WorkerLostError(`An eager call ended as ${outcome.kind}`)));
  }
}

function failure(
  base: Pick<TaskMeta, 'taskId' | 'children' | 'dateDone'>,
  error: WireError,
  children = base.children,
): TaskMeta {
  return { ...base, status: 'FAILURE', result: error, traceback: error.traceback, children };
}

import type { App } from './app.ts';
import { prepareCall } from './call.ts';
import type { CallSurroundings, PreparedCall } from './call.ts';
import type { CallOptions } from './call-options.ts';
import { Ignore, Reject } from './flow.ts';
import { wireErrorToResult } from './message/meta.ts';
import { GroupResult } from './group-result.ts';
import { AsyncResult } from './result.ts';
import type { ResultHandle } from './result.ts';
import { takesFailure } from './parameters.ts';
import { runTask } from './run.ts';
import { readRequest } from './message/request.ts';
import { decodeJson, encodeJson } from './serialize/json.ts';
import type { ChordPart, ResultTuple, TaskMeta, WireError } from './types/backend.ts';
import type { FinishedTask, Plan } from './types/canvas.ts';
import type { Embed, Outcome } from './types/pool.ts';
import type { TaskRequest } from './types/request.ts';
import type { SignatureData } from './types/signature.ts';
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
 * Runs calls in this process, as workers would: through the serializer, with retries (their waits left out), links, chains and
 * chords.
 */
export class EagerRun {
  readonly #app: App;
  readonly #around: CallSurroundings;
  readonly #chords = new Map<string, { readonly size: number; readonly parts: ChordPart[] }>();
  /** How everything ended that was run, or never will be, by id. */
  readonly ended = new Map<string, EagerResult>();

  constructor(app: App, around: CallSurroundings) {
    this.#app = app;
    this.#around = around;
  }

  async call(name: string, args: readonly unknown[], options: CallOptions): Promise<EagerResult> {
    const app = this.#app;
    const call = prepareCall(name, app.tasks.get(name)?.definition, args, options, this.#around);
    let { message } = call;
    for (;;) {
      const request = readRequest(deliveryOf(message, call));
      const outcome = await runHere(app, request, message, this.#around.origin);
      if (outcome.kind !== 'retry') {
        const result = { meta: metaOf(call.id, outcome, app.clock.now()), ignoreResult: call.ignoreResult };
        this.ended.set(call.id, result);
        await this.#follow(outcome, request);
        return this.ended.get(call.id) ?? result;
      }
      message = retried(app, message, outcome);
      // A task that retries for ever must not keep everybody else from running.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async plan(plan: Plan): Promise<void> {
    for (const { groupId, size } of plan.chords) this.#chords.set(groupId, { size, parts: [] });
    for (const { task, args, options } of plan.calls) await this.call(task, args, options);
  }

  /** What is asked of canvas only where a message carries something for after its task. */
  async #follow(outcome: Outcome, request: TaskRequest): Promise<void> {
    if (!('embed' in outcome) || outcome.embed === undefined) {
      if (outcome.kind === 'replaced') await this.#replace(outcome, undefined, request);
      return;
    }
    const embed = decodeJson(outcome.embed) as Embed;
    if (outcome.kind === 'replaced') return this.#replace(outcome, embed, request);
    if (outcome.kind !== 'succeeded') return this.#fail(errorOf(outcome), embed, request);
    const canvas = await this.#app.canvas();
    await this.plan(canvas.afterSuccess(embed, decodeJson(outcome.result), this.#finished(request)));
    if (embed.chord)
      await this.#count(request, embed.chord, { state: 'SUCCESS', result: outcome.result }, request);
  }

  async #replace(
    outcome: Extract<Outcome, { readonly kind: 'replaced' }>,
    embed: Embed | undefined,
    request: TaskRequest,
  ): Promise<void> {
    const canvas = await this.#app.canvas();
    this.ended.delete(request.id);
    const task = { ...this.#finished(request), ...request };
    await this.plan(canvas.replacement(decodeJson(outcome.by) as SignatureData, task, embed));
  }

  async #fail(error: WireError, embed: Embed, request: TaskRequest): Promise<void> {
    const canvas = await this.#app.canvas();
    if (embed.chain) await this.#abandon(embed.chain, error, request, false);
    if (embed.chord) {
      const result = wireErrorToResult(error);
      await this.#count(request, embed.chord, { state: 'FAILURE', result }, request);
    }
    const isTold = this.#isTold;
    await this.plan(canvas.afterFailure(embed.errbacks ?? [], error, this.#finished(request), isTold));
  }

  async #count(
    member: { readonly id: string; readonly group: string | null; readonly groupIndex: number | null },
    body: SignatureData,
    ended: Pick<ChordPart, 'state' | 'result'>,
    request: TaskRequest,
  ): Promise<void> {
    const chord = this.#chords.get(member.group ?? '');
    if (!chord) return;
    chord.parts.push({ taskId: member.id, ...ended, index: member.groupIndex ?? undefined });
    if (chord.parts.length < chord.size) return;
    const parts = chord.parts.toSorted((a, b) => (a.index ?? 0) - (b.index ?? 0));
    const canvas = await this.#app.canvas();
    const end = canvas.endOfChord(body, parts, this.#finished(request));
    if (end.kind === 'body') await this.plan(end.plan);
    else await this.#abandon([body], end.error, request, true);
  }

  async #abandon(
    signatures: readonly SignatureData[],
    error: WireError,
    request: TaskRequest,
    asHeads: boolean,
  ): Promise<void> {
    const canvas = await this.#app.canvas();
    for (const each of canvas.abandoned(signatures, { asHeads })) {
      const base = { taskId: each.id, children: [], dateDone: formatIso(this.#app.clock.now()) };
      this.ended.set(each.id, { meta: failure(base, error), ignoreResult: false });
      if (each.chord) {
        const result = wireErrorToResult(error);
        await this.#count(each, each.chord, { state: 'FAILURE', result }, request);
      }
      const never = { ...request, id: each.id, task: each.task, parentId: request.id };
      await this.plan(canvas.afterFailure(each.errbacks, error, this.#finished(never), this.#isTold));
    }
  }

  #finished(request: TaskRequest): FinishedTask {
    const { id, task, rootId, parentId, retries, argsrepr, kwargsrepr, priority } = request;
    return {
      id,
      rootId,
      priority,
      inheritPriority: this.#app.config.taskInheritParentPriority,
      request: { id, task, rootId, parentId, retries, argsrepr, kwargsrepr },
    };
  }

  readonly #isTold = (errback: SignatureData): boolean => {
    const definition = this.#app.tasks.get(errback.task)?.definition;
    return definition !== undefined && takesFailure(definition, errback);
  };
}

/** What keeps those who wait from waiting for ever. */
function errorOf(outcome: Outcome): WireError {
  if (outcome.kind === 'failed') return outcome.error;
  return { ...errorToWire(outcome.kind === 'ignored' ? new Ignore() : new Reject()), traceback: null };
}

/** A handle on a call that has ended. */
export function eagerResult<R>(
  app: App,
  id: string,
  { ended }: EagerRun,
  parent?: ResultHandle,
): AsyncResult<R> {
  const final = ended.get(id)?.meta;
  return new AsyncResult<R>(app, id, { ...(final ? { final } : {}), ...(parent ? { parent } : {}) });
}

/** The same for what comes out of a work-flow. */
export function eagerHandle(app: App, tuple: ResultTuple, run: EagerRun): ResultHandle {
  const [[id, before], members] = tuple;
  const parent = before ? eagerHandle(app, before, run) : undefined;
  if (members === null) return eagerResult(app, id, run, parent);
  const results = members.map((member) => eagerHandle(app, member, run));
  return new GroupResult(app, id, results, parent);
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

async function runHere(app: App, request: TaskRequest, message: Message, hostname: string): Promise<Outcome> {
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

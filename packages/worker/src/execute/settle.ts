import { afterFailure, afterSuccess, replacement } from '@tq/canvas';
import { Ignore, Reject, TaskRevokedError, TimeLimitExceeded, WorkerLostError } from '@tq/core';
import type {
  App,
  Delivery,
  Embed,
  Encoded,
  Logger,
  Message,
  Outcome,
  ResultTuple,
  SignatureData,
  TaskMeta,
  TaskRequest,
  TaskState,
  WireError,
} from '@tq/core';
import {
  decodeJson,
  decodeMessage,
  DELIVERIES_HEADER,
  errorToWire,
  formatIso,
  queueNamed,
  reprError,
  wireErrorToResult,
} from '@tq/core/internal';
import type { Held } from '../consume/held.ts';
import { Chords } from './chords.ts';
import type { DeadLetters } from './dead-letters.ts';
import { republishing } from './dead-letters.ts';
import type { TaskEvents } from '../presence/task-events.ts';
import { FollowUps, isHopeless } from './follow-ups.ts';
import type { TaskLines } from './lines.ts';
import type { Results } from './results.ts';

type Of<K extends Outcome['kind']> = Extract<Outcome, { readonly kind: K }>;

export interface SettlerParts {
  readonly app: App;
  readonly results: Results;
  readonly deadLetters: DeadLetters;
  readonly events: TaskEvents;
  readonly lines: TaskLines;
  readonly logger: Logger;
  /** Whether the worker ends its tasks by force: what is lost now is lost by its own hand. */
  readonly isStopping: () => boolean;
  /** From then on nothing is waited for. */
  readonly impatient: AbortSignal;
}

/** Results of one tick, and the messages that wait for them to be stored. */
interface Batch {
  readonly stored: Promise<void>;
  readonly entries: { readonly held: Held; readonly meta: TaskMeta<Encoded> }[];
}

/**
 * Decides what becomes of a message: outcome → follow-up, result, event, acknowledgement, in this order. The one place
 * that stores and acknowledges. The order is Celery's: children are sent before the result is stored, so that they are
 * complete in it; the acknowledgement comes last, so that a crash before it means another run, never a lost task.
 */
export class Settler {
  readonly #parts: SettlerParts;
  readonly #pending = new Set<Promise<void>>();
  readonly #followUps: FollowUps;
  readonly #chords: Chords;
  #batch: Batch | undefined;

  constructor(parts: SettlerParts) {
    this.#parts = parts;
    const { app, results, logger, impatient } = parts;
    this.#followUps = new FollowUps(app);
    this.#chords = new Chords({
      app,
      groups: results.groups,
      results,
      followUps: this.#followUps,
      logger,
      impatient,
    });
  }

  /** Whether everything that was to be settled is. */
  get isIdle(): boolean {
    return this.#pending.size === 0;
  }

  /** Resolves when everything that was to be settled so far is. */
  async idle(): Promise<void> {
    while (this.#pending.size > 0) await Promise.all(this.#pending);
  }

  settle(held: Held, outcome: Outcome): void {
    switch (outcome.kind) {
      case 'succeeded':
        if (outcome.embed) this.#own(held, this.#followedUp(held, outcome));
        else this.#succeeded(held, outcome, outcome.children ?? NONE);
        return;
      case 'failed':
        return this.#own(held, this.#failed(held, outcome.error, { ...outcome, embed: embedIn(outcome) }));
      case 'retry':
        return this.#own(held, this.#retried(held, outcome));
      case 'rejected':
        return this.#own(held, this.#rejected(held, outcome));
      case 'ignored':
        this.#parts.lines.ignored(held.request);
        if (!outcome.embed) return this.#ack(held);
        return this.#own(held, this.#ignored(held, outcome));
      case 'returned':
        return this.giveBack(held);
      case 'lost':
        return this.#own(held, this.#lost(held, outcome));
      case 'replaced':
        return this.#own(held, this.#replaced(held, outcome));
    }
  }

  /** One more member for the chord that a running task is in; gives its result's tuple. */
  addToChord(held: Held, wish: { readonly signature: string; readonly body: string }): Promise<ResultTuple> {
    const signature = decodeJson(wish.signature as Encoded) as SignatureData;
    return this.#chords.add(held.request, signature, decodeJson(wish.body as Encoded) as SignatureData);
  }

  /** A request that must not start. */
  drop(held: Held, because: 'revoked' | 'expired'): void {
    this.#own(held, this.#revoked(held, because, false));
  }

  /** What waits for a request that could not even be tried. */
  async endRefused(request: TaskRequest, delivery: Delivery, error: WireError): Promise<void> {
    const embed = readEmbed(this.#parts.app, delivery);
    await this.#endFor(request, error, 'FAILURE', embed);
    if (embed?.errbacks?.length) await this.#sendErrbacks(request, error, embed.errbacks);
  }

  /** A request that has not started goes back to its queue, as if it had never been here. */
  giveBack(held: Held): void {
    if (!held.acked) held.delivery.reject({ requeue: true });
  }

  /** Work for a request beside its settlement; when it fails, a line in the log is all. */
  beside(work: Promise<void>): void {
    this.#track(
      work.catch((error: unknown) =>
        this.#parts.logger.error("Can't store a state", {
          error: error instanceof Error ? error.message : String(error),
        }),
      ),
    );
  }

  #succeeded(held: Held, outcome: Of<'succeeded'>, children: readonly ResultTuple[]): void {
    const { results } = this.#parts;
    this.#announceSuccess(held, outcome);
    if (!results.wanted(held)) return this.#ack(held);
    const meta = results.success(held.request, outcome.result, children);
    this.#ackWhenStored(held, meta, results.store(meta, held.request));
  }

  #announceSuccess(held: Held, outcome: Of<'succeeded'>): void {
    const { lines, events } = this.#parts;
    if (lines.verbose) lines.succeeded(held.request, outcome.runtimeMs, outcome.repr ?? '');
    events.succeeded(held, outcome.repr ?? '', outcome.runtimeMs);
  }

  /** What the success sets off goes first, so that it stands among the children of the result. */
  async #followedUp(held: Held, outcome: Of<'succeeded'>): Promise<void> {
    const { request } = held;
    const embed = embedIn(outcome) as Embed;
    const sent = await this.#sendNext(request, embed, outcome.result);
    const children = [...(outcome.children ?? NONE), ...sent];
    if (!embed.chord) return this.#succeeded(held, outcome, children);
    await this.#counted(held, outcome, children, embed.chord);
  }

  /** What can never be sent fails for those who wait for it; its task has succeeded all the same. */
  async #sendNext(request: TaskRequest, embed: Embed, result: Encoded): Promise<readonly ResultTuple[]> {
    const { callbacks, chain } = embed;
    if (!callbacks?.length && !chain?.length) return NONE;
    const plan = afterSuccess(embed, decodeJson(result), this.#followUps.finished(request));
    try {
      return await this.#followUps.send(plan);
    } catch (error) {
      if (!isHopeless(error)) throw error;
      this.#parts.logger.error(`Can't send what follows ${request.task}[${request.id}]`, {
        error: error.message,
      });
      await this.#chords.abandon([...(callbacks ?? []), ...(chain ?? [])], errorToWire(error), request);
      return plan.results;
    }
  }

  /** A member of a chord: its result is stored before it is counted, and counted before it is acknowledged. */
  async #counted(
    held: Held,
    outcome: Of<'succeeded'>,
    children: readonly ResultTuple[],
    body: SignatureData,
  ): Promise<void> {
    const { results } = this.#parts;
    const { request } = held;
    this.#announceSuccess(held, outcome);
    if (results.wanted(held))
      await results.storePatiently(results.success(request, outcome.result, children), request);
    await this.#chords.count(request, body, { state: 'SUCCESS', result: outcome.result }, request);
    this.#ack(held);
  }

  async #failed(
    held: Held,
    error: WireError,
    outcome: {
      readonly embed?: Embed | undefined;
      readonly children?: readonly ResultTuple[];
      readonly expected?: boolean;
    },
  ): Promise<void> {
    const { lines, events, app, deadLetters } = this.#parts;
    const { embed } = outcome;
    lines.failed(held.request, error, outcome.expected ?? false);
    await this.#storeFailure(held, error, 'FAILURE', outcome.children);
    await this.#endFor(held.request, error, 'FAILURE', embed);
    if (embed?.errbacks?.length) await this.#sendErrbacks(held.request, error, embed.errbacks);
    events.failed(held, error);
    const acks = held.definition.options.acksOnFailureOrTimeout ?? app.config.taskAcksOnFailureOrTimeout;
    if (acks || held.acked) this.#ack(held);
    else await deadLetters.bury(held.delivery, { reason: 'failed', detail: reprError(error) });
  }

  async #storeFailure(
    held: Held,
    error: WireError,
    state: TaskState = 'FAILURE',
    children: readonly ResultTuple[] = NONE,
  ): Promise<void> {
    const { results } = this.#parts;
    if (!results.failureWanted(held)) return;
    await results.storePatiently(results.failure(held.request, error, children, state), held.request);
  }

  /** Nobody shall wait for ever: neither for the steps that will never run, nor for the chord that counts this one. */
  async #endFor(
    request: TaskRequest,
    error: WireError,
    state: TaskState,
    embed: Embed | undefined,
  ): Promise<void> {
    if (embed?.chain?.length) await this.#chords.abandon(embed.chain, error, request, { state });
    if (!embed?.chord) return;
    await this.#chords.count(request, embed.chord, { state, result: wireErrorToResult(error) }, request);
  }

  async #sendErrbacks(
    request: TaskRequest,
    error: WireError,
    errbacks: readonly SignatureData[],
  ): Promise<void> {
    const plan = afterFailure(errbacks, error, this.#followUps.finished(request), this.#followUps.isTold);
    try {
      await this.#followUps.send(plan);
    } catch (thrown) {
      if (!isHopeless(thrown)) throw thrown;
      this.#parts.logger.error(`Can't send the error links of ${request.task}[${request.id}]`, {
        error: thrown.message,
      });
    }
  }

  /** Another signature goes on under this task's id; nothing is stored under it until that has ended. */
  async #replaced(held: Held, outcome: Of<'replaced'>): Promise<void> {
    const { request } = held;
    const embed = embedIn(outcome);
    const task = { ...this.#followUps.finished(request), ...request };
    try {
      await this.#followUps.send(replacement(decodeJson(outcome.by) as SignatureData, task, embed));
    } catch (error) {
      if (!isHopeless(error)) throw error;
      return this.#failed(held, errorToWire(error), { embed });
    }
    this.#parts.lines.ignored(request);
    this.#ack(held);
  }

  /** The task sees to its own state; what waits for it in a chain or a chord can't. */
  async #ignored(held: Held, outcome: Of<'ignored'>): Promise<void> {
    await this.#endFor(held.request, withoutTrace(new Ignore()), 'FAILURE', embedIn(outcome));
    this.#ack(held);
  }

  async #retried(held: Held, outcome: Of<'retry'>): Promise<void> {
    const { results, lines, events, app } = this.#parts;
    const { request, delivery } = held;
    const etaMs = Math.round(app.clock.now() + outcome.countdownMs);
    const { headers, properties } = delivery.message;
    const { changes } = outcome;
    const { body, ...content } =
      changes?.body === undefined
        ? { body: delivery.message.body }
        : app.serializers.rewrite(changes.body, properties.contentType);
    const message: Message = {
      body,
      headers: {
        ...withoutCounter(headers),
        // A protocol 1 message has its fields in the body; written as headers they make it protocol 2.
        task: request.task,
        id: request.id,
        retries: request.retries + 1,
        eta: formatIso(etaMs),
        parent_id: request.id,
        root_id: request.rootId,
        ...(changes?.expires === undefined ? {} : { expires: changes.expires }),
        ...(changes?.body === undefined ? {} : { compression: undefined }),
      },
      properties: {
        ...properties,
        ...content,
        ...(changes?.priority === undefined ? {} : { priority: changes.priority }),
      },
    };
    const route =
      changes?.queue === undefined
        ? sameWay(held)
        : { exchange: '', routingKey: changes.queue, queue: queueNamed(changes.queue, app.config) };
    // First the state: the next attempt may end at once, and its end must be the last word.
    if (results.wanted(held))
      await results.storePatiently(results.retry(request, outcome.error, outcome.children ?? []), request);
    await app.producer().publish(message, route, republishing(app, etaMs));
    lines.retried(request, outcome.error, outcome.countdownMs);
    events.retried(held, outcome.error);
    this.#ack(held);
  }

  async #rejected(held: Held, outcome: Of<'rejected'>): Promise<void> {
    const { lines, events, deadLetters } = this.#parts;
    lines.rejected(held.request, outcome.reason, outcome.requeue);
    events.rejected(held, outcome.requeue);
    if (!outcome.requeue || held.acked) {
      const error = outcome.error ?? withoutTrace(new Reject(outcome.reason));
      await this.#storeFailure(held, error);
      await this.#endFor(held.request, error, 'FAILURE', embedIn(outcome) ?? this.#unread(held, outcome));
    }
    if (held.acked) return;
    if (outcome.requeue) held.delivery.reject({ requeue: true });
    else
      await deadLetters.bury(held.delivery, {
        reason: outcome.error ? 'malformed' : 'rejected',
        detail: outcome.reason,
      });
  }

  /** What the message of a task carries that could not be understood, as far as it can. */
  #unread(held: Held, { error }: Of<'rejected'>): Embed | undefined {
    return error ? readEmbed(this.#parts.app, held.delivery) : undefined;
  }

  /** The process died under the task, or was killed. */
  async #lost(held: Held, outcome: Of<'lost'>): Promise<void> {
    const { lines, isStopping } = this.#parts;
    if (isStopping() && !held.acked && held.terminatedBy === undefined) {
      lines.rejected(held.request, 'the worker is shutting down', true);
      held.delivery.reject({ requeue: true });
      return;
    }
    if (outcome.reason === 'terminated') return this.#revoked(held, 'revoked', true);
    if (outcome.reason === 'time-limit') {
      lines.timeLimit(held.request, held.timeLimit);
      return this.#failedUnread(held, new TimeLimitExceeded(held.timeLimit));
    }
    return this.#lostItsProcess(held, outcome.detail);
  }

  async #lostItsProcess(held: Held, detail: string): Promise<void> {
    const { app, lines, deadLetters } = this.#parts;
    const { options } = held.definition;
    const most = options.maxDeliveries === undefined ? app.config.taskMaxDeliveries : options.maxDeliveries;
    const again = !held.acked && (options.rejectOnWorkerLost ?? app.config.taskRejectOnWorkerLost);
    const { deliveries } = held.request;
    if (again && (most === null || deliveries < most)) {
      lines.lost(
        held.request,
        detail,
        `giving it back (delivery ${deliveries}${most === null ? '' : ` of ${most}`})`,
      );
      return this.#giveBackCounted(held);
    }
    lines.lost(
      held.request,
      detail,
      again
        ? `it was delivered ${deliveries} times and will not be tried again`
        : 'it was acknowledged and fails',
    );
    const error = new WorkerLostError(
      `Worker exited prematurely: ${detail}.${again ? ` Delivered ${deliveries} times.` : ''}`,
    );
    if (again) await deadLetters.bury(held.delivery, { reason: 'worker-lost', detail: error.message });
    return this.#failedUnread(held, error, again);
  }

  /** Another try, counted in a header: not every broker counts. */
  async #giveBackCounted(held: Held): Promise<void> {
    const { app } = this.#parts;
    const { message, queue } = held.delivery;
    const counted: Message = {
      ...message,
      headers: { ...message.headers, [DELIVERIES_HEADER]: held.request.deliveries },
    };
    await app.producer().publish(counted, { exchange: '', routingKey: queue }, republishing(app));
    this.#ack(held);
  }

  /** A failure that the task's process could not report: the body is read here, for those who wait for the end. */
  async #failedUnread(held: Held, error: Error, buried = false): Promise<void> {
    const { app } = this.#parts;
    const embed = readEmbed(app, held.delivery);
    if (buried) held.acked = true;
    await this.#failed(held, withoutTrace(error), { embed });
  }

  async #revoked(held: Held, because: 'revoked' | 'expired', terminated: boolean): Promise<void> {
    const { lines, events, app } = this.#parts;
    lines.dropped(held.request, because);
    const error = withoutTrace(new TaskRevokedError(terminated ? 'terminated' : because));
    await this.#storeFailure(held, error, 'REVOKED');
    await this.#endFor(held.request, error, 'REVOKED', readEmbed(app, held.delivery));
    const signum = held.terminatedBy ?? null;
    events.revoked(held, { terminated, signum, expired: because === 'expired' });
    if (app.hooks.has('taskRevoked'))
      app.hooks.emit('taskRevoked', { request: held.request, expired: because === 'expired' });
    this.#ack(held);
  }

  #ackWhenStored(held: Held, meta: TaskMeta<Encoded>, stored: Promise<void>): void {
    if (this.#batch?.stored !== stored) {
      const batch: Batch = (this.#batch = { stored, entries: [] });
      this.#track(
        stored.then(
          () => {
            for (const entry of batch.entries) this.#ack(entry.held);
          },
          () => {
            for (const entry of batch.entries) {
              this.#own(
                entry.held,
                this.#parts.results
                  .storePatiently(entry.meta, entry.held.request)
                  .then(() => this.#ack(entry.held)),
              );
            }
          },
        ),
      );
    }
    this.#batch.entries.push({ held, meta });
  }

  #ack(held: Held): void {
    if (!held.acked) held.delivery.ack();
  }

  /** Settlement that takes a while; when it fails, the message goes back rather than vanish. */
  #own(held: Held, work: Promise<void>): void {
    this.#track(
      work.catch((error: unknown) => {
        this.#parts.logger.error(
          `Can't settle ${held.request.task}[${held.request.id}]; ${held.acked ? 'it is acknowledged already' : 'giving it back'}`,
          {
            error: error instanceof Error ? (error.stack ?? error.message) : String(error),
          },
        );
        this.giveBack(held);
      }),
    );
  }

  #track(work: Promise<void>): void {
    this.#pending.add(work);
    void work.finally(() => this.#pending.delete(work));
  }
}

const NONE: readonly ResultTuple[] = [];

/** The way the message came: to its queue by name, or through its exchange. Spec: message.md, trap 15. */
function sameWay({ delivery }: Held): { exchange: string; routingKey: string } {
  return { exchange: delivery.exchange, routingKey: delivery.routingKey };
}

function withoutCounter(headers: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { [DELIVERIES_HEADER]: _, ...rest } = headers;
  return rest;
}

function embedIn({ embed }: { readonly embed?: Encoded }): Embed | undefined {
  return embed === undefined ? undefined : (decodeJson(embed) as Embed);
}

/** For what has no stack of the task's own. */
function withoutTrace(error: Error): WireError {
  return { ...errorToWire(error), traceback: null };
}

function readEmbed(app: App, { message }: Delivery): Embed | undefined {
  try {
    return decodeMessage(app, message).embed;
  } catch {
    // A body that can't be read has nobody waiting in it.
    return undefined;
  }
}

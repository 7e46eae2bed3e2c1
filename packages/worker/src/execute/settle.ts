import { followUp, skippedSteps } from '@tq/canvas';
import type { NextCall } from '@tq/canvas';
import {
  ChordError,
  EncodeError,
  ImproperlyConfigured,
  TaskRevokedError,
  TimeLimitExceeded,
  WorkerLostError,
} from '@tq/core';
import type {
  App,
  Embed,
  Encoded,
  EventSink,
  Logger,
  Message,
  Outcome,
  ResultTuple,
  SignatureData,
  TaskMeta,
  WireError,
} from '@tq/core';
import {
  decodeMessage,
  DELIVERIES_HEADER,
  errorToWire,
  formatIso,
  queueNamed,
  reprError,
} from '@tq/core/internal';
import type { Held } from '../consume/held.ts';
import type { DeadLetters } from './dead-letters.ts';
import { republishing } from './dead-letters.ts';
import type { TaskLines } from './lines.ts';
import type { Results } from './results.ts';

type Of<K extends Outcome['kind']> = Extract<Outcome, { readonly kind: K }>;

export interface SettlerParts {
  readonly app: App;
  readonly results: Results;
  readonly deadLetters: DeadLetters;
  readonly events: EventSink;
  readonly lines: TaskLines;
  readonly logger: Logger;
  /** Whether the worker ends its tasks by force: what is lost now is lost by its own hand. */
  readonly isStopping: () => boolean;
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
  #batch: Batch | undefined;

  constructor(parts: SettlerParts) {
    this.#parts = parts;
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
        return this.#own(held, this.#failed(held, outcome.error, outcome));
      case 'retry':
        return this.#own(held, this.#retried(held, outcome));
      case 'rejected':
        return this.#own(held, this.#rejected(held, outcome));
      case 'ignored':
        this.#parts.lines.ignored(held.request);
        return this.#ack(held);
      case 'returned':
        return this.giveBack(held);
      case 'lost':
        return this.#own(held, this.#lost(held, outcome));
      case 'replaced':
        return this.#own(
          held,
          this.#failed(
            held,
            errorToWire(new Error('Replacing a task needs canvas, which this worker does not have yet.')),
            outcome,
          ),
        );
    }
  }

  /** A request that must not start. */
  drop(held: Held, because: 'revoked' | 'expired'): void {
    this.#own(held, this.#revoked(held, because, false));
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
    const { results, lines, events } = this.#parts;
    if (lines.verbose) lines.succeeded(held.request, outcome.runtimeMs, outcome.repr ?? '');
    if (events.enabled)
      events.send('task-succeeded', {
        uuid: held.request.id,
        result: outcome.repr ?? '',
        runtime: outcome.runtimeMs / 1000,
      });
    if (!results.wanted(held)) return this.#ack(held);
    const meta = results.success(held.request, outcome.result, children);
    this.#ackWhenStored(held, meta, results.store(meta, held.request));
  }

  async #followedUp(held: Held, outcome: Of<'succeeded'>): Promise<void> {
    const sent = await this.#sendNext(held, outcome);
    this.#succeeded(held, outcome, [...(outcome.children ?? []), ...sent]);
  }

  async #failed(
    held: Held,
    error: WireError,
    outcome: {
      readonly embed?: Embed;
      readonly children?: readonly ResultTuple[];
      readonly expected?: boolean;
    },
  ): Promise<void> {
    const { lines, events, app, deadLetters } = this.#parts;
    lines.failed(held.request, error, outcome.expected ?? false);
    await this.#storeFailure(held, error, outcome.embed, outcome.children);
    await this.#sendNext(held, {
      kind: 'failed',
      error,
      runtimeMs: 0,
      ...(outcome.embed ? { embed: outcome.embed } : {}),
    });
    if (events.enabled)
      events.send('task-failed', {
        uuid: held.request.id,
        exception: reprError(error),
        traceback: error.traceback,
      });
    const acks = held.definition.options.acksOnFailureOrTimeout ?? app.config.taskAcksOnFailureOrTimeout;
    if (acks || held.acked) this.#ack(held);
    else await deadLetters.bury(held.delivery, { reason: 'failed', detail: reprError(error) });
  }

  /** The failure itself, and the same under the ids of the steps that will never run. */
  async #storeFailure(
    held: Held,
    error: WireError,
    embed?: Embed,
    children?: readonly ResultTuple[],
  ): Promise<void> {
    const { results } = this.#parts;
    if (!results.failureWanted(held)) return;
    const meta = results.failure(held.request, error, children);
    const skipped = skippedSteps(embed).map((taskId) => ({ ...meta, taskId, children: [] }));
    await Promise.all([meta, ...skipped].map((each) => results.storePatiently(each, held.request)));
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
    await app.producer().publish(message, route, republishing(app, etaMs));
    lines.retried(request, outcome.error, outcome.countdownMs);
    if (results.wanted(held))
      await results.storePatiently(results.retry(request, outcome.error, outcome.children ?? []), request);
    if (events.enabled)
      events.send('task-retried', {
        uuid: request.id,
        exception: outcome.error ? reprError(outcome.error) : 'None',
        traceback: outcome.error?.traceback ?? null,
      });
    this.#ack(held);
  }

  async #rejected(held: Held, outcome: Of<'rejected'>): Promise<void> {
    const { lines, events, deadLetters } = this.#parts;
    lines.rejected(held.request, outcome.reason, outcome.requeue);
    if (events.enabled) events.send('task-rejected', { uuid: held.request.id, requeue: outcome.requeue });
    if (outcome.error) await this.#storeFailure(held, outcome.error);
    if (held.acked) return;
    if (outcome.requeue) held.delivery.reject({ requeue: true });
    else
      await deadLetters.bury(held.delivery, {
        reason: outcome.error ? 'malformed' : 'rejected',
        detail: outcome.reason,
      });
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
    const embed = readEmbed(app, held);
    const wire = { ...errorToWire(error), traceback: null };
    if (buried) held.acked = true;
    await this.#failed(held, wire, embed ? { embed } : {});
  }

  async #revoked(held: Held, because: 'revoked' | 'expired', terminated: boolean): Promise<void> {
    const { results, lines, events, app } = this.#parts;
    lines.dropped(held.request, because);
    const error = {
      ...errorToWire(new TaskRevokedError(terminated ? 'terminated' : because)),
      traceback: null,
    };
    if (results.failureWanted(held))
      await results.storePatiently(results.failure(held.request, error, [], 'REVOKED'), held.request);
    if (events.enabled)
      events.send('task-revoked', {
        uuid: held.request.id,
        terminated,
        signum: held.terminatedBy ?? null,
        expired: because === 'expired',
      });
    if (app.hooks.has('taskRevoked'))
      app.hooks.emit('taskRevoked', { request: held.request, expired: because === 'expired' });
    this.#ack(held);
  }

  /** Sends what the outcome sets off; returns references to it. */
  async #sendNext(held: Held, outcome: Outcome): Promise<readonly ResultTuple[]> {
    const { request } = held;
    const calls = followUp(outcome, {
      id: request.id,
      rootId: request.rootId,
      priority: request.priority,
      replyTo: request.replyTo,
      inheritPriority: this.#parts.app.config.taskInheritParentPriority,
    });
    await Promise.all(calls.map((call) => this.#sendOne(held, call)));
    if ('embed' in outcome && outcome.embed?.chord) await this.#failChord(held, outcome.embed.chord);
    return calls.map((call) => [[call.options.taskId, null], null]);
  }

  /** Nobody counts the members of chords yet: whoever waits for the body is told, instead of waiting for ever. */
  async #failChord(held: Held, body: SignatureData): Promise<void> {
    const { results, logger } = this.#parts;
    const error = new ChordError(
      `This worker can't count chords yet, so their body ${body.task} will not run`,
    );
    logger.error(`${error.message}: ${held.request.task}[${held.request.id}] is a member of one`);
    const id = body.options?.['task_id'];
    if (!results.enabled || typeof id !== 'string') return;
    const request = { ...held.request, id, group: null, parentId: held.request.id };
    await results.storePatiently(results.failure(request, errorToWire(error)), held.request);
  }

  /** A call that can never be sent fails for those who wait for it; trying again would not help. */
  async #sendOne(held: Held, call: NextCall): Promise<void> {
    const { app, results, logger } = this.#parts;
    try {
      await app.send(call.task, call.args, call.options);
    } catch (error) {
      if (!(error instanceof EncodeError || error instanceof ImproperlyConfigured)) throw error;
      logger.error(`Can't send ${call.task}, linked to ${held.request.task}[${held.request.id}]`, {
        error: error.message,
      });
      if (!results.enabled) return;
      const failed = { ...held.request, id: call.options.taskId, group: null, parentId: held.request.id };
      await results.storePatiently(results.failure(failed, errorToWire(error)), held.request);
    }
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

function readEmbed(app: App, held: Held): Embed | undefined {
  try {
    return decodeMessage(app, held.delivery.message).embed;
  } catch {
    // A body that can't be read has nobody waiting in it.
    return undefined;
  }
}

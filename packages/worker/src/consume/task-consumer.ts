import type {
  App,
  Channel,
  Component,
  Connection,
  Consumer,
  Delivery,
  Logger,
  Outcome,
  TaskRequest,
} from '@tq/core';
import { declareQueue } from '@tq/core/internal';
import type { Queue } from '@tq/core/internal';
import type { DeadLetters } from '../execute/dead-letters.ts';
import type { Executor } from '../execute/executor.ts';
import type { TaskEvents } from '../presence/task-events.ts';
import type { TaskLines } from '../execute/lines.ts';
import type { Settler } from '../execute/settle.ts';
import type { RefusalBook } from '../execute/refuse.ts';
import type { Buckets } from './buckets.ts';
import type { Held } from './held.ts';
import { Inbox } from './inbox.ts';
import { judge } from './judge.ts';
import type { Circumstances, Verdict } from './judge.ts';
import type { MissedRevokes } from './missed-revokes.ts';
import type { PrefetchWindow } from './prefetch.ts';
import { Timetable } from './timetable.ts';

export interface TaskConsumerParts {
  readonly app: App;
  readonly connection: Connection;
  /** What is consumed; grows and shrinks with `add()` and `drop()`, and holds for the next connection too. */
  readonly queues: Queue[];
  readonly executor: Executor;
  readonly settler: Settler;
  readonly refusals: RefusalBook;
  readonly deadLetters: DeadLetters;
  readonly window: PrefetchWindow;
  readonly events: TaskEvents;
  readonly lines: TaskLines;
  readonly logger: Logger;
  readonly buckets: Buckets;
  readonly isRevoked: (held: Held['request']) => boolean;
  /** Revokes that this worker may have missed. */
  readonly missed: MissedRevokes;
  /** Slots of the pool now. */
  readonly slots: () => number;
  /** Takes back what has not started yet. */
  readonly recall: () => void;
}

/** Consumes the queues over one connection: delivery → request → verdict → executor, timetable or drop. */
export class TaskConsumer implements Component {
  readonly name = 'tasks';
  readonly #parts: TaskConsumerParts;
  readonly #inbox: Inbox;
  readonly #waiting: Timetable<Held>;
  #channel: Channel | undefined;
  #consumers: Consumer[] = [];
  #window = -1;
  #received = 0;
  #stopped = false;

  constructor(parts: TaskConsumerParts) {
    this.#parts = parts;
    const { app } = parts;
    this.#inbox = new Inbox(app);
    this.#waiting = new Timetable<Held>({ clock: app.clock, onDue: (held) => this.#due(held) });
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** Deliveries so far. */
  get received(): number {
    return this.#received;
  }

  /** Whether the broker may certainly send more than is here. */
  get hasRoom(): boolean {
    const { executor, settler } = this.#parts;
    // What waits for its result to be stored is here too, and not counted: then nothing is said.
    if (this.#stopped || this.#consumers.length === 0 || !settler.isIdle) return false;
    return this.#window === 0 || executor.held.size + this.waiting < this.#window;
  }

  async start(): Promise<void> {
    const { connection, queues } = this.#parts;
    const channel = await connection.openChannel();
    this.#channel = channel;
    await Promise.all(queues.map((queue) => declareQueue(channel, queue)));
    await this.adjust();
    await this.#parts.missed.look(channel, queues);
    for (const queue of queues) await this.#consume(channel, queue);
  }

  /** Consumes one queue more, from now on. */
  async add(queue: Queue): Promise<void> {
    const { queues } = this.#parts;
    if (queues.some(({ name }) => name === queue.name)) return;
    if (this.#channel && !this.#stopped) {
      await declareQueue(this.#channel, queue);
      await this.#consume(this.#channel, queue);
    }
    queues.push(queue);
  }

  /** Consumes a queue no more; what has come from it stays here. */
  async drop(name: string): Promise<void> {
    const { queues } = this.#parts;
    const at = queues.findIndex((queue) => queue.name === name);
    if (at >= 0) queues.splice(at, 1);
    const leaving = this.#consumers.filter(({ queue }) => queue === name);
    this.#consumers = this.#consumers.filter(({ queue }) => queue !== name);
    await Promise.all(leaving.map((consumer) => consumer.cancel()));
  }

  async #consume(channel: Channel, { name, noAck, consumerArguments }: Queue): Promise<void> {
    const consumer = await channel.consume(name, (delivery) => this.#receive(delivery), {
      ...(noAck ? { noAck } : {}),
      ...(consumerArguments ? { arguments: consumerArguments } : {}),
    });
    this.#consumers.push(consumer);
  }

  /** Those that wait for their ETA or their turn, and when that is. */
  get waitingEntries(): readonly { readonly item: Held; readonly atMs: number }[] {
    return this.#waiting.entries;
  }

  /** Settles what waits and must not run any more. */
  dropUnwanted(unwanted: (held: Held) => boolean): void {
    for (const held of this.#waiting.take(unwanted)) this.#due(held);
  }

  /** Another rate holds for a task: those that wait for their turn get a new one. */
  rateChanged(task: string): void {
    const waiting = this.#waiting.take((held) => held.hasToken && held.request.task === task);
    for (const held of waiting) {
      held.hasToken = false;
      this.#due(held);
    }
  }

  /** No more deliveries; what waits for its moment goes back at once. */
  async cancel(): Promise<void> {
    this.#stopped = true;
    const consumers = this.#consumers.splice(0);
    await Promise.allSettled(consumers.map((consumer) => consumer.cancel()));
    for (const held of this.#waiting.clear()) this.#parts.settler.giveBack(held);
  }

  async flush(): Promise<void> {
    await this.#channel?.flush();
  }

  /** On a lost connection too: what has not started will be delivered again, so it must not start here. */
  async stop(): Promise<void> {
    await this.cancel();
    this.#parts.recall();
    await this.#channel?.close();
  }

  info(): Readonly<Record<string, unknown>> {
    return {
      queues: this.#parts.queues.map((queue) => queue.name),
      prefetch: Math.max(0, this.#window),
      waiting: this.#waiting.size,
    };
  }

  /** A request has left the pool: the window may have changed. */
  finished(outcome: Outcome): void {
    if (outcome.kind === 'succeeded' || outcome.kind === 'failed') this.#parts.window.ran(outcome.runtimeMs);
    void this.adjust();
  }

  /** Tells the broker how many messages may be here. Asked after every request, so no promise is made for nothing. */
  adjust(): Promise<void> | undefined {
    const { window, slots, connection } = this.#parts;
    const size = window.size(slots());
    if (size === this.#window || this.#stopped || !this.#channel) return undefined;
    if (this.#window > 0 && !connection.traits.adjustablePrefetch) return undefined;
    this.#window = size;
    return this.#prefetch(this.#channel, size);
  }

  /** Never rejects. */
  async #prefetch(channel: Channel, size: number): Promise<void> {
    try {
      await channel.prefetch(size);
    } catch (error) {
      this.#parts.logger.warn('The broker refused a new prefetch window', { size, error: String(error) });
    }
  }

  #receive(delivery: Delivery): void {
    const { app, refusals, lines, settler } = this.#parts;
    this.#received += 1;
    const held = this.#inbox.read(delivery);
    if ('reason' in held) return refusals.refuse(delivery, held);
    const { request } = held;
    if (lines.verbose) lines.received(request);
    if (app.hooks.has('taskReceived')) app.hooks.emit('taskReceived', { request });
    const looking = this.#parts.missed.check(delivery, request.id);
    if (looking) settler.beside(looking.then(() => this.#arrived(held)));
    else this.#arrived(held);
  }

  /** What must not run is told of as revoked, nothing else. */
  #arrived(held: Held): void {
    const verdict = this.#judge(held);
    if (verdict.kind !== 'drop') this.#parts.events.received(held);
    this.#follow(held, verdict);
  }

  /** Asked when a request arrives, and again when what it waited for is over. */
  #judge(held: Held): Verdict {
    return judge(held.request, new Now(this.#parts, held));
  }

  #follow(held: Held, verdict: Verdict): void {
    const { executor, settler } = this.#parts;
    if (this.#stopped) return settler.giveBack(held);
    if (verdict.kind === 'run') {
      this.#parts.window.runs();
      return executor.start(held);
    }
    if (verdict.kind === 'drop') return settler.drop(held, verdict.because);
    if (verdict.for === 'rate') held.hasToken = true;
    this.#wait(held, verdict.untilMs);
  }

  #wait(held: Held, untilMs: number): void {
    const { window, app } = this.#parts;
    this.#waiting.add(held, untilMs);
    // Whoever waits takes no slot: the window grows by one, as far as the setting allows.
    const { workerEtaTaskLimit: limit } = app.config;
    if (limit === null) window.waits();
    if (limit === null || this.#waiting.size <= limit) window.parked = this.#waiting.size;
    void this.adjust();
  }

  #due(held: Held): void {
    this.#parts.window.parked = Math.min(this.#parts.window.parked, this.#waiting.size);
    this.#follow(held, this.#judge(held));
    void this.adjust();
  }
}

/** What the verdict on one request depends on: looked up only when it is asked for. */
class Now implements Circumstances {
  readonly #parts: TaskConsumerParts;
  readonly #held: Held;

  constructor(parts: TaskConsumerParts, held: Held) {
    this.#parts = parts;
    this.#held = held;
  }

  get nowMs(): number {
    return this.#parts.app.clock.now();
  }

  isRevoked(request: TaskRequest): boolean {
    return this.#parts.isRevoked(request);
  }

  takeToken(request: TaskRequest): number {
    const { definition, hasToken } = this.#held;
    return hasToken ? 0 : this.#parts.buckets.take(request, definition, this.nowMs);
  }
}

import type { App, EventHead, EventSink, FieldsOf } from '@tq/core';
import { Backlog } from './backlog.ts';
import { EventMaker } from './head.ts';
import { Post } from './post.ts';
import type { Posted } from './post.ts';
import { BATCH_KEY, groupOf, routingKeyOf } from './vocabulary.ts';

/** Most task events that wait for a broker that is away; about 10 MB at worst. */
const MOST_TASK_EVENTS = 10_000;
/** Signs of life are soon outdated. */
const MOST_OTHERS = 100;
/** Task events in one message. */
const MOST_IN_BATCH = 500;
/** Where nobody listens, one event in this time asks whether that still holds. */
const QUIET_MS = 2000;
/** Pause after a broker was not reached. */
const PAUSE_MS = 1000;
/** How long the last events may take at the end. */
const FLUSH_MS = 1000;

type Fields = Readonly<Record<string, unknown>>;
type AnyEvent = EventHead & { readonly type: string };

export interface DispatcherOptions {
  readonly app: App;
  /** Who sends: a node name, or `gen<pid>@<host>`. */
  readonly hostname: string;
  /** Whether task events are sent from the start. @default false */
  readonly taskEvents?: boolean;
  /** Whether task events travel in lists, as a worker's do, or each with the key of its type. @default true */
  readonly batched?: boolean;
}

/**
 * Sends events. Nobody waits for it: what is sent in one turn of the event loop travels together, what comes while the
 * broker is away waits, up to a limit. Where nobody listens, task events are off but for a probe now and then.
 */
export class Dispatcher implements EventSink, AsyncDisposable {
  readonly #app: App;
  readonly #maker: EventMaker;
  readonly #post: Post;
  readonly #batched: boolean;
  readonly #tasks = new Backlog<AnyEvent>(MOST_TASK_EVENTS);
  readonly #others = new Backlog<AnyEvent>(MOST_OTHERS);
  #wanted: boolean;
  #isPaused = false;
  #isClosed = false;
  /** Nobody listened; task events rest until then. Milliseconds, monotonic. */
  #quietUntilMs = 0;
  #draining: Promise<void> | undefined;
  #again: NodeJS.Timeout | undefined;
  #sent = 0;
  /** Losses that were told of. */
  #toldOf = 0;

  constructor(options: DispatcherOptions) {
    const { app, hostname } = options;
    this.#app = app;
    this.#maker = new EventMaker({ hostname, clock: app.clock, lamport: app.lamport });
    this.#post = new Post(app, hostname);
    this.#wanted = options.taskEvents ?? false;
    this.#batched = options.batched ?? true;
  }

  /** Whether a task event is worth building. */
  get enabled(): boolean {
    if (!this.#wanted || this.#isClosed) return false;
    return this.#quietUntilMs === 0 || this.#app.clock.monotonic() >= this.#quietUntilMs;
  }

  /** Whether task events are switched on, heard or not. */
  get taskEvents(): boolean {
    return this.#wanted;
  }

  /** Switches task events on. Returns whether they were off. */
  enable(): boolean {
    const changes = !this.#wanted;
    this.#wanted = true;
    this.listenAgain();
    return changes;
  }

  /** Switches task events off. Returns whether they were on. */
  disable(): boolean {
    const changes = this.#wanted;
    this.#wanted = false;
    return changes;
  }

  /** Somebody has come who may want to hear task events. */
  listenAgain(): void {
    this.#quietUntilMs = 0;
  }

  send<T extends string>(type: T, fields: FieldsOf<T>): void {
    const isTask = groupOf(type) === 'task';
    if (this.#isClosed || (isTask && !this.enabled)) return;
    (isTask ? this.#tasks : this.#others).add(this.#maker.make(type, fields as Fields));
    this.#drainSoon();
  }

  /** The broker is away: what is sent from now on waits. */
  pause(): void {
    this.#isPaused = true;
  }

  /** The broker is there. */
  resume(): void {
    this.#isPaused = false;
    this.listenAgain();
    this.#drainSoon();
  }

  /** Resolves when everything sent so far is through, or can't get through at present. */
  async flush(): Promise<void> {
    this.#drainSoon();
    await this.#draining;
  }

  /** The same, but not for long. */
  async flushSoon(): Promise<void> {
    const enough = new AbortController();
    const late = this.#app.clock.sleep(FLUSH_MS, { signal: enough.signal }).catch(() => undefined); // called off
    await Promise.race([this.flush(), late]);
    enough.abort();
  }

  /** Numbers since the start, for reports. */
  info(): Readonly<Record<string, number>> {
    return {
      sent: this.#sent,
      dropped: this.#tasks.dropped + this.#others.dropped,
      waiting: this.#tasks.size + this.#others.size,
    };
  }

  /** Sends what waits, but not for long. Settles always. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return;
    await this.flushSoon();
    this.#isClosed = true;
    clearTimeout(this.#again);
  }

  #drainSoon(): void {
    if (this.#draining || this.#isPaused || this.#isClosed || this.#again) return;
    if (this.#tasks.size === 0 && this.#others.size === 0) return;
    this.#draining = new Promise((resolve) => {
      setImmediate(() => void this.#drain().then(resolve));
    });
  }

  /** Never rejects. */
  async #drain(): Promise<void> {
    let isReached = true;
    while (isReached && !this.#isPaused && !this.#isClosed && this.#tasks.size + this.#others.size > 0)
      isReached = (await this.#sendOthers()) && (await this.#sendTasks());
    this.#draining = undefined;
    if (!isReached) this.#tryLater();
    this.#tell();
  }

  /** Whether the broker was reached. */
  async #sendOthers(): Promise<boolean> {
    const events = this.#others.take(MOST_OTHERS);
    if (events.length === 0) return true;
    return this.#settle(this.#others, events, await this.#sendEach(events));
  }

  async #sendTasks(): Promise<boolean> {
    const events = this.#tasks.take(MOST_IN_BATCH);
    if (events.length === 0) return true;
    const ends = this.#batched ? [await this.#post.send(BATCH_KEY, events)] : await this.#sendEach(events);
    if (ends.every((end) => end === 'unheard')) {
      this.#quietUntilMs = this.#app.clock.monotonic() + QUIET_MS;
      this.#tasks.clear();
    } else if (this.#quietUntilMs !== 0) this.#quietUntilMs = 0;
    return this.#settle(this.#tasks, events, ends);
  }

  #sendEach(events: readonly AnyEvent[]): Promise<Posted[]> {
    return Promise.all(events.map((event) => this.#post.send(routingKeyOf(event.type), event)));
  }

  /** Counts, and puts back what may be sent later. `ends` has one entry for each event, or one for all. */
  #settle(backlog: Backlog<AnyEvent>, events: readonly AnyEvent[], ends: readonly Posted[]): boolean {
    const endOf = (index: number): Posted | undefined => ends[ends.length === 1 ? 0 : index];
    const unsent = events.filter((_, index) => endOf(index) === 'unreachable');
    const refused = events.filter((_, index) => endOf(index) instanceof Error).length;
    this.#sent += events.filter((_, index) => endOf(index) === 'heard').length;
    backlog.putBack(unsent);
    backlog.lost(refused);
    const error = ends.find((end) => end instanceof Error);
    if (error) this.#app.logger.debug('Events could not be sent', { error: (error as Error).message });
    return unsent.length === 0;
  }

  #tryLater(): void {
    if (this.#isPaused || this.#isClosed) return;
    this.#again = setTimeout(() => {
      this.#again = undefined;
      this.#drainSoon();
    }, PAUSE_MS);
    this.#again.unref();
  }

  /** Once the broker is back, or refuses them, how many events are missing. */
  #tell(): void {
    const { dropped } = this.#tasks;
    if (dropped === this.#toldOf) return;
    this.#app.logger.warn('Events were dropped: the broker was away for too long, or refused them', {
      count: dropped - this.#toldOf,
    });
    this.#toldOf = dropped;
  }
}

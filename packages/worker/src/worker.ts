import { registerBuiltins } from '@tq/canvas';
import { ImproperlyConfigured } from '@tq/core';
import { ControlNode, NO_ANSWER } from '@tq/control';
import type { ControlNodeParts } from '@tq/control';
import type { App, Component, Connection, Logger, Outcome, Pool, ResultBackend } from '@tq/core';
import {
  deferred,
  durationMs,
  shownBackend,
  shownBroker,
  startAll,
  toError,
  zoneOf,
} from '@tq/core/internal';
import type { Queue } from '@tq/core/internal';
import { Autoscaler } from './autoscaler.ts';
import { ConnectionLoop } from './connection-loop.ts';
import type { Freeze } from './connection-loop.ts';
import { Buckets } from './consume/buckets.ts';
import { ConsumeWatch } from './consume/consume-watch.ts';
import type { Held } from './consume/held.ts';
import { mustDrop } from './consume/judge.ts';
import { MissedRevokes } from './consume/missed-revokes.ts';
import { PrefetchWindow } from './consume/prefetch.ts';
import { StallWatch } from './consume/stall-watch.ts';
import { TaskConsumer } from './consume/task-consumer.ts';
import { checkReachable, isPoolChild } from './execute/child-app.ts';
import { makePool } from './execute/make-pool.ts';
import { DeadLetters } from './execute/dead-letters.ts';
import { Executor } from './execute/executor.ts';
import { TaskLines } from './execute/lines.ts';
import { RefusalBook } from './execute/refuse.ts';
import { Results } from './execute/results.ts';
import { Settler } from './execute/settle.ts';
import { importTasks } from './load/index.ts';
import { planWorker } from './options.ts';
import type { WorkerOptions, WorkerPlan } from './options.ts';
import { Mingle } from './presence/mingle.ts';
import { Presence } from './presence/presence.ts';
import { TaskEvents } from './presence/task-events.ts';
import { Neighbours } from './remote/neighbours.ts';
import { remoteHandler } from './remote/remote.ts';
import { StandIn } from './remote/stand-in.ts';
import { makeRevoked } from './revoked.ts';
import type { Revoked } from './revoked.ts';
import { StateFile } from './state-file.ts';

export interface Ending {
  readonly exitCode: number;
  readonly error?: Error;
}

/** What a worker is, for the banner and for whoever asks. */
export interface WorkerDescription {
  readonly hostname: string;
  readonly app: string;
  /** Broker URL, password masked. */
  readonly transport: string;
  /** Result backend URL, password masked; `disabled://` when there's none. */
  readonly results: string;
  readonly concurrency: number;
  readonly pool: string;
  readonly events: boolean;
  readonly queues: WorkerPlan['queues'];
  readonly tasks: readonly string[];
}

/** A worker: takes messages from a broker, runs their tasks in a pool, settles the outcomes. */
export function createWorker(app: App, options: WorkerOptions = {}): Worker {
  return new Worker(app, options);
}

export class Worker implements AsyncDisposable {
  readonly app: App;
  readonly logger: Logger;
  readonly #options: WorkerOptions;
  readonly #finished = deferred<Ending>();
  readonly #stopping = new AbortController();
  #planned: WorkerPlan | undefined;
  #prepared: Promise<PreparedPlan> | undefined;
  #warm: WarmPool | undefined;
  #running: Running | undefined;
  #starting: Promise<void> | undefined;
  #stopped: Promise<void> | undefined;
  #ending: Ending = { exitCode: 0 };

  constructor(app: App, options: WorkerOptions = {}) {
    this.app = app;
    this.logger = options.logger ?? app.logger;
    this.#options = options;
  }

  /** Settles when the worker has stopped, asked to or not. Never rejects. */
  get finished(): Promise<Ending> {
    return this.#finished.promise;
  }

  /** Loads the modules with tasks and checks everything that can be checked before a connection is made. */
  prepare(): Promise<PreparedPlan> {
    this.#prepared ??= this.#prepare();
    return this.#prepared;
  }

  /**
   * Lets the pool's hosts load the app already, while the caller goes on to `describe()` and `start()`. `stop()` ends them.
   */
  warmUp(): void {
    if (this.#warm || this.#stopping.signal.aborted) return;
    const plan = this.#plan();
    const pool = makePool(this.app, plan, this.#options, {
      logger: this.logger,
      onFatal: (error) => void this.#fail(error),
    });
    this.#warm = { pool, ready: pool.start() };
    this.#warm.ready.catch(() => undefined); // start() tells
  }

  async describe(): Promise<WorkerDescription> {
    const plan = await this.prepare();
    const { app } = this;
    return {
      hostname: plan.hostname,
      app: app.name,
      transport: plan.transport,
      results: plan.results,
      concurrency: plan.concurrency,
      pool: plan.factory.traits.kind,
      events: app.config.workerSendTaskEvents,
      queues: plan.queues,
      tasks: [...app.tasks.keys()].filter((name) => !name.startsWith('celery.')).sort(),
    };
  }

  /** Resolves when the worker consumes. Rejects when it never will: the app can't be loaded, no broker and no retry. */
  start(): Promise<void> {
    this.#starting ??= this.#start();
    return this.#starting;
  }

  /**
   * Warm: no new tasks, reserved ones go back at once, running ones finish. Cold: running ones are ended after
   * `workerSoftShutdownTimeout` and go back too (those acknowledged early are lost). May be called again to turn a warm
   * stop into a cold one. Settles always.
   */
  stop(options: { readonly how?: 'warm' | 'cold'; readonly exitCode?: number } = {}): Promise<void> {
    if (options.how === 'cold') this.#running?.turnCold();
    if (options.exitCode !== undefined && !this.#ending.error) this.#ending = { exitCode: options.exitCode };
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  /** Numbers of this worker, for reports. */
  info(): Readonly<Record<string, unknown>> {
    return this.#running?.info() ?? {};
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** What can be said of the worker without loading anything. @throws ImproperlyConfigured */
  #plan(): WorkerPlan {
    this.#planned ??= planWorker(this.app, this.#options);
    const { kind } = this.#planned.factory.traits;
    if (kind !== 'solo') checkReachable(this.app, this.#options.appModule, kind);
    return this.#planned;
  }

  async #prepare(): Promise<PreparedPlan> {
    refuseInsideOfChild();
    const plan = this.#plan();
    const { kind, killable } = plan.factory.traits;
    await importTasks(this.app, {
      workdir: process.cwd(),
      appFile: this.#options.appModule?.file,
      modules: plan.include,
    });
    if (!killable) refuseHardLimits(this.app, kind);
    const [transport, results] = await Promise.all([shownBroker(this.app), shownBackend(this.app)]);
    return { ...plan, transport, results };
  }

  async #start(): Promise<void> {
    try {
      refuseInsideOfChild();
      // Hosts, the result backend and the modules with tasks are slow to come up: all at once.
      this.warmUp();
      const connecting = this.app.backendSetting === null ? undefined : this.app.resultBackend();
      connecting?.catch(() => undefined); // awaited below
      const plan = await this.prepare();
      this.app.hooks.emit('workerInit', { hostname: plan.hostname });
      const backend = await connecting;
      if (this.#stopping.signal.aborted) return;
      this.#running = new Running(
        this,
        plan,
        this.#options,
        backend,
        this.#warm as WarmPool,
        (error) => void this.#fail(error),
      );
      await this.#running.start();
      if (this.#stopping.signal.aborted) return; // stopped before it ever consumed
      this.logger.info(`${plan.hostname} ready.`);
      this.app.hooks.emit('workerReady', { hostname: plan.hostname });
    } catch (error) {
      await this.#fail(toError(error));
      throw error;
    }
  }

  async #fail(error: Error): Promise<void> {
    if (!this.#ending.error) this.#ending = { exitCode: exitCodeOf(error), error };
    this.#running?.turnCold();
    await this.stop();
  }

  async #stop(): Promise<void> {
    this.#stopping.abort();
    try {
      if (this.#running) await this.#running.stop();
      else await this.#warm?.pool.close({ graceMs: 0 });
    } catch (error) {
      this.logger.error('The worker did not stop cleanly', { error: toError(error).stack });
    }
    const plan = await this.#prepared?.catch(() => undefined);
    if (plan) this.app.hooks.emit('workerShutdown', { hostname: plan.hostname });
    this.#finished.resolve(this.#ending);
  }
}

/** The two rings of a started worker. */
class Running {
  readonly #app: App;
  readonly #logger: Logger;
  readonly #plan: PreparedPlan;
  readonly #options: WorkerOptions;
  readonly #pool: Pool;
  readonly #window: PrefetchWindow;
  readonly #presence: Presence;
  readonly #events: TaskEvents;
  readonly #lines: TaskLines;
  readonly #results: Results;
  readonly #deadLetters: DeadLetters;
  readonly #settler: Settler;
  readonly #executor: Executor;
  readonly #refusals: RefusalBook;
  readonly #stall: StallWatch;
  readonly #loop: ConnectionLoop;
  readonly #revoked: Revoked;
  readonly #missed: MissedRevokes;
  readonly #buckets: Buckets;
  readonly #neighbours = new Neighbours();
  readonly #autoscaler: Autoscaler | undefined;
  readonly #obey: ControlNodeParts['handle'];
  /** What is consumed now; remote control may change it. */
  readonly #queues: Queue[];
  #node: ControlNode | undefined;
  #standIn: StandIn | undefined;
  readonly #cold = deferred();
  readonly #abort = new AbortController();
  readonly #impatient = new AbortController();
  #outer: AsyncDisposable | undefined;
  readonly #poolReady: Promise<void>;
  #consumer: TaskConsumer | undefined;
  #isCold = false;

  constructor(
    worker: Worker,
    plan: PreparedPlan,
    options: WorkerOptions,
    backend: ResultBackend | undefined,
    { pool, ready }: WarmPool,
    onFatal: (error: Error) => void,
  ) {
    this.#app = worker.app;
    this.#logger = worker.logger;
    this.#plan = plan;
    this.#options = options;
    const { app, hostname } = { app: worker.app, hostname: plan.hostname };
    const logger = this.#logger;
    registerBuiltins(app);
    this.#pool = pool;
    this.#poolReady = ready;
    this.#window = new PrefetchWindow({
      multiplier: app.config.workerPrefetchMultiplier,
      disabled: app.config.workerDisablePrefetch,
    });
    this.#presence = new Presence({
      app,
      hostname,
      logger,
      options,
      neighbours: this.#neighbours,
      counts: () => {
        const { busy } = this.#pool.stats();
        const ended = [...this.#executor.totals.values()].reduce((sum, count) => sum + count, 0);
        return { active: busy, processed: ended + busy };
      },
    });
    this.#events = new TaskEvents(this.#presence.sink);
    this.#queues = [...plan.queues];
    this.#revoked = makeRevoked(app);
    this.#missed = new MissedRevokes({ app, backend, revoked: this.#revoked, logger });
    this.#buckets = new Buckets({
      enabled: !app.config.workerDisableRateLimits,
      defaultRate: app.config.taskDefaultRateLimit,
    });
    this.#lines = new TaskLines(logger, () => zoneOf(app.config));
    this.#results = new Results({ app, backend, hostname, logger, impatient: this.#impatient.signal });
    this.#deadLetters = new DeadLetters({ app, hostname, logger });
    this.#settler = new Settler({
      app,
      results: this.#results,
      impatient: this.#impatient.signal,
      deadLetters: this.#deadLetters,
      events: this.#events,
      lines: this.#lines,
      logger,
      isStopping: () => this.#isCold,
    });
    this.#executor = new Executor({
      app,
      pool: this.#pool,
      settler: this.#settler,
      results: this.#results,
      events: this.#events,
      lines: this.#lines,
      hostname,
      mustDrop: (held) =>
        mustDrop(held.request, {
          nowMs: app.clock.now(),
          isRevoked: (request) => this.#revoked.has(request),
        }),
      finished: (held, outcome) => this.#onFinished(held, outcome),
    });
    this.#refusals = new RefusalBook({
      app,
      results: this.#results,
      deadLetters: this.#deadLetters,
      logger,
      events: this.#events,
      settler: this.#settler,
    });
    this.#stall = new StallWatch({
      pool: this.#pool,
      window: this.#window,
      clock: app.clock,
      changed: () => void this.#consumer?.adjust(),
    });
    this.#autoscaler =
      plan.autoscale &&
      new Autoscaler(plan.autoscale, {
        pool,
        clock: app.clock,
        logger,
        demand: () => this.#executor.held.size,
        resize: (size) => this.#resize(size),
        changed: () => void this.#consumer?.adjust(),
      });
    this.#obey = this.#remote(worker);
    this.#loop = new ConnectionLoop({
      app,
      logger,
      innerRing: (connection, frozen) => this.#innerRing(connection, frozen),
      onConnected: () => logger.info(`Connected to ${plan.transport}`),
      onGivenUp: onFatal,
    });
  }

  async start(): Promise<void> {
    if (this.#options.purge) await this.#purge();
    const { stateDb: path } = this.#plan;
    const stateFile =
      path === undefined
        ? []
        : [
            new StateFile({
              path,
              revoked: this.#revoked,
              lamport: this.#app.lamport,
              logger: this.#logger,
            }),
          ];
    this.#outer = await startAll([
      ...stateFile,
      ...(this.#options.components?.outer ?? []),
      ...(this.#autoscaler ? [this.#autoscaler] : []),
      this.#stall,
      this.#loop,
    ]);
  }

  #remote(worker: Worker): ControlNodeParts['handle'] {
    const obey = remoteHandler({
      app: this.#app,
      hostname: this.#plan.hostname,
      logger: this.#logger,
      pool: this.#pool,
      executor: this.#executor,
      settler: this.#settler,
      results: this.#results,
      revoked: this.#revoked,
      buckets: this.#buckets,
      queues: this.#queues,
      neighbours: this.#neighbours,
      autoscaler: this.#autoscaler,
      maxTasksPerChild: this.#plan.maxTasksPerChild,
      events: this.#presence.remote,
      consumer: () => this.#consumer,
      resize: (size) => this.#resize(size),
      shutdown: () => void worker.stop({ how: 'warm', exitCode: 0 }),
      info: () => this.info(),
    });
    // Who stands in for this worker has answered already.
    return async (method, args, ticket) => {
      if (method === 'ping' && (await this.#standIn?.hasAnswered(ticket))) return NO_ANSWER;
      return obey(method, args);
    };
  }

  /** Where tasks run in this very thread, and another one can reach the broker. */
  #needsStandIn({ traits }: Connection): boolean {
    return this.#pool.traits.kind === 'solo' && traits.shared && StandIn.isPossible(this.#app);
  }

  async #resize(size: number): Promise<void> {
    const resizing = this.#pool.resize(size);
    void this.#consumer?.adjust();
    await resizing;
  }

  async stop(): Promise<void> {
    const leaving = this.#sayGoodbye();
    await this.#consumer?.cancel();
    this.#pool.recall();
    const shutdownMs = this.#app.config.workerShutdownTimeout;
    await this.#untilIdle(shutdownMs === null ? undefined : durationMs(shutdownMs, 'workerShutdownTimeout'));
    await this.#settled();
    await this.#consumer?.flush().catch(() => undefined);
    await Promise.race([leaving, this.#after(COOPERATION_MS)]);
    await this.#outer?.[Symbol.asyncDispose]();
    await this.#loop.stop();
    await this.#presence.close();
    await this.#pool.close({ graceMs: this.#isCold ? 0 : 5000 });
    this.#abort.abort();
  }

  /** So that nobody waits for its answers. Without a connection nobody is there to be told. */
  async #sayGoodbye(): Promise<void> {
    const args = { from_node: this.#plan.hostname, revoked: {}, leaving: true };
    await this.#node?.tell('hello', args).catch(() => undefined);
  }

  /** Ends a warm stop's patience. */
  turnCold(): void {
    this.#isCold = true;
    this.#cold.resolve();
  }

  info(): Readonly<Record<string, unknown>> {
    return {
      hostname: this.#plan.hostname,
      ...this.#presence.info(),
      pool: this.#pool.stats(),
      consumer: this.#consumer?.info() ?? null,
    };
  }

  /** Waits for the running tasks; when that takes too long or becomes cold, ends them. */
  async #untilIdle(patienceMs: number | undefined): Promise<void> {
    const idle = this.#poolIdle();
    const outcome = await Promise.race([
      idle.then(() => 'idle' as const),
      this.#cold.promise.then(() => 'cold' as const),
      ...(patienceMs === undefined ? [] : [this.#after(patienceMs)]),
    ]);
    if (outcome === 'idle') return;
    this.#isCold = true;
    const softMs = durationMs(this.#app.config.workerSoftShutdownTimeout, 'workerSoftShutdownTimeout');
    if (softMs > 0) {
      this.#logger.warn(`Initiating soft shutdown: running tasks have ${softMs / 1000} seconds.`);
      if ((await Promise.race([idle.then(() => 'idle' as const), this.#after(softMs)])) === 'idle') return;
    }
    this.#executor.abortAll();
    if ((await Promise.race([idle.then(() => 'idle' as const), this.#after(COOPERATION_MS)])) === 'idle')
      return;
    await this.#pool.close({ graceMs: 0 });
  }

  /** Waits until results are stored; those that can't be, not for long: their messages are given back. */
  async #settled(): Promise<void> {
    const idle = this.#settler.idle();
    const cold = this.#cold.promise.then(() => this.#after(COOPERATION_MS));
    await Promise.race([idle, cold, this.#after(STORE_MS)]);
    this.#impatient.abort();
    await idle;
  }

  async #poolIdle(): Promise<void> {
    while (this.#executor.held.size > 0 && !this.#abort.signal.aborted) await this.#app.clock.sleep(20);
  }

  async #after(ms: number): Promise<'late'> {
    await this.#app.clock.sleep(ms, { signal: this.#abort.signal }).catch(() => undefined);
    return 'late';
  }

  #innerRing(connection: Connection, frozen: (freeze: Freeze) => void) {
    const { components } = this.#options;
    const consumer = new TaskConsumer({
      app: this.#app,
      connection,
      queues: this.#queues,
      executor: this.#executor,
      settler: this.#settler,
      refusals: this.#refusals,
      deadLetters: this.#deadLetters,
      window: this.#window,
      events: this.#events,
      lines: this.#lines,
      logger: this.#logger,
      buckets: this.#buckets,
      isRevoked: (request) => this.#revoked.has(request),
      missed: this.#missed,
      slots: () => this.#autoscaler?.range.max ?? this.#pool.size,
      recall: () => this.#pool.recall(),
    });
    this.#consumer = consumer;
    const { node, mingle, standIn } = this.#control(connection);
    const pool = {
      name: 'pool ready',
      start: async () => void (await Promise.all([this.#poolReady, mingle?.finished])),
      stop: () => Promise.resolve(),
    };
    const watch = new ConsumeWatch({
      connection,
      queues: this.#plan.queues,
      consumer,
      clock: this.#app.clock,
      frozen,
    });
    const [sending, ...others] = this.#presence.on(connection);
    const remote: Component[] = [...(node ? [node] : []), ...(mingle ? [mingle] : [])];
    const last = standIn ? [standIn] : [];
    const own = components?.inner?.(connection) ?? [];
    return [sending, ...remote, ...others, pool, consumer, watch, ...last, ...own];
  }

  /** How others speak to this worker. It listens before it asks, and both before it consumes: no revoke is missed. */
  #control(connection: Connection): ControlParts {
    this.#standIn = undefined;
    if (!this.#app.config.workerEnableRemoteControl) return {};
    const { hostname } = this.#plan;
    const common = { app: this.#app, connection, hostname, logger: this.#logger };
    const node = new ControlNode({
      ...common,
      handle: this.#obey,
      neighbours: () => this.#neighbours.names,
    });
    this.#node = node;
    if (this.#needsStandIn(connection)) this.#standIn = new StandIn(common);
    const standIn = this.#standIn ? { standIn: this.#standIn } : {};
    // Where nobody else can be, nobody is asked.
    if (this.#options.mingle === false || !connection.traits.shared) return { node, ...standIn };
    return {
      node,
      mingle: new Mingle({ ...common, revoked: this.#revoked, neighbours: this.#neighbours }),
      ...standIn,
    };
  }

  #onFinished(_held: Held, outcome: Outcome): void {
    this.#stall.finished();
    this.#consumer?.finished(outcome);
  }

  async #purge(): Promise<void> {
    const channel = await this.#app.producer().channel();
    for (const { name, broadcast } of this.#plan.queues) {
      if (broadcast) continue; // its queue is new, and goes with the worker
      const count = await channel.purgeQueue(name);
      this.#logger.warn(`purge: Erased ${count} message${count === 1 ? '' : 's'} from the queue ${name}.`);
    }
  }
}

/** How long a stopping worker tries to store the last results. */
const STORE_MS = 5000;

/** How long a task may take to end by itself when its signal fires in a cold shutdown. */
const COOPERATION_MS = 250;

/** How a worker shows itself to others, and sees them. */
interface ControlParts {
  readonly node?: ControlNode;
  readonly mingle?: Mingle;
  readonly standIn?: StandIn;
}

/** The pool of a worker, and when it can take jobs. */
interface WarmPool {
  readonly pool: Pool;
  readonly ready: Promise<void>;
}

/** A module that starts a worker is loaded by the worker's children too, if it's the one that has the app. */
function refuseInsideOfChild(): void {
  if (!isPoolChild()) return;
  throw new ImproperlyConfigured(
    'This process is a child of a worker that loads the module of its app, and the module starts a worker. ' +
      'Start it only in the main program: if (process.argv[1] === import.meta.filename) { … }; with threads also check isMainThread.',
  );
}

function refuseHardLimits(app: App, kind: string): void {
  const limited = [...app.tasks.values()]
    .filter((task) => task.definition.options.timeLimit !== undefined)
    .map((task) => task.taskName);
  if (app.config.taskTimeLimit !== null) limited.unshift('the setting taskTimeLimit');
  if (limited.length === 0) return;
  throw new ImproperlyConfigured(
    `The pool "${kind}" can't end a task by force, but there are hard time limits: ${limited.join(', ')}. Use the pool "prefork", or soft limits.`,
  );
}

/** A plan, with the addresses as people read them. */
interface PreparedPlan extends WorkerPlan {
  readonly transport: string;
  readonly results: string;
}

function exitCodeOf(error: Error): number {
  const { code } = error as { code?: unknown };
  return code === 'TQ_BROKER_UNAVAILABLE' ? 69 : 1;
}

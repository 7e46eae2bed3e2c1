import { randomUUID } from 'node:crypto';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eagerHandle, eagerResult, EagerRun, storeEagerly } from './eager.ts';
import { prepareCall } from './call.ts';
import type { CallSurroundings, PreparedCall } from './call.ts';
import { faultOfCall } from './check-call.ts';
import { checkArguments, sendable } from './call-arguments.ts';
import type { CallOptions } from './call-options.ts';
import { systemClock } from './clock.ts';
import { dispatch } from './dispatch.ts';
import { findCanvas } from './drivers.ts';
import { isSingleCall, ownId } from './compose.ts';
import { ConfigLayers } from './config.ts';
import type { Conf, Config, ConfigLayer, SettingName } from './config.ts';
import { isDriver } from './connect.ts';
import type { BrokerSetting } from './connect.ts';
import { Connections } from './connections.ts';
import type { BackendSetting, Purpose } from './connections.ts';
import { executing } from './context.ts';
import type { TaskContext } from './context.ts';
import { Deadlines } from './deadlines.ts';
import type { DefinedTask } from './define-task.ts';
import { didYouMean } from './did-you-mean.ts';
import {
  AlreadyRegistered,
  BackendUnavailableError,
  ClosedError,
  ImproperlyConfigured,
  toError,
} from './errors.ts';
import { findControl } from './drivers.ts';
import { Hooks } from './hooks.ts';
import { LamportClock } from './lamport.ts';
import { lazyControl } from './lazy-control.ts';
import { Lazy } from './lifecycle.ts';
import { stderrLogger } from './logger.ts';
import { ErrorRegistry } from './message/error-registry.ts';
import { senderName } from './nodename.ts';
import type { Producer, PublishPlan } from './producer.ts';
import { publishThrough } from './publish-through.ts';
import { GroupResult, groupsOf } from './group-result.ts';
import { ResultCache } from './result-cache.ts';
import { AsyncResult } from './result.ts';
import type { ResultHandle } from './result.ts';
import { SentCall } from './sent-call.ts';
import { SentEvents, tellOfCall } from './sent-events.ts';
import { makeAuth } from './security/setup.ts';
import type { SecurityOptions } from './security/setup.ts';
import { Serializers } from './serialize/registry.ts';
import type { Settings } from './settings.ts';
import { applied, checkSignatureData, makeSignatureData, Signature } from './signature.ts';
import { makeTask } from './task.ts';
import type { AnyTask, Task } from './task.ts';
import { makeDefinition } from './task-definition.ts';
import type { TaskDefinition, TaskOptions } from './task-definition.ts';
import type { ResultBackend, ResultTuple } from './types/backend.ts';
import type { CanvasModule } from './types/canvas.ts';
import type { Clock } from './types/clock.ts';
import type { AppCommand, CommandFacts, CommandHandler, Control } from './types/control.ts';
import type { Interceptor } from './types/hooks.ts';
import type { Logger } from './types/logger.ts';
import type { SignatureData } from './types/signature.ts';
import type { Connection } from './types/transport.ts';

/** What `createApp()` takes besides a name. Everything but drivers may be changed later in `app.conf`. */
export interface AppOptions {
  /** A URL, a list of URLs for fail-over, or a driver. @default the embedded file, `sqlite://` */
  readonly broker?: BrokerSetting;
  /** A URL, null for none, or a driver. @default the embedded file when no broker is named either, else none */
  readonly backend?: BackendSetting;
  /** Modules a worker imports to find tasks. */
  readonly include?: readonly string[];
  /** `import.meta.url` of the module that exports the app: child processes of a composed worker load it. */
  readonly module?: string;
  /** Celery's own defaults where tq's differ. */
  readonly preset?: 'celery';
  /** Settings; the same as `app.conf.update()`. */
  readonly conf?: Partial<Settings>;
  /** @default warnings and errors to stderr */
  readonly logger?: Logger;
  /** @default the machine's */
  readonly clock?: Clock;
}

/** Marks apps, so that one made by another copy of this package is recognised too. */
const APP = Symbol.for('tq.app');

/**
 * An app: its tasks, its settings, its way to the broker and to results.
 *
 * ```ts
 * export const app = createApp('proj', { broker: 'amqp://', backend: 'rpc://', include: ['proj/tasks'] });
 * export const add = app.task('proj.tasks.add', (x: number, y: number) => x + y);
 * await add.delay(2, 2).get({ timeout: 1 }); // 4
 * ```
 */
export function createApp(name: string, options: AppOptions = {}): App {
  return new App(name, options);
}

/** Whether a value is an app. */
export function isApp(value: unknown): value is App {
  return typeof value === 'object' && value !== null && APP in value;
}

/** Made by `createApp()`; opens nothing before its first call. */
export class App implements AsyncDisposable {
  readonly [APP] = true;
  /** Prefixes the names of tasks that are named after their function. */
  readonly name: string;
  /** `import.meta.url` of the module that exports the app, where it was given. */
  readonly module: string | undefined;
  /** Registered tasks by name. */
  readonly tasks = new Map<string, AnyTask>();
  /** In-process signals: `app.hooks.on('taskFailure', ({ request, error }) => …)`. */
  readonly hooks: Hooks;
  /** What `use()` has added. */
  readonly interceptors: Interceptor[] = [];
  /** How bodies are written and read; `app.serializers.register()` adds one. */
  readonly serializers = new Serializers(() => this.folder);
  /** Error classes that come back as themselves: after `app.errors.register(OutOfStock)`, `get()` throws an OutOfStock. */
  readonly errors = new ErrorRegistry();
  /** @internal */
  readonly finals = new ResultCache(() => this.config.resultCacheMax);
  /** What time it is. */
  readonly clock: Clock;
  /** Logical time, for events and remote control. */
  readonly lamport = new LamportClock();
  /** Commands of the app's own for remote control, by name. */
  readonly commands = new Map<string, AppCommand>();
  /** Inspects and steers running workers. Needs the package @tq/control, imported at the first use. */
  readonly control: Control = lazyControl(() => this.#openControl());
  /** Names this sender; where replies go. */
  readonly oid = randomUUID();
  /** Where the app writes what nobody else would notice. */
  logger: Logger;
  readonly #layers: ConfigLayers;
  #broker: BrokerSetting | undefined;
  #backendDriver: Exclude<BackendSetting, string | null> | undefined;
  readonly #origin = senderName();
  readonly #connections: Connections;
  readonly #sentEvents = new SentEvents(this);
  readonly #deadlines = new Deadlines();
  #isClosed = false;
  readonly #control = new Lazy(async () => (await findControl(this.folder)).createControl(this));
  /** Whether results are kept at all; the environment isn't asked for every call. */
  #keepsResults: boolean | undefined;
  #canvas: Promise<CanvasModule> | undefined;

  constructor(name: string, options: AppOptions = {}) {
    if (typeof name !== 'string' || name === '')
      throw new ImproperlyConfigured("An app needs a name: createApp('proj').");
    checkAppOptions(options);
    const { broker, backend, include, conf, preset } = options;
    this.name = name;
    this.module = options.module;
    this.clock = options.clock ?? systemClock;
    this.logger = options.logger ?? stderrLogger;
    this.hooks = new Hooks({ logger: () => this.logger });
    this.#connections = new Connections(this);
    this.#layers = new ConfigLayers({
      ...(preset ? { preset } : {}),
      onChange: (names, layer) => this.#afterChange(names, layer),
    });
    this.#layers.update({
      ...(isDriver(broker) ? {} : { brokerUrl: broker ?? undefined }),
      ...(isBackendDriver(backend) ? {} : { resultBackend: backend }),
      include,
      ...conf,
    });
    if (isDriver(broker)) this.#broker = broker;
    if (isBackendDriver(backend)) this.#backendDriver = backend;
  }

  /** Settings: read, assign, `update({ … })`. */
  get conf(): Conf {
    return this.#layers.conf;
  }

  /** All settings now, frozen. */
  get config(): Config {
    return this.#layers.resolved;
  }

  /** @internal What differs from the defaults because somebody has said so; another process needs no more. */
  get givenSettings(): Partial<Settings> {
    return this.#layers.given;
  }

  /** Where drivers are looked for: the folder of the app's module, else the working directory. */
  get folder(): string {
    if (this.module === undefined) return process.cwd();
    return dirname(this.module.startsWith('file:') ? fileURLToPath(this.module) : this.module);
  }

  /** Where messages live. The environment wins, as in Celery: TQ_BROKER_URL, then CELERY_BROKER_URL. */
  get brokerSetting(): BrokerSetting {
    return fromEnvironment('TQ_BROKER_URL', 'CELERY_BROKER_URL') ?? this.#broker ?? this.config.brokerUrl;
  }

  /** @internal The same for one purpose: the settings brokerReadUrl and brokerWriteUrl. */
  brokerSettingFor(purpose: Purpose): BrokerSetting {
    const isReading = purpose === 'reading';
    const name = isReading ? 'BROKER_READ_URL' : 'BROKER_WRITE_URL';
    const { brokerReadUrl, brokerWriteUrl } = this.config;
    return (
      fromEnvironment(`TQ_${name}`, `CELERY_${name}`) ??
      (isReading ? brokerReadUrl : brokerWriteUrl) ??
      this.brokerSetting
    );
  }

  /** Where results live; null = nowhere. The environment wins: TQ_RESULT_BACKEND, then CELERY_RESULT_BACKEND. */
  get backendSetting(): BackendSetting {
    const setting =
      fromEnvironment('TQ_RESULT_BACKEND', 'CELERY_RESULT_BACKEND') ??
      this.#backendDriver ??
      (this.#isEmbedded() ? 'sqlite://' : this.config.resultBackend);
    return setting === 'disabled' || setting === 'disabled://' ? null : setting;
  }

  /** Nobody has named a broker or a backend: one file holds both. */
  #isEmbedded(): boolean {
    const isNamed = this.#layers.isGiven('brokerUrl') || this.#layers.isGiven('resultBackend');
    return !isNamed && this.brokerSetting === this.config.brokerUrl;
  }

  // Tasks

  /** Registers a task. Its name is how messages call it, in every language; its types are those of the function. */
  task<P extends unknown[], R>(name: string, run: (...args: P) => R): Task<P, R>;
  task<P extends unknown[], R>(
    name: string,
    options: TaskOptions & { readonly bind: true },
    run: (self: TaskContext, ...args: P) => R,
  ): Task<P, R>;
  task<P extends unknown[], R>(
    name: string,
    options: TaskOptions & { readonly bind?: false },
    run: (...args: P) => R,
  ): Task<P, R>;
  /** Names the task after its function: `<app name>.<function name>`. */
  task<P extends unknown[], R>(run: (...args: P) => R): Task<P, R>;
  task(
    first: string | ((...args: never[]) => unknown),
    second?: TaskOptions | ((...args: never[]) => unknown),
    third?: (...args: never[]) => unknown,
  ): AnyTask {
    if (typeof first === 'function') return this.#register(makeDefinition(this.#nameOf(first), {}, first));
    if (typeof second === 'function') return this.#register(makeDefinition(first, {}, second));
    return this.#register(makeDefinition(first, second ?? {}, third as (...args: never[]) => unknown));
  }

  /** Registers a task that `defineTask()` made without an app. */
  register<P extends unknown[], R>(task: DefinedTask<P, R>): Task<P, R> {
    return this.#register(task.definition) as Task<P, R>;
  }

  /**
   * Has workers import the modules that match these patterns, besides those of the setting `include`: paths with `*` and `**`
   * beside the app, else from the working directory, such as `src/**\/tasks.ts`.
   */
  autodiscoverTasks(patterns: string | readonly string[]): this {
    this.#layers.addIncludes(typeof patterns === 'string' ? [patterns] : patterns);
    return this;
  }

  #register(definition: TaskDefinition): AnyTask {
    const present = this.tasks.get(definition.name);
    if (present?.definition === definition) return present;
    if (present && !definition.options.override) throw new AlreadyRegistered(definition.name);
    const task = makeTask(this, definition);
    this.tasks.set(definition.name, task);
    return task;
  }

  #nameOf(run: (...args: never[]) => unknown): string {
    if (run.name === '')
      throw new ImproperlyConfigured(
        "A task made from a function without a name needs one: app.task('proj.tasks.add', …).",
      );
    return `${this.name}.${run.name}`;
  }

  // Calling

  /** Sends a call of a task by its name, known here or not. */
  sendTask<R = unknown>(name: string, args: readonly unknown[] = [], options: CallOptions = {}): SentCall<R> {
    return this.call(name, args, options);
  }

  /** A signature of a task by its name, known here or not. */
  signature(name: string, args: readonly unknown[] = [], options: CallOptions = {}): Signature {
    return new Signature(this, makeSignatureData(name, args, options, false));
  }

  /** A signature from its JSON form. @throws ImproperlyConfigured when it isn't one */
  signatureFrom(data: unknown): Signature {
    return new Signature(this, checkSignatureData(data));
  }

  /** A handle on any call, by its id; its state is PENDING while nobody has heard of it. */
  asyncResult<R = unknown>(id: string): AsyncResult<R> {
    return new AsyncResult<R>(this, id);
  }

  /** A handle from `asTuple()`: an AsyncResult, or a GroupResult where the tuple has members. */
  resultFromTuple(tuple: ResultTuple, given?: ResultHandle): AsyncResult | GroupResult {
    const [[id, before], members] = tuple;
    const parent = before ? this.resultFromTuple(before) : given;
    if (members === null) return new AsyncResult(this, id, parent ? { parent } : {});
    const results = members.map((member) => this.resultFromTuple(member));
    return new GroupResult(this, id, results, parent);
  }

  /** A handle on a group that `GroupResult.save()` kept; undefined if nobody did, or long ago. */
  async restoreGroup<R extends readonly unknown[] = readonly unknown[]>(
    id: string,
  ): Promise<GroupResult<R> | undefined> {
    const members = await (await groupsOf(this)).restore(id);
    if (!members) return undefined;
    const results = members.map((member) => this.resultFromTuple(member as ResultTuple));
    return new GroupResult<R>(this, id, results);
  }

  /** @internal The calls of users: `delay`, `applyAsync`, `sendTask` and signatures. Checked where the task says how. */
  call<R>(name: string, args: readonly unknown[], given?: CallOptions): SentCall<R> {
    // delay() gives no options, and can't give anything but a list of arguments.
    const fault = given && faultOfCall(name, args, given);
    if (fault) return SentCall.of(randomUUID(), Promise.reject(fault));
    const options = given ?? NO_OPTIONS;
    const definition = this.tasks.get(name)?.definition;
    if (!definition?.options.argsSchema) return this.#send(name, args, options);
    const taskId = options.taskId ?? randomUUID();
    const sending = checkArguments(definition, args, options).then(() =>
      this.#send<R>(name, args, { ...options, taskId }),
    );
    return SentCall.of(taskId, sending);
  }

  #send<R>(name: string, args: readonly unknown[], options: CallOptions): SentCall<R> {
    if (this.config.taskAlwaysEager) {
      const taskId = options.taskId ?? randomUUID();
      return SentCall.of(taskId, this.#sendEagerly<R>(name, args, { ...options, taskId }));
    }
    let call: PreparedCall;
    try {
      call = this.prepare(name, args, options);
    } catch (error) {
      return SentCall.of(options.taskId ?? randomUUID(), Promise.reject(toError(error)));
    }
    const { id, ignoreResult: ignored } = call;
    const parent = (options.addToParent ?? true) ? executing() : undefined;
    return SentCall.when(new AsyncResult<R>(this, id, { ignored }), this.publish(call), () =>
      parent?.addChild([[id, null], null]),
    );
  }

  /** @internal A signature on its way: a single call as any other, a work-flow as canvas says. */
  sendSignature<R, H extends ResultHandle<R>>(
    data: SignatureData,
    args: readonly unknown[],
    given: CallOptions,
  ): SentCall<R, H> {
    if (isSingleCall(data)) {
      const { args: all, kwargs, options } = applied(data, args, given);
      return this.call<R>(data.task, all, { ...options, kwargs }) as unknown as SentCall<R, H>;
    }
    const taskId = ownId(data) ?? given.taskId ?? randomUUID();
    const options = { ...given, taskId };
    const sending = this.config.taskAlwaysEager
      ? this.#sendWorkflowEagerly(data, args, options)
      : this.#sendWorkflow(data, args, options);
    return SentCall.of<R, H>(taskId, sending as Promise<H>);
  }

  async #sendWorkflow(
    data: SignatureData,
    args: readonly unknown[],
    options: CallOptions,
  ): Promise<ResultHandle> {
    const parent = executing();
    const canvas = await this.canvas();
    const plan = canvas.plan(data, args, options, { replyTo: this.oid });
    await dispatch(this, plan);
    const [result] = plan.results as readonly [ResultTuple];
    if (options.addToParent ?? true) parent?.addChild(result);
    return this.resultFromTuple(result);
  }

  /** @internal The package canvas. @throws MissingPackage */
  canvas(): Promise<CanvasModule> {
    return (this.#canvas ??= findCanvas(this.folder));
  }

  /** @internal Everything about a call but sending it. */
  prepare(name: string, args: readonly unknown[], options: CallOptions): PreparedCall {
    const definition = this.tasks.get(name)?.definition;
    return prepareCall(name, definition, sendable(args), options, this.#surroundings());
  }

  /** @internal Publishes what `prepareCall()` made. */
  publish(call: PreparedCall): Promise<void> {
    const { hooks } = this;
    try {
      const producer = this.producer();
      const expecting = this.#expecting(call);
      const isWatched =
        this.config.taskSendSentEvent ||
        this.interceptors.length > 0 ||
        hooks.has('beforeTaskPublish') ||
        hooks.has('afterTaskPublish');
      if (!expecting && !isWatched) return producer.publish(call.message, call.route, call.plan);
      return this.#publishInSteps(call, producer, expecting);
    } catch (error) {
      return Promise.reject(toError(error));
    }
  }

  async #publishInSteps(
    call: PreparedCall,
    producer: Producer,
    expecting: Promise<PublishPlan> | undefined,
  ): Promise<void> {
    const { hooks } = this;
    const events = this.config.taskSendSentEvent ? await this.#sentEvents.open() : undefined;
    const plan = (await expecting) ?? call.plan;
    if (hooks.has('beforeTaskPublish')) hooks.emit('beforeTaskPublish', call);
    if (this.interceptors.length === 0) await producer.publish(call.message, call.route, plan);
    else await publishThrough(this.interceptors, { ...call, plan }, producer, this.config);
    if (events) tellOfCall(events, call);
    if (hooks.has('afterTaskPublish')) hooks.emit('afterTaskPublish', call);
  }

  /**
   * Tells the backend that a result will come; undefined where there is nothing to wait for. Both together have
   * `publishTimeout`: gives the plan for what is left of it.
   */
  #expecting({ id, plan, ignoreResult }: PreparedCall): Promise<PublishPlan> | undefined {
    this.#keepsResults ??= this.backendSetting !== null;
    if (ignoreResult || !this.#keepsResults) return undefined;
    const { openBackend } = this.#connections;
    const expecting = openBackend
      ? openBackend.expect(id)
      : this.resultBackend().then((backend) => backend.expect(id));
    return expecting && this.#inTime(expecting, plan);
  }

  async #inTime(expecting: Promise<void>, plan: PublishPlan): Promise<PublishPlan> {
    const startedMs = this.clock.monotonic();
    const { timeoutMs } = plan;
    await this.#deadlines.guard(expecting, timeoutMs, () => {
      const within = `${timeoutMs / 1000} s (setting publishTimeout)`;
      return new BackendUnavailableError(`The result backend has not answered within ${within}.`);
    });
    const spentMs = this.clock.monotonic() - startedMs;
    return spentMs < 1 ? plan : { ...plan, timeoutMs: Math.max(1, timeoutMs - spentMs) };
  }

  /** @internal Tells the backend that these results will come, long before their tasks are sent. */
  async expectLater(ids: readonly string[]): Promise<void> {
    if (ids.length === 0 || this.backendSetting === null) return;
    const backend = await this.resultBackend();
    await Promise.all(ids.map(async (id) => backend.expect(id)));
  }

  /** Runs a call here and now, as a worker would. @internal */
  applyEagerly<R>(name: string, args: readonly unknown[], options: CallOptions): SentCall<R> {
    const taskId = options.taskId ?? randomUUID();
    const fault = faultOfCall(name, args, options);
    const running = fault
      ? Promise.reject(fault)
      : this.#eagerRun(name, args, { ...options, taskId }).then((run) => eagerResult<R>(this, taskId, run));
    return SentCall.of(taskId, running);
  }

  /** The same for a signature. @internal */
  applySignature<R, H extends ResultHandle<R>>(
    data: SignatureData,
    args: readonly unknown[],
    given: CallOptions,
  ): SentCall<R, H> {
    if (isSingleCall(data)) {
      const { args: all, kwargs, options } = applied(data, args, given);
      return this.applyEagerly<R>(data.task, all, { ...options, kwargs }) as unknown as SentCall<R, H>;
    }
    const taskId = ownId(data) ?? given.taskId ?? randomUUID();
    const running = this.#eagerWorkflow(data, args, { ...given, taskId });
    return SentCall.of<R, H>(
      taskId,
      running.then(({ result, run }) => eagerHandle(this, result, run) as unknown as H),
    );
  }

  async #sendEagerly<R>(
    name: string,
    args: readonly unknown[],
    options: CallOptions & { readonly taskId: string },
  ): Promise<AsyncResult<R>> {
    const run = await this.#eagerRun(name, args, options);
    await this.#keepEager(run);
    const result = eagerResult<R>(this, options.taskId, run);
    if (this.config.taskEagerPropagates) await result.get({ disableSyncSubtasks: false });
    return result;
  }

  async #sendWorkflowEagerly(
    data: SignatureData,
    args: readonly unknown[],
    options: CallOptions,
  ): Promise<ResultHandle> {
    const { result, run } = await this.#eagerWorkflow(data, args, options);
    await this.#keepEager(run);
    const handle = eagerHandle(this, result, run);
    if (this.config.taskEagerPropagates) await handle.get({ disableSyncSubtasks: false });
    return handle;
  }

  async #eagerRun(name: string, args: readonly unknown[], options: CallOptions): Promise<EagerRun> {
    const run = new EagerRun(this, this.#surroundings());
    await run.call(name, sendable(args), options);
    return run;
  }

  async #eagerWorkflow(
    data: SignatureData,
    args: readonly unknown[],
    options: CallOptions,
  ): Promise<{ readonly result: ResultTuple; readonly run: EagerRun }> {
    const run = new EagerRun(this, this.#surroundings());
    const canvas = await this.canvas();
    canvas.registerBuiltins(this);
    const plan = canvas.plan(data, sendable(args), options, {});
    await run.plan(plan);
    return { result: plan.results[0] as ResultTuple, run };
  }

  async #keepEager({ ended }: EagerRun): Promise<void> {
    if (!this.config.taskStoreEagerResult || this.backendSetting === null) return;
    for (const result of ended.values()) await storeEagerly(this, result);
  }

  #surroundings(): CallSurroundings {
    return {
      config: this.config,
      serializers: this.serializers,
      nowMs: this.clock.now(),
      origin: this.#origin,
      replyTo: this.oid,
      parent: executing(),
    };
  }

  // Remote control

  async #openControl(): Promise<Control> {
    if (this.#isClosed) throw new ClosedError(`The app ${this.name}`);
    return this.#control.get();
  }

  /**
   * Adds a question that `tq inspect` and `app.control.inspect().ask()` can put to workers. What the handler returns is the
   * answer. It runs in the worker's main process, so it must not block.
   *
   * ```ts
   * app.inspectCommand('stock', { help: 'Show what is left', args: [{ name: 'item' }] }, (_, { item }) => ({ left: left(item) }));
   * ```
   */
  inspectCommand(name: string, facts: Omit<CommandFacts, 'name' | 'kind'>, run: CommandHandler): this {
    return this.#addCommand({ ...facts, name, kind: 'inspect', run });
  }

  /** The same for a command that changes something: `tq control`, `app.control.ask()`. */
  controlCommand(name: string, facts: Omit<CommandFacts, 'name' | 'kind'>, run: CommandHandler): this {
    return this.#addCommand({ ...facts, name, kind: 'control', run });
  }

  #addCommand(command: AppCommand): this {
    if (!/^\w+$/.test(command.name) || typeof command.run !== 'function')
      throw new ImproperlyConfigured(
        `A command needs a name of letters, digits and _, and a function: app.${command.kind}Command('stock', { help: '…' }, (worker, args) => …).`,
      );
    this.commands.set(command.name, command);
    return this;
  }

  // Configuration

  /**
   * Takes settings from an object or from what a module exports (`export default { … }` or named exports); runtime
   * changes win over it. With a namespace only names with that prefix count: `TQ_TASK_ROUTES`.
   */
  async configFromObject(
    source: Readonly<Record<string, unknown>> | string,
    options: { readonly namespace?: string } = {},
  ): Promise<void> {
    const { readConfigObject } = await import('./config-object.ts');
    this.#layers.setObject(await readConfigObject(source, { ...options, folder: this.folder }));
  }

  /** The same from the module that an environment variable names. */
  async configFromEnv(variable: string = 'TQ_CONFIG_MODULE'): Promise<void> {
    const specifier = fromEnvironment(variable);
    if (specifier === undefined)
      throw new ImproperlyConfigured(`The environment variable ${variable} names no configuration module.`);
    await this.configFromObject(specifier);
  }

  /**
   * Signs what this app sends and believes only what is signed: the serializer `auth`, as Celery has it. Call it where the app
   * is made, so that child processes have it too.
   * @throws ImproperlyConfigured when settings contradict it, SecurityError when a key or certificate can't be used
   */
  setupSecurity(options: SecurityOptions = {}): this {
    const { taskSerializer, acceptContent } = this.#layers.given;
    const accepts = acceptContent?.join() ?? 'auth';
    if ((taskSerializer ?? 'auth') !== 'auth' || accepts !== 'auth')
      throw new ImproperlyConfigured(
        "Signing is worth nothing while unsigned messages are sent or taken. Leave out taskSerializer and acceptContent, or set them to 'auth' and ['auth'].",
      );
    this.serializers.register(makeAuth(options, this));
    this.conf.update({ taskSerializer: 'auth', acceptContent: ['auth'] });
    return this;
  }

  /** Adds an interceptor around publishing and executing; the first one added is the outermost. */
  use(interceptor: Interceptor): this {
    this.interceptors.push(interceptor);
    return this;
  }

  #afterChange(names: readonly SettingName[], layer: ConfigLayer): void {
    this.#keepsResults = undefined;
    // A driver was given to the constructor, whose options are a runtime change themselves.
    if (names.includes('brokerUrl') && layer === 'runtime') this.#broker = undefined;
    if (names.some((name) => BROKER_SETTINGS.has(name))) this.#connections.brokerChanged();
    if (names.includes('resultBackend') && layer === 'runtime') this.#backendDriver = undefined;
    if (names.some((name) => BACKEND_SETTINGS.has(name))) this.#connections.backendChanged();
  }

  // Connections

  /** @internal The one publisher of this process, opened at its first message. */
  producer(): Producer {
    return this.#connections.producer();
  }

  /** Opens a connection to the broker: each address once, beginning with the one that answered last. */
  connect(options: { readonly signal?: AbortSignal } = {}): Promise<Connection> {
    return this.#connections.connect(options);
  }

  /** The result backend, opened at its first use. @throws ResultsDisabled when there is none */
  resultBackend(): Promise<ResultBackend> {
    return this.#connections.resultBackend();
  }

  /** Closes every connection. Calls made after it, and those still under way, reject with ClosedError. */
  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#sentEvents.isOpen) await this.#sentEvents.close();
    const control = await this.#control.reset()?.catch(() => undefined);
    await Promise.all([control?.close(), this.#connections.close()]);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  toString(): string {
    return `<App ${this.name}>`;
  }
}

/** Whoever is connected keeps to what held then, so a change of these means another connection. */
const BROKER_SETTINGS: ReadonlySet<SettingName> = new Set<SettingName>([
  'brokerUrl',
  'brokerReadUrl',
  'brokerWriteUrl',
  'brokerUseSsl',
  'brokerHeartbeat',
  'brokerLoginMethod',
]);

const BACKEND_SETTINGS: ReadonlySet<SettingName> = new Set<SettingName>([
  'resultBackend',
  'resultSerializer',
  'resultCompression',
  'resultAcceptContent',
  'acceptContent',
  'redisBackendUseSsl',
]);

const NO_OPTIONS: CallOptions = Object.freeze({});

const APP_OPTIONS = ['broker', 'backend', 'include', 'module', 'preset', 'conf', 'logger', 'clock'];

function checkAppOptions(options: AppOptions): void {
  const wrong = Object.keys(options).find((key) => !APP_OPTIONS.includes(key));
  if (wrong === undefined) return;
  const near = didYouMean(wrong, APP_OPTIONS);
  throw new ImproperlyConfigured(
    `createApp() has no option ${JSON.stringify(wrong)}.${near ? ` Did you mean ${near}?` : ' Settings go into conf: { … }.'}`,
  );
}

function isBackendDriver(setting: unknown): setting is Exclude<BackendSetting, string | null> {
  return typeof setting === 'object' && setting !== null && 'driver' in setting;
}

/** The first of these variables that says something. */
function fromEnvironment(...names: readonly string[]): string | undefined {
  for (const name of names) if (process.env[name]) return process.env[name];
  return undefined;
}

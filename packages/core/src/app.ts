import { randomUUID } from 'node:crypto';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { applyEagerly, throwFailure } from './eager.ts';
import { prepareCall } from './call.ts';
import type { CallSurroundings, PreparedCall } from './call.ts';
import type { CallOptions } from './call-options.ts';
import { systemClock } from './clock.ts';
import { ConfigLayers } from './config.ts';
import type { Conf, Config, SettingName } from './config.ts';
import { connectAny, resolveBroker } from './connect.ts';
import type { BrokerSetting, Endpoint } from './connect.ts';
import { current, runInContext, TaskContext } from './context.ts';
import { findBackend, parseUrl } from './drivers.ts';
import { durationMs } from './duration.ts';
import {
  AlreadyRegistered,
  BackendUnavailableError,
  ClosedError,
  ImproperlyConfigured,
  ResultsDisabled,
  toError,
} from './errors.ts';
import { Hooks } from './hooks.ts';
import { LamportClock } from './lamport.ts';
import { Lazy } from './lifecycle.ts';
import { stderrLogger } from './logger.ts';
import { senderName } from './nodename.ts';
import { wireErrorToResult } from './message/meta.ts';
import { Producer } from './producer.ts';
import { AsyncResult } from './result.ts';
import { SentCall } from './sent-call.ts';
import { encodeJson } from './serialize/json.ts';
import { Serializers } from './serialize/registry.ts';
import { checkSignatureData, makeSignatureData, Signature } from './signature.ts';
import { makeTask } from './task.ts';
import type { AnyTask, Task } from './task.ts';
import { makeDefinition } from './task-definition.ts';
import type { TaskDefinition, TaskOptions } from './task-definition.ts';
import type { DefinedTask } from './define-task.ts';
import type { BackendDriver, ResultBackend, ResultTuple, WireError } from './types/backend.ts';
import type { Clock } from './types/clock.ts';
import type { Interceptor } from './types/hooks.ts';
import type { Logger } from './types/logger.ts';
import type { RunningRequest } from './types/request.ts';
import type { Connection } from './types/transport.ts';
import type { Settings } from './settings.ts';

/** A result backend as an app names it: a URL, null for none, or a driver with its URL. */
export type BackendSetting = string | null | { readonly driver: BackendDriver; readonly url?: string };

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

export class App implements AsyncDisposable {
  readonly [APP] = true;
  /** Prefixes the names of tasks that are named after their function. */
  readonly name: string;
  /** `import.meta.url` of the module that exports the app, where it was given. */
  readonly module: string | undefined;
  /** Registered tasks by name. */
  readonly tasks = new Map<string, AnyTask>();
  readonly hooks: Hooks;
  readonly interceptors: Interceptor[] = [];
  readonly serializers = new Serializers();
  readonly clock: Clock;
  /** Logical time, for events and remote control. */
  readonly lamport = new LamportClock();
  /** Names this sender; where replies go. */
  readonly oid = randomUUID();
  logger: Logger;
  readonly #layers: ConfigLayers;
  readonly #broker: BrokerSetting | undefined;
  readonly #backendDriver: { readonly driver: BackendDriver; readonly url?: string } | undefined;
  readonly #origin = senderName();
  readonly #endpoints: Lazy<readonly Endpoint[]>;
  readonly #backend: Lazy<ResultBackend>;
  #producer: Producer | undefined;
  /** Which address of a list answered last. */
  #address = 0;
  #closed = false;

  constructor(name: string, options: AppOptions = {}) {
    if (typeof name !== 'string' || name === '')
      throw new ImproperlyConfigured("An app needs a name: createApp('proj').");
    this.name = name;
    this.module = options.module;
    this.clock = options.clock ?? systemClock;
    this.logger = options.logger ?? stderrLogger;
    this.hooks = new Hooks({ logger: () => this.logger });
    this.#layers = new ConfigLayers({
      ...(options.preset ? { preset: options.preset } : {}),
      onChange: (names) => this.#afterChange(names),
    });
    this.#endpoints = new Lazy(() => resolveBroker(this.brokerSetting, this.folder));
    this.#backend = new Lazy(() => this.#connectBackend());
    this.#broker =
      typeof options.broker === 'object' && 'transport' in options.broker ? options.broker : undefined;
    this.#backendDriver =
      typeof options.backend === 'object' && options.backend !== null ? options.backend : undefined;
    this.#layers.update({
      ...(options.broker !== undefined && !this.#broker ? { brokerUrl: options.broker } : {}),
      ...(options.backend !== undefined && !this.#backendDriver ? { resultBackend: options.backend } : {}),
      ...(options.include ? { include: options.include } : {}),
      ...options.conf,
    });
  }

  /** Settings: read, assign, `update({ … })`. */
  get conf(): Conf {
    return this.#layers.conf;
  }

  /** All settings now, frozen. */
  get config(): Config {
    return this.#layers.resolved;
  }

  /** Where drivers are looked for: the folder of the app's module, else the working directory. */
  get folder(): string {
    return this.module ? dirname(fileURLToPath(this.module)) : process.cwd();
  }

  /** Where messages live. The environment wins, as in Celery: TQ_BROKER_URL, then CELERY_BROKER_URL. */
  get brokerSetting(): BrokerSetting {
    return (
      process.env['TQ_BROKER_URL'] ??
      process.env['CELERY_BROKER_URL'] ??
      this.#broker ??
      this.config.brokerUrl
    );
  }

  /** Where results live; null = nowhere. */
  get backendSetting(): BackendSetting {
    const fromEnvironment = process.env['TQ_RESULT_BACKEND'] ?? process.env['CELERY_RESULT_BACKEND'];
    if (fromEnvironment !== undefined) return fromEnvironment;
    if (this.#backendDriver) return this.#backendDriver;
    const embedded =
      this.#broker === undefined &&
      !this.#layers.isGiven('brokerUrl') &&
      !this.#layers.isGiven('resultBackend');
    return embedded && this.brokerSetting === this.config.brokerUrl ? 'sqlite://' : this.config.resultBackend;
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
    return this.send(name, args, options);
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

  /** A handle from `AsyncResult.asTuple()`. */
  resultFromTuple(tuple: ResultTuple): AsyncResult {
    const [[id, parent]] = tuple;
    return new AsyncResult(this, id, parent ? { parent: this.resultFromTuple(parent) } : {});
  }

  /** @internal The way of every call: `delay`, `applyAsync`, `sendTask` and signatures. */
  send<R>(name: string, args: readonly unknown[], options: CallOptions = {}): SentCall<R> {
    const taskId = options.taskId ?? randomUUID();
    return SentCall.of(taskId, this.#send<R>(name, args, { ...options, taskId }));
  }

  async #send<R>(
    name: string,
    args: readonly unknown[],
    options: CallOptions & { readonly taskId: string },
  ): Promise<AsyncResult<R>> {
    const definition = this.tasks.get(name)?.definition;
    if (this.config.taskAlwaysEager) return this.#sendEagerly<R>(name, args, options);
    if (definition?.options.argsSchema) {
      const { applySchema } = await import('./schema.ts');
      await applySchema(definition.options.argsSchema, args, 'args');
    }
    const call = prepareCall(name, definition, trimmed(args), options, this.#surroundings());
    await this.publish(call);
    if (options.addToParent ?? true) current()?.addChild([[call.id, null], null]);
    return new AsyncResult<R>(this, call.id);
  }

  /** @internal Publishes what `prepareCall()` made. */
  async publish(call: PreparedCall): Promise<void> {
    if (!call.ignoreResult && this.backendSetting !== null)
      await (await this.resultBackend()).expect(call.id);
    const { hooks } = this;
    if (hooks.has('beforeTaskPublish')) hooks.emit('beforeTaskPublish', call);
    const producer = this.producer();
    if (this.interceptors.length === 0) await producer.publish(call.message, call.route, call.plan);
    else await this.#publishIntercepted(call, producer);
    if (hooks.has('afterTaskPublish')) hooks.emit('afterTaskPublish', call);
  }

  #publishIntercepted(call: PreparedCall, producer: Producer): Promise<void> {
    type Next = NonNullable<Parameters<NonNullable<Interceptor['publish']>>[1]>;
    let next: Next = ({ message, exchange, routingKey }) =>
      producer.publish(message, { ...call.route, exchange, routingKey }, call.plan);
    for (const interceptor of this.interceptors.toReversed()) {
      const inner = next;
      if (interceptor.publish)
        next = (changed) => (interceptor.publish as NonNullable<Interceptor['publish']>)(changed, inner);
    }
    const { task, id, message, route } = call;
    return next({ task, id, message, exchange: route.exchange, routingKey: route.routingKey });
  }

  /** Runs a call here and now, as a worker would. @internal */
  async applyEagerly<R>(
    name: string,
    args: readonly unknown[],
    options: CallOptions = {},
  ): Promise<AsyncResult<R>> {
    const meta = await applyEagerly(this, name, trimmed(args), options, this.#surroundings());
    return new AsyncResult<R>(this, meta.taskId, { final: meta });
  }

  async #sendEagerly<R>(
    name: string,
    args: readonly unknown[],
    options: CallOptions,
  ): Promise<AsyncResult<R>> {
    const meta = await applyEagerly(this, name, trimmed(args), options, this.#surroundings());
    if (this.config.taskStoreEagerResult && this.backendSetting !== null) await this.#storeEager(meta);
    if (this.config.taskEagerPropagates) throwFailure(meta);
    return new AsyncResult<R>(this, meta.taskId, { final: meta });
  }

  async #storeEager(meta: Awaited<ReturnType<typeof applyEagerly>>): Promise<void> {
    const backend = await this.resultBackend();
    const result =
      meta.status === 'FAILURE'
        ? wireErrorToResult(meta.result as WireError)
        : encodeJson(meta.result, 'result');
    await backend.store({ ...meta, result }, { replyTo: undefined, correlationId: meta.taskId });
  }

  /** @internal A bound task that is called as a function. */
  callDirectly(definition: TaskDefinition, args: readonly unknown[]): unknown {
    const request = directRequest(definition.name, args);
    const host = { ask: () => Promise.resolve(), logger: this.logger.child({ task: definition.name }) };
    const self = new TaskContext({
      app: this,
      definition,
      request,
      signal: new AbortController().signal,
      host,
      children: [],
    });
    return runInContext(self, () => (definition.run as (...all: unknown[]) => unknown)(self, ...args));
  }

  #surroundings(): CallSurroundings {
    return {
      config: this.config,
      serializers: this.serializers,
      nowMs: this.clock.now(),
      origin: this.#origin,
      replyTo: this.oid,
      parent: current(),
    };
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

  /** Adds an interceptor around publishing and executing; the first one added is the outermost. */
  use(interceptor: Interceptor): this {
    this.interceptors.push(interceptor);
    return this;
  }

  // Connections

  /** @internal The one publisher of this process, opened at its first message. */
  producer(): Producer {
    if (this.#closed) throw new ClosedError(`The app ${this.name}`);
    this.#producer ??= new Producer({ open: () => this.connect(), clock: this.clock });
    return this.#producer;
  }

  /** Opens a connection to the broker: each address once, beginning with the one that answered last. */
  async connect(options: { readonly signal?: AbortSignal } = {}): Promise<Connection> {
    const endpoints = await this.#endpoints.get();
    const connection = await connectAny(endpoints, this.#address, {
      logger: this.logger,
      clock: this.clock,
      options: this.config.brokerTransportOptions,
      timeoutMs: durationMs(this.config.brokerConnectionTimeout, 'brokerConnectionTimeout'),
      ...(options.signal ? { signal: options.signal } : {}),
    });
    // Whoever reconnects after a loss begins with the next address.
    void connection.closed.then((reason) => {
      if (reason) this.#address = (this.#address + 1) % endpoints.length;
    });
    return connection;
  }

  /** The result backend, opened at its first use. @throws ResultsDisabled when there is none */
  resultBackend(): Promise<ResultBackend> {
    if (this.#closed) return Promise.reject(new ClosedError(`The app ${this.name}`));
    return this.#backend.get();
  }

  async #connectBackend(): Promise<ResultBackend> {
    const setting = this.backendSetting;
    if (setting === null) throw new ResultsDisabled();
    const { config } = this;
    const [driver, url] =
      typeof setting === 'string'
        ? await (async () => {
            const parsed = parseUrl(setting, 'result backend');
            return [await findBackend(parsed, this.folder), parsed] as const;
          })()
        : [setting.driver, parseUrl(setting.url ?? 'memory://', 'result backend')];
    try {
      return await driver.connect(url, {
        logger: this.logger,
        clock: this.clock,
        options: config.resultBackendTransportOptions,
        expiresMs:
          config.resultExpires === null || config.resultExpires === 0
            ? undefined
            : durationMs(config.resultExpires, 'resultExpires'),
        timeoutMs: durationMs(config.brokerConnectionTimeout, 'brokerConnectionTimeout'),
      });
    } catch (error) {
      if (error instanceof Error && 'code' in error && String(error.code).startsWith('TQ_')) throw error;
      throw new BackendUnavailableError(`Can't reach the result backend: ${toError(error).message}`, {
        cause: error,
      });
    }
  }

  /** Closes every connection. Calls made after it reject with ClosedError. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#producer?.[Symbol.asyncDispose]();
    const backend = await this.#backend.reset()?.catch(() => undefined);
    await backend?.[Symbol.asyncDispose]();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #afterChange(names: readonly SettingName[]): void {
    if (names.includes('brokerUrl')) this.#endpoints?.reset();
    const touched = names.find(
      (name) =>
        (name === 'brokerUrl' && this.#producer?.connected) ||
        (name === 'resultBackend' && this.#backend?.touched),
    );
    if (touched)
      this.logger.warn(
        `The setting ${touched} was changed while a connection is open; it takes effect with the next connection.`,
      );
  }

  toString(): string {
    return `<App ${this.name}>`;
  }
}

/** Without undefined at its end: a caller that leaves out optional arguments may pass them so. */
function trimmed(args: readonly unknown[]): readonly unknown[] {
  let length = args.length;
  while (length > 0 && args[length - 1] === undefined) length--;
  return length === args.length ? args : args.slice(0, length);
}

function directRequest(task: string, args: readonly unknown[]): RunningRequest {
  return {
    id: '',
    task,
    shadow: null,
    rootId: '',
    parentId: null,
    group: null,
    groupIndex: null,
    retries: 0,
    etaMs: null,
    expiresMs: null,
    timeLimit: null,
    softTimeLimit: null,
    argsrepr: '',
    kwargsrepr: '',
    origin: null,
    lang: null,
    ignoreResult: null,
    replacedTaskNesting: 0,
    stampedHeaders: null,
    stamps: {},
    headers: {},
    deliveries: 1,
    deliveryInfo: { exchange: '', routingKey: '', priority: null, redelivered: false },
    replyTo: undefined,
    correlationId: undefined,
    priority: undefined,
    args,
    kwargs: {},
    properties: {},
    hostname: null,
    calledDirectly: true,
    isEager: false,
    children: [],
  };
}

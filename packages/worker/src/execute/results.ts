import type {
  App,
  Encoded,
  GroupStore,
  Logger,
  ResultBackend,
  ResultTuple,
  TaskMeta,
  TaskRequest,
  WireError,
} from '@tq/core';
import { backoffMs, formatIso, wireErrorToResult } from '@tq/core/internal';
import type { Held } from '../consume/held.ts';

/** How long storing one result is tried before its message is given back. */
const PATIENCE_MS = 60_000;

/** Writes states and results of held requests, where they are wanted. */
export class Results {
  readonly #app: App;
  readonly #backend: ResultBackend | undefined;
  readonly #hostname: string;
  readonly #logger: Logger;
  readonly #impatient: AbortSignal;

  constructor(options: {
    readonly app: App;
    readonly backend: ResultBackend | undefined;
    readonly hostname: string;
    readonly logger: Logger;
    /** From then on what can't be stored is given back at once. */
    readonly impatient: AbortSignal;
  }) {
    this.#app = options.app;
    this.#backend = options.backend;
    this.#hostname = options.hostname;
    this.#logger = options.logger;
    this.#impatient = options.impatient;
  }

  /** Where results are kept, if anywhere. */
  get backend(): ResultBackend | undefined {
    return this.#backend;
  }

  /** Whether there's a backend at all. */
  get enabled(): boolean {
    return this.#backend !== undefined;
  }

  /** Where chords are counted. */
  get groups(): GroupStore | undefined {
    return this.#backend?.groups;
  }

  /** Whether return values of this request are kept. Spec: message.md, trap 11. */
  wanted({ request, definition }: Held): boolean {
    if (!this.#backend) return false;
    return !(request.ignoreResult ?? definition.options.ignoreResult ?? this.#app.config.taskIgnoreResult);
  }

  /** Whether failures are: also where results are ignored, if errors shall be kept. */
  failureWanted(held: Held): boolean {
    return (
      this.wanted(held) ||
      (this.#backend !== undefined &&
        (held.definition.options.storeErrorsEvenIfIgnored ?? this.#app.config.taskStoreErrorsEvenIfIgnored))
    );
  }

  success(request: TaskRequest, result: Encoded, children: readonly ResultTuple[]): TaskMeta<Encoded> {
    return this.#meta(request, 'SUCCESS', result, null, children, true);
  }

  failure(
    request: TaskRequest,
    error: WireError,
    children: readonly ResultTuple[] = [],
    status = 'FAILURE',
  ): TaskMeta<Encoded> {
    return this.#meta(
      request,
      status,
      wireErrorToResult(error),
      error.traceback,
      children,
      status !== 'RETRY',
    );
  }

  /** The end of something that will never run, under its own id, where the one who waits for it listens. */
  async storeFor(
    never: { readonly id: string; readonly group: string | null },
    error: WireError,
    request: TaskRequest,
    status: string,
  ): Promise<void> {
    if (!this.#backend) return;
    const { id, group } = never;
    const as = { ...request, id, group, parentId: request.id, correlationId: id };
    await this.storePatiently(this.failure(as, error, [], status), as);
  }

  retry(request: TaskRequest, error: WireError | null, children: readonly ResultTuple[]): TaskMeta<Encoded> {
    const again: ResultTuple = [[request.id, null], null];
    return this.#meta(
      request,
      'RETRY',
      error ? wireErrorToResult(error) : NULL,
      error?.traceback ?? null,
      [...children, again],
      false,
    );
  }

  /** STARTED, or a state of the task's own. */
  state(request: TaskRequest, status: string, result: Encoded): TaskMeta<Encoded> {
    return this.#meta(request, status, result, null, [], false);
  }

  /** One shared promise for all that is stored in a tick. Only called where results are wanted. */
  store(meta: TaskMeta<Encoded>, request: Pick<TaskRequest, 'replyTo' | 'correlationId'>): Promise<void> {
    return (this.#backend as ResultBackend).store(meta, {
      replyTo: request.replyTo,
      correlationId: request.correlationId,
    });
  }

  /** Tries until it works, within reason. */
  async storePatiently(meta: TaskMeta<Encoded>, request: TaskRequest): Promise<void> {
    const untilMs = this.#app.clock.monotonic() + PATIENCE_MS;
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.store(meta, request);
      } catch (error) {
        this.#logger.error(`Can't store the result of ${request.task}[${request.id}]`, {
          attempt,
          error: error instanceof Error ? error.message : String(error),
        });
        const outOfTime = !this.#app.config.resultBackendAlwaysRetry && this.#app.clock.monotonic() > untilMs;
        if (this.#impatient.aborted || outOfTime) throw error;
        await this.#pause(attempt);
      }
    }
  }

  /** Ends early, for a last attempt, when there's no more time. */
  async #pause(attempt: number): Promise<void> {
    const ms = backoffMs(attempt, { firstMs: 50, maxMs: 5000 });
    await this.#app.clock.sleep(ms, { signal: this.#impatient }).catch(() => undefined);
  }

  #meta(
    request: TaskRequest,
    status: string,
    result: Encoded,
    traceback: string | null,
    children: readonly ResultTuple[],
    final: boolean,
  ): TaskMeta<Encoded> {
    const meta: TaskMeta<Encoded> = {
      taskId: request.id,
      status,
      result,
      traceback,
      children,
      dateDone: final ? formatIso(this.#app.clock.now()) : null,
      ...(request.group === null ? {} : { groupId: request.group }),
      ...(request.parentId === null ? {} : { parentId: request.parentId }),
    };
    if (!this.#app.config.resultExtended) return meta;
    return {
      ...meta,
      name: request.task,
      args: request.argsrepr,
      kwargs: request.kwargsrepr,
      worker: this.#hostname,
      retries: request.retries,
      queue: request.deliveryInfo.routingKey,
    };
  }
}

const NULL = 'null' as Encoded;

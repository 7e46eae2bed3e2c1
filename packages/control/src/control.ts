import type {
  Addressees,
  Answers,
  App,
  AskOptions,
  CommandOptions,
  ConsumerOptions,
  Control,
  Done,
  Duration,
  Inspect,
  Replies,
  RevokeOptions,
} from '@tq/core';
import { consumedQueues, durationSeconds, recordRevoked, toError } from '@tq/core/internal';
import { Client } from './client.ts';
import { inspector } from './inspect.ts';

type Args = Readonly<Record<string, unknown>>;

/** Remote control of an app's workers: `app.control`, made at its first use. */
export function createControl(app: App): Control {
  return new RemoteControl(app);
}

class RemoteControl implements Control {
  readonly #app: App;
  readonly #client: Client;

  constructor(app: App) {
    this.#app = app;
    this.#client = new Client(app);
  }

  inspect(options: AskOptions = {}): Inspect {
    return inspector(async (command, args) => (await this.ask(command, args, options)).replies);
  }

  async ping(options: AskOptions = {}): Promise<Replies<Done>> {
    return (await this.ask<Done>('ping', {}, options)).replies;
  }

  async revoke(ids: string | readonly string[], options: RevokeOptions = {}): Promise<Replies<Done>> {
    const { terminate = false, signal = 'SIGTERM', ...how } = options;
    const taskIds = typeof ids === 'string' ? [ids] : [...ids];
    const [replies] = await Promise.all([
      this.#command<Done>('revoke', { task_id: taskIds, terminate, signal }, how),
      this.#record(taskIds),
    ]);
    return replies;
  }

  terminate(
    ids: string | readonly string[],
    options: Omit<RevokeOptions, 'terminate'> = {},
  ): Promise<Replies<Done>> {
    return this.revoke(ids, { ...options, terminate: true });
  }

  revokeByStampedHeaders(
    headers: Readonly<Record<string, unknown>>,
    options: RevokeOptions = {},
  ): Promise<Replies<Done>> {
    const { terminate = false, signal = 'SIGTERM', ...how } = options;
    return this.#command('revoke_by_stamped_headers', { headers, terminate, signal }, how);
  }

  rateLimit(task: string, rate: string | number | null, options?: CommandOptions): Promise<Replies<Done>> {
    return this.#command('rate_limit', { task_name: task, rate_limit: rate }, options);
  }

  timeLimit(
    task: string,
    { soft, hard }: { readonly soft?: Duration | null; readonly hard?: Duration | null },
    options?: CommandOptions,
  ): Promise<Replies<Done>> {
    const limits = { hard: secondsOf(hard, 'hard'), soft: secondsOf(soft, 'soft') };
    return this.#command('time_limit', { task_name: task, ...limits }, options);
  }

  enableEvents(options?: CommandOptions): Promise<Replies<Done>> {
    return this.#command('enable_events', {}, options);
  }

  disableEvents(options?: CommandOptions): Promise<Replies<Done>> {
    return this.#command('disable_events', {}, options);
  }

  heartbeat(options?: CommandOptions): Promise<Replies<null>> {
    return this.#command('heartbeat', {}, options);
  }

  poolGrow(by = 1, options?: CommandOptions): Promise<Replies<Done>> {
    return this.#command('pool_grow', { n: by }, options);
  }

  poolShrink(by = 1, options?: CommandOptions): Promise<Replies<Done>> {
    return this.#command('pool_shrink', { n: by }, options);
  }

  poolRestart(
    options: CommandOptions & { readonly modules?: readonly string[] } = {},
  ): Promise<Replies<Done>> {
    const { modules = null, ...how } = options;
    return this.#command('pool_restart', { modules, reload: false, reloader: null }, how);
  }

  autoscale(
    { max, min }: { readonly max?: number; readonly min?: number },
    options?: CommandOptions,
  ): Promise<Replies<Done>> {
    return this.#command('autoscale', { max: max ?? null, min: min ?? null }, options);
  }

  addConsumer(queue: string, options: ConsumerOptions = {}): Promise<Replies<Done>> {
    const { exchange = null, exchangeType = 'direct', routingKey = null, options: more, ...how } = options;
    return this.#command(
      'add_consumer',
      { queue, exchange, exchange_type: exchangeType, routing_key: routingKey, ...more },
      how,
    );
  }

  cancelConsumer(queue: string, options?: CommandOptions): Promise<Replies<Done>> {
    return this.#command('cancel_consumer', { queue }, options);
  }

  shutdown(options?: Addressees): Promise<void> {
    return this.broadcast('shutdown', {}, options);
  }

  election(id: string, topic: string, action: unknown, options?: Addressees): Promise<void> {
    return this.broadcast('election', { id, topic, action }, options);
  }

  async purge(): Promise<number> {
    const channel = await this.#app.producer().channel();
    let count = 0;
    for (const { name, broadcast } of consumedQueues(this.#app.config, {}))
      if (!broadcast) count += await channel.purgeQueue(name);
    return count;
  }

  broadcast(
    command: string,
    args: Args = {},
    options: Addressees & { readonly signal?: AbortSignal } = {},
  ): Promise<void> {
    return this.#client.send(command, args, options);
  }

  async ask<T = unknown>(command: string, args: Args = {}, options: AskOptions = {}): Promise<Answers<T>> {
    return (await this.#client.ask(command, args, options)) as Answers<T>;
  }

  close(): Promise<void> {
    return this.#client.close();
  }

  async #command<T>(command: string, args: Args, options: CommandOptions = {}): Promise<Replies<T>> {
    const { reply = false, ...how } = options;
    if (reply) return (await this.ask<T>(command, args, how)).replies;
    await this.broadcast(command, args, how);
    return {};
  }

  /** So that whoever waits is told although no worker runs, and workers that start later know. */
  async #record(ids: readonly string[]): Promise<void> {
    const { backendSetting, logger, clock } = this.#app;
    if (backendSetting === null) return;
    try {
      await recordRevoked(await this.#app.resultBackend(), ids, clock.now());
    } catch (error) {
      logger.warn("Revoked tasks couldn't be marked as such in the result backend", {
        error: toError(error).message,
      });
    }
  }
}

function secondsOf(limit: Duration | null | undefined, name: string): number | null {
  return limit === null || limit === undefined ? null : durationSeconds(limit, name);
}

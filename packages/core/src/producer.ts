import { backoffFromPolicy } from './publish-retry.ts';
import type { RetryPlan } from './publish-retry.ts';
import { Deadlines } from './deadlines.ts';
import { BrokerUnavailableError, ClosedError, PublishError } from './errors.ts';
import { Lazy } from './lifecycle.ts';
import type { Route } from './routing.ts';
import type { Queue } from './queues.ts';
import type { Clock } from './types/clock.ts';
import type { Channel, Connection, Message } from './types/transport.ts';

interface Link {
  readonly connection: Connection;
  readonly channel: Channel;
  /** Queues and exchanges declared on this connection, by name. */
  readonly declared: Map<string, Promise<void>>;
}

export interface PublishPlan {
  /** Reject when it isn't done by then. */
  readonly timeoutMs: number;
  readonly retry: RetryPlan;
  /** For transports that hold messages themselves. Unix milliseconds. */
  readonly notBeforeMs: number | undefined;
}

/** Owns the publishing channel of an app: opened at the first message, opened again when it's lost. */
export class Producer implements AsyncDisposable {
  readonly #open: () => Promise<Connection>;
  readonly #clock: Clock;
  readonly #link: Lazy<Link>;
  readonly #deadlines = new Deadlines();
  readonly #stop = new AbortController();

  constructor(options: { readonly open: () => Promise<Connection>; readonly clock: Clock }) {
    this.#open = options.open;
    this.#clock = options.clock;
    this.#link = new Lazy(() => this.#connect());
  }

  /** Whether a connection is open or being opened. */
  get connected(): boolean {
    return this.#link.touched;
  }

  /**
   * Resolves when the broker has taken responsibility for the message.
   * @throws PublishError when `timeoutMs` passes, BrokerUnavailableError when no address answers
   */
  publish(message: Message, route: Route, plan: PublishPlan): Promise<void> {
    if (this.#stop.signal.aborted) return Promise.reject(new ClosedError('The app'));
    return this.#deadlines.guard(this.#attempts(message, route, plan), plan.timeoutMs, () =>
      this.#timedOut(route, plan),
    );
  }

  /** The open channel, for what isn't publishing (purge, declare). */
  async channel(): Promise<Channel> {
    if (this.#stop.signal.aborted) throw new ClosedError('The app');
    return (await this.#link.get()).channel;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new ClosedError('The app'));
    const link = await this.#link.reset()?.catch(() => undefined);
    await link?.connection.close();
  }

  async #attempts(message: Message, route: Route, plan: PublishPlan): Promise<void> {
    const startedMs = this.#clock.monotonic();
    for (let attempt = 0; ; attempt++) {
      try {
        const link = await this.#link.get();
        await this.#declare(link, route);
        const { exchange, routingKey } = route;
        await link.channel.publish(
          message,
          plan.notBeforeMs === undefined
            ? { exchange, routingKey }
            : { exchange, routingKey, notBeforeMs: plan.notBeforeMs },
        );
        return;
      } catch (error) {
        const waitMs =
          error instanceof BrokerUnavailableError ? backoffFromPolicy(plan.retry, attempt) : undefined;
        if (waitMs === undefined || this.#clock.monotonic() - startedMs + waitMs >= plan.timeoutMs)
          throw error;
        await this.#clock.sleep(waitMs, { signal: this.#stop.signal });
      }
    }
  }

  #declare(link: Link, route: Route): Promise<void> | undefined {
    const name = route.queue
      ? `queue ${route.queue.name}`
      : route.exchangeType
        ? `exchange ${route.exchange}`
        : undefined;
    if (name === undefined) return undefined;
    let declared = link.declared.get(name);
    if (!declared) {
      declared = route.queue
        ? declareQueue(link.channel, route.queue)
        : link.channel.declareExchange({ name: route.exchange, type: route.exchangeType ?? 'direct' });
      link.declared.set(name, declared);
      declared.catch(() => link.declared.delete(name));
    }
    return declared;
  }

  async #connect(): Promise<Link> {
    const connection = await this.#open();
    const channel = await connection.openChannel().catch(async (error: unknown) => {
      await connection.close();
      throw error;
    });
    const link: Link = { connection, channel, declared: new Map() };
    const opened = this.#link;
    void connection.closed.then(async () => {
      if ((await opened.get().catch(() => undefined)) === link) opened.reset();
    });
    return link;
  }

  #timedOut(route: Route, plan: PublishPlan): PublishError {
    const where = route.queue?.name ?? route.exchange;
    return new PublishError(
      `The broker has not confirmed a message to ${JSON.stringify(where)} within ${plan.timeoutMs / 1000} s (setting publishTimeout). It may have been stored or not.`,
    );
  }
}

/** Declares a queue with the exchange that feeds it, and binds the two. */
export async function declareQueue(channel: Channel, queue: Queue): Promise<void> {
  if (queue.exchange !== '')
    await channel.declareExchange({ name: queue.exchange, type: queue.exchangeType, durable: queue.durable });
  await channel.declareQueue({
    name: queue.name,
    durable: queue.durable,
    ...(queue.queueArguments ? { arguments: queue.queueArguments } : {}),
  });
  if (queue.exchange === '') return;
  await channel.bindQueue({
    exchange: queue.exchange,
    queue: queue.name,
    routingKey: queue.routingKey,
    ...(queue.bindingArguments ? { arguments: queue.bindingArguments } : {}),
  });
}

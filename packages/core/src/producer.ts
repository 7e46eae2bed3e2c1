import { backoffFromPolicy } from './publish-retry.ts';
import type { RetryPlan } from './publish-retry.ts';
import { Deadlines } from './deadlines.ts';
import { declareForPublishing } from './declare-queue.ts';
import { BrokerUnavailableError, ClosedError, PublishError, toError } from './errors.ts';
import { Lazy } from './lifecycle.ts';
import type { Route } from './routing.ts';
import type { Clock } from './types/clock.ts';
import type { Address, Channel, Connection, Message, TransportTraits } from './types/transport.ts';

interface Link {
  readonly connection: Connection;
  readonly channel: Channel;
  /** Queues and exchanges declared on this connection, by name; with a promise those that are being declared. */
  readonly declared: Map<string, Promise<void> | true>;
  /** Its connection is gone, or its channel: not used again. */
  lost: boolean;
}

/** A message on its way, and how far it has come. */
interface Sending {
  readonly message: Message;
  readonly route: Route;
  readonly plan: PublishPlan;
  readonly startedMs: number;
  /** The broker was asked to take it. */
  asked: boolean;
  /** The caller has been told that it failed. */
  expired: boolean;
  failure: unknown;
}

/** An attempt that came to nothing. */
interface Failed {
  readonly error: unknown;
  /** What it was made on. */
  readonly link: Link | undefined;
}

/** How long and how often to try. */
export interface PublishPlan {
  /** Reject when it isn't done by then. */
  readonly timeoutMs: number;
  readonly retry: RetryPlan;
  /** For transports that hold messages themselves. Unix milliseconds. */
  readonly notBeforeMs: number | undefined;
  /** Refuse what no queue takes. @default true, but for a fanout exchange */
  readonly mandatory?: boolean;
}

/** Owns the publishing channel of an app: opened at the first message, opened again when it's lost. */
export class Producer implements AsyncDisposable {
  readonly #open: (signal: AbortSignal) => Promise<Connection>;
  readonly #clock: Clock;
  readonly #owner: string;
  readonly #link: Lazy<Link>;
  readonly #deadlines = new Deadlines();
  readonly #stop = new AbortController();
  /** Connections on their way out. */
  readonly #leaving = new Set<Promise<void>>();

  constructor(options: {
    readonly open: (signal: AbortSignal) => Promise<Connection>;
    readonly clock: Clock;
    /** Whose it is, for the error after the end. */
    readonly owner: string;
  }) {
    this.#open = options.open;
    this.#clock = options.clock;
    this.#owner = options.owner;
    this.#link = new Lazy(() => this.#connect());
  }

  /** Whether a connection is open or being opened. */
  get connected(): boolean {
    return this.#link.touched;
  }

  /**
   * Resolves when the broker has taken responsibility for the message.
   * @throws BrokerUnavailableError when no address answers, PublishError when the broker refuses the message or does not
   *   confirm it within `timeoutMs`, ClosedError after the end
   */
  publish(message: Message, route: Route, plan: PublishPlan): Promise<void> {
    if (this.#stop.signal.aborted) return Promise.reject(this.#stop.signal.reason as Error);
    const startedMs = this.#clock.monotonic();
    const sending: Sending = {
      message,
      route,
      plan,
      startedMs,
      asked: false,
      expired: false,
      failure: undefined,
    };
    const { value: link } = this.#link;
    const late = (): Error => timedOut(sending);
    if (!link || !isOpen(link, route))
      return this.#deadlines.guard(this.#attempts(sending), plan.timeoutMs, late);
    // The usual case costs one promise.
    return this.#deadlines.guard(send(link, sending), plan.timeoutMs, late, (error) =>
      this.#attempts(sending, { error, link }),
    );
  }

  /** The open channel, for what isn't publishing (purge, declare). */
  async channel(): Promise<Channel> {
    this.#stop.signal.throwIfAborted();
    return (await this.#live()).channel;
  }

  /** What kind of broker it is connected to; connects when it isn't. */
  async traits(): Promise<TransportTraits> {
    this.#stop.signal.throwIfAborted();
    return (await this.#live()).connection.traits;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new ClosedError(this.#owner));
    const link = await this.#link.reset()?.catch(() => undefined);
    await Promise.all([...this.#leaving, link?.connection.close()]);
  }

  /** Until it has arrived or there is no hope left; `failed` is what the first attempt came to. */
  async #attempts(sending: Sending, failed?: Failed): Promise<void> {
    let last = failed ?? (await this.#attempt(sending));
    for (let attempt = 0; last; attempt++) {
      await this.#prepareAnother(sending, attempt, last);
      last = await this.#attempt(sending);
    }
  }

  async #attempt(sending: Sending): Promise<Failed | undefined> {
    let link: Link | undefined;
    try {
      link = await this.#live();
      await this.#declare(link, sending.route);
      // Told that it failed, the caller may have sent it again.
      if (!sending.expired) await send(link, sending);
      return undefined;
    } catch (error) {
      return { error, link };
    }
  }

  /** Resolves when it's time for the next attempt. @throws what was wrong, where another makes no sense */
  async #prepareAnother(sending: Sending, attempt: number, { error, link }: Failed): Promise<void> {
    const { plan, route, startedMs } = sending;
    if (this.#stop.signal.aborted) throw this.#stop.signal.reason;
    if (link && isUnroutable(error)) {
      // Its queue was declared, and somebody has deleted it since: declare it again, once.
      if (route.queue) link.declared.delete(declaredName(route) ?? '');
      if (route.queue && attempt === 0 && !sending.expired) return;
    }
    if (!isLoss(error, link)) throw error;
    if (link) this.#discard(link);
    sending.failure = error;
    const waitMs = backoffFromPolicy(plan.retry, attempt);
    if (waitMs === undefined || this.#clock.monotonic() - startedMs + waitMs >= plan.timeoutMs) throw error;
    await this.#clock.sleep(waitMs, { signal: this.#stop.signal });
  }

  /** The link, opened anew when the present one is lost. */
  async #live(): Promise<Link> {
    const opening = this.#link.get();
    const link = await opening;
    if (!link.lost) return link;
    this.#link.forget(opening);
    return this.#link.get();
  }

  /** A channel can be lost and its connection live on, so that has to be closed too. */
  #discard(link: Link): void {
    if (link.lost) return;
    link.lost = true;
    const leaving = link.connection
      .close()
      .catch(() => undefined) // it was broken already
      .then(() => void this.#leaving.delete(leaving));
    this.#leaving.add(leaving);
  }

  async #declare({ channel, declared }: Link, route: Route): Promise<void> {
    const name = declaredName(route);
    if (name === undefined) return;
    let declaring = declared.get(name);
    if (!declaring) {
      declaring = route.queue
        ? declareForPublishing(channel, route.queue)
        : channel.declareExchange({ name: route.exchange, type: route.exchangeType ?? 'direct' });
      declared.set(name, declaring);
      declaring.then(
        () => void declared.set(name, true),
        () => void declared.delete(name),
      );
    }
    await declaring;
  }

  async #connect(): Promise<Link> {
    const connection = await this.#open(this.#stop.signal);
    const channel = await connection.openChannel().catch(async (error: unknown) => {
      await connection.close();
      throw error;
    });
    const link: Link = { connection, channel, declared: new Map(), lost: false };
    void connection.closed.then(() => {
      link.lost = true;
    });
    return link;
  }
}

/** Whether a message can go this way at once. */
function isOpen(link: Link, route: Route): boolean {
  if (link.lost) return false;
  const name = declaredName(route);
  return name === undefined || link.declared.get(name) === true;
}

function send({ channel }: Link, sending: Sending): Promise<void> {
  sending.asked = true;
  try {
    return channel.publish(sending.message, addressOf(sending.route, sending.plan));
  } catch (error) {
    return Promise.reject(toError(error));
  }
}

/** A task that reaches no queue is lost, so it's refused; of a broadcast nobody needs to listen. */
function addressOf(route: Route, plan: PublishPlan): Address {
  const { exchange, routingKey } = route;
  const { notBeforeMs } = plan;
  const type = route.exchangeType ?? route.queue?.exchangeType;
  const mandatory = plan.mandatory ?? type !== 'fanout';
  if (notBeforeMs === undefined) return { exchange, routingKey, mandatory };
  return { exchange, routingKey, mandatory, notBeforeMs };
}

/** What has to be there before a message can go this way. */
function declaredName({ queue, exchange, exchangeType }: Route): string | undefined {
  if (queue) return `queue ${queue.name}`;
  return exchangeType === undefined || exchange === '' ? undefined : `exchange ${exchange}`;
}

/** Whether the way to the broker failed, rather than the message. A driver may use another copy of this package. */
function isLoss(error: unknown, link: Link | undefined): boolean {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  return code === 'TQ_BROKER_UNAVAILABLE' || (code === 'TQ_CLOSED' && link?.lost === true);
}

function isUnroutable(error: unknown): boolean {
  return (error as { readonly reason?: unknown } | undefined)?.reason === 'unroutable';
}

function timedOut(sending: Sending): Error {
  sending.expired = true;
  const { failure, plan, route } = sending;
  const within = `within ${plan.timeoutMs / 1000} s (setting publishTimeout)`;
  if (!sending.asked) {
    const why = failure instanceof Error ? ` ${failure.message}` : '';
    return new BrokerUnavailableError(`Can't reach the broker ${within}.${why}`, { cause: failure });
  }
  const where = JSON.stringify(route.queue?.name ?? (route.exchange || route.routingKey));
  return new PublishError(
    `The broker has not confirmed a message to ${where} ${within}. It may have been stored or not.`,
    { cause: failure, reason: 'unconfirmed' },
  );
}

import { PublishError, TqError } from '@tq/core';
import type { Address, Message } from '@tq/core';
import { toError } from '@tq/core/internal';
import { Batches } from './batches.ts';
import type { Envelope, PutEntry, QueueStore } from './store.ts';
import type { Topology } from './topology.ts';

interface Outgoing {
  readonly message: Message;
  readonly to: Address;
  /** No queue took it, and nobody listened. */
  unheard?: boolean;
}

interface Broadcast {
  readonly outgoing: Outgoing;
  /** Whether it was put into queues besides. */
  readonly isKept: boolean;
}

interface Plan {
  readonly entries: PutEntry[];
  readonly broadcasts: Broadcast[];
}

export interface OutboxOptions {
  readonly store: QueueStore;
  readonly topology: Topology;
  /** Whether the store holds messages until their moment. */
  readonly delays: boolean;
}

/**
 * Publishes in batches: one `put` for what was published in one turn of the event loop, to whatever exchanges. A batch
 * that fails rejects everybody in it.
 */
export class Outbox {
  readonly #options: OutboxOptions;
  readonly #batches: Batches<Outgoing>;

  constructor(options: OutboxOptions) {
    this.#options = options;
    this.#batches = new Batches({ max: 1000, send: (messages) => this.#send(messages) });
  }

  publish(message: Message, to: Address): Promise<void> {
    const outgoing: Outgoing = { message, to };
    const sent = this.#batches.add(outgoing);
    return to.mandatory && to.exchange !== '' ? sent.then(() => refuseUnheard(outgoing)) : sent;
  }

  flush(): Promise<void> {
    return this.#batches.flush();
  }

  abandon(reason: Error): void {
    this.#batches.abandon(reason);
  }

  async #send(messages: readonly Outgoing[]): Promise<void> {
    const { store } = this.#options;
    const plan: Plan = { entries: [], broadcasts: [] };
    try {
      for (const each of messages) {
        if (each.to.exchange === '') this.#put(plan, each, each.to.routingKey);
        else await this.#route(plan, each);
      }
      const sending = plan.broadcasts.map((each) => this.#broadcast(each));
      if (plan.entries.length > 0) sending.push(store.put(plan.entries));
      await Promise.all(sending);
    } catch (error) {
      throw published(error);
    }
  }

  /** Messages that fit no binding are dropped, as AMQP does; but not on the word of a list that may be outdated. */
  async #route(plan: Plan, outgoing: Outgoing): Promise<void> {
    const { topology } = this.#options;
    const { message, to } = outgoing;
    const known = topology.knownRoutes(to.exchange);
    let routes = known ?? (await topology.routes(to.exchange));
    let queues = routes.router.queuesFor(to.routingKey, message.headers);
    const broadcast = topology.broadcasts(routes.type);
    if (known && queues.length === 0 && !broadcast) {
      routes = await topology.routes(to.exchange, 'fresh');
      queues = routes.router.queuesFor(to.routingKey, message.headers);
    }
    for (const queue of queues) this.#put(plan, outgoing, queue);
    if (broadcast) plan.broadcasts.push({ outgoing, isKept: queues.length > 0 });
  }

  async #broadcast({ outgoing, isKept }: Broadcast): Promise<void> {
    const { exchange, routingKey } = outgoing.to;
    const heard = await this.#options.store.broadcast(exchange, routingKey, envelopeOf(outgoing));
    outgoing.unheard = heard === 0 && !isKept;
  }

  #put(plan: Plan, outgoing: Outgoing, queue: string): void {
    const { notBeforeMs } = outgoing.to;
    const envelope = envelopeOf(outgoing);
    if (notBeforeMs === undefined || !this.#options.delays) plan.entries.push({ queue, envelope });
    else plan.entries.push({ queue, envelope, notBeforeMs });
  }
}

function envelopeOf({ message, to }: Outgoing): Envelope {
  return { message, exchange: to.exchange, routingKey: to.routingKey };
}

function refuseUnheard({ to, unheard }: Outgoing): void {
  if (!unheard) return;
  throw new PublishError(
    `Nobody listens to the exchange ${JSON.stringify(to.exchange)} with the key ${JSON.stringify(to.routingKey)}: bind a queue to it.`,
    { reason: 'unroutable' },
  );
}

function published(error: unknown): Error {
  if (error instanceof TqError) return error;
  const { message } = toError(error);
  return new PublishError(`The broker did not take the message: ${message}`, { cause: error });
}

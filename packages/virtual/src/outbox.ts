import { PublishError, TqError } from '@tq/core';
import type { Address, Message } from '@tq/core';
import { toError } from '@tq/core/internal';
import { Batches } from './batches.ts';
import type { Envelope, PutEntry, QueueStore } from './store.ts';
import type { Topology } from './topology.ts';

interface Outgoing {
  readonly message: Message;
  readonly to: Address;
}

interface Plan {
  readonly entries: PutEntry[];
  readonly broadcasts: Envelope[];
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
    return this.#batches.add({ message, to });
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
      const sending = plan.broadcasts.map((each) => store.broadcast(each.exchange, each.routingKey, each));
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
    if (broadcast) plan.broadcasts.push(envelopeOf(outgoing));
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

function published(error: unknown): Error {
  if (error instanceof TqError) return error;
  const { message } = toError(error);
  return new PublishError(`The broker did not take the message: ${message}`, { cause: error });
}

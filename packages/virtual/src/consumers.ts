import type { Clock, ConsumeOptions, Delivery, Logger } from '@tq/core';
import { toError } from '@tq/core/internal';
import { Cycle } from './cycle.ts';
import { VirtualDelivery } from './delivery.ts';
import { FetchLoop } from './fetch-loop.ts';
import type { FetchPlan } from './fetch-loop.ts';
import type { Mailbox } from './mailbox.ts';
import type { QueueStore, Taken } from './store.ts';
import type { Origin, Unacked } from './unacked.ts';

/** The most messages in one take or one pass over a mailbox, whatever the window. */
const BATCH = 500;
/** A consumer that throws gets its message again after this long, so that it can't spin. */
const THROWN_REST_MS = 500;

export interface Subscription {
  readonly tag: string;
  readonly queue: string;
  readonly noAck: boolean;
  readonly onDelivery: (delivery: Delivery) => void;
}

export interface ConsumersOptions {
  readonly store: QueueStore;
  /** What is taken from the store ends here. */
  readonly settler: Origin;
  readonly unacked: Unacked;
  readonly mailbox: (queue: string) => Mailbox | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Something has been handed out that the store must be told of while it is held. */
  onHeld(): void;
  fail(error: Error): void;
}

/** The consumers of a channel: says what to fetch, and hands out what was fetched, in turn. */
export class Consumers {
  readonly #options: ConsumersOptions;
  readonly #loop: FetchLoop;
  readonly #byQueue = new Map<string, Subscription[]>();
  readonly #cycle = new Cycle();
  readonly #mailboxes = new Set<Mailbox>();
  readonly #stopping = new AbortController();
  #wakeScheduled = false;
  readonly #reader = {
    onMail: (): void => this.wakeSoon(),
    onMoved: (): void => this.replan(),
  };

  constructor(options: ConsumersOptions) {
    this.#options = options;
    this.#loop = new FetchLoop({
      store: options.store,
      plan: (arrived) => this.#plan(arrived),
      deliver: (taken) => this.#deliver(taken, options.settler),
      fail: (error) => options.fail(error),
    });
  }

  add(
    tag: string,
    queue: string,
    onDelivery: (delivery: Delivery) => void,
    options: ConsumeOptions = {},
  ): Subscription {
    const subscription = { tag, queue, onDelivery, noAck: options.noAck ?? false };
    this.#byQueue.set(queue, [...(this.#byQueue.get(queue) ?? []), subscription]);
    this.#cycle.add(queue);
    const mailbox = this.#options.mailbox(queue);
    if (mailbox) {
      this.#mailboxes.add(mailbox);
      mailbox.attach(this.#reader);
    }
    this.replan();
    return subscription;
  }

  /** Resolves when what was being fetched for it has been given back to the settler. */
  async remove(subscription: Subscription): Promise<void> {
    const { queue } = subscription;
    const left = (this.#byQueue.get(queue) ?? []).filter((each) => each !== subscription);
    if (left.length > 0) {
      this.#byQueue.set(queue, left);
      return;
    }
    this.#byQueue.delete(queue);
    this.#cycle.remove(queue);
    for (const mailbox of this.#mailboxes) if (mailbox.name === queue) this.#detach(mailbox);
    await this.#loop.interrupt();
  }

  /** Hands out nothing more. Resolves as `remove` does, with the queue of each consumer. */
  async stop(): Promise<readonly string[]> {
    const queues = [...this.#byQueue.values()].flatMap((each) => each.map(({ queue }) => queue));
    this.#stopping.abort();
    this.#byQueue.clear();
    this.#cycle.clear();
    for (const mailbox of this.#mailboxes) this.#detach(mailbox);
    await this.#loop.stop();
    return queues;
  }

  /** There is room, or mail. Looks after what this turn of the event loop has brought. */
  wakeSoon(): void {
    if (this.#wakeScheduled || this.#stopping.signal.aborted) return;
    this.#wakeScheduled = true;
    setImmediate(() => {
      this.#wakeScheduled = false;
      for (const mailbox of this.#mailboxes) this.#pump(mailbox);
      this.#loop.wake();
    });
  }

  /** What is being fetched is no longer what should be. */
  replan(): void {
    void this.#loop.interrupt(); // never rejects; the loop goes on with a new plan
    this.wakeSoon();
  }

  #plan(arrived: number): FetchPlan | undefined {
    const free = this.#options.unacked.free - arrived;
    const size = this.#options.unacked.size + arrived;
    const open = this.#cycle.names.filter((queue) => this.#options.mailbox(queue)?.inStore ?? true);
    const queues = free > 0 ? open : open.filter((queue) => this.#noAck(queue));
    if (queues.length === 0) return undefined;
    const max = queues.every((queue) => this.#noAck(queue)) ? BATCH : Math.min(BATCH, free);
    return { queues, max, little: max * 3 < size };
  }

  #pump(mailbox: Mailbox): void {
    const room = this.#noAck(mailbox.name) ? BATCH : Math.min(BATCH, this.#options.unacked.free);
    if (room === 0 || mailbox.size === 0) return;
    this.#deliver(mailbox.take(room), mailbox);
    if (mailbox.size > 0) this.wakeSoon();
  }

  #deliver(taken: readonly Taken[], origin: Origin): void {
    const counts = new Map<string, number>();
    for (const each of taken) {
      counts.set(each.queue, (counts.get(each.queue) ?? 0) + 1);
      this.#hand(each, origin);
    }
    this.#cycle.served(counts);
    if (origin === this.#options.settler && this.#options.unacked.size > 0) this.#options.onHeld();
  }

  #hand(taken: Taken, origin: Origin): void {
    const { unacked } = this.#options;
    const subscription = this.#next(taken.queue);
    // Nobody is left to take it, or the window has shrunk while it was being fetched.
    if (!subscription || (!subscription.noAck && unacked.free === 0)) {
      origin.settle(taken.tag, 'requeue');
      return;
    }
    if (subscription.noAck) origin.settle(taken.tag, 'done');
    else unacked.add(taken.tag, origin);
    const delivery = new VirtualDelivery(taken, unacked);
    try {
      subscription.onDelivery(delivery);
    } catch (error) {
      void this.#thrown(toError(error), delivery); // never rejects
    }
  }

  async #thrown(error: Error, delivery: Delivery): Promise<void> {
    const { clock, logger } = this.#options;
    logger.error('A consumer threw; its message goes back to the queue', { queue: delivery.queue, error });
    const signal = this.#stopping.signal;
    await clock.sleep(THROWN_REST_MS, { signal }).catch(() => undefined); // closing gives it back as well
    delivery.reject({ requeue: true });
  }

  /** The queue's consumers take turns. */
  #next(queue: string): Subscription | undefined {
    const subscriptions = this.#byQueue.get(queue);
    if (!subscriptions || subscriptions.length < 2) return subscriptions?.[0];
    const next = subscriptions.shift()!;
    subscriptions.push(next);
    return next;
  }

  #noAck(queue: string): boolean {
    const subscriptions = this.#byQueue.get(queue);
    return subscriptions !== undefined && subscriptions.every((each) => each.noAck);
  }

  #detach(mailbox: Mailbox): void {
    this.#mailboxes.delete(mailbox);
    mailbox.detach(this.#reader);
  }
}

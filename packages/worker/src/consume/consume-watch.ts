import { ConsumerFrozenError } from '@tq/core';
import type { Channel, Clock, Component, Connection } from '@tq/core';
import { queueSpec } from '@tq/core/internal';
import type { Queue } from '@tq/core/internal';
import type { Freeze } from '../connection-loop.ts';
import type { TaskConsumer } from './task-consumer.ts';

/** Asks after this long without a delivery; and once more, before it believes what it sees. */
const SILENCE_MS = 8000;
const DOUBT_MS = 3000;

export interface ConsumeWatchParts {
  readonly connection: Connection;
  readonly queues: readonly Queue[];
  readonly consumer: Pick<TaskConsumer, 'received' | 'hasRoom'>;
  readonly clock: Clock;
  frozen(freeze: Freeze): void;
}

/**
 * Notices a worker that looks well and does nothing: it has room, its connection answers, messages wait, and none of
 * them comes. Costs nothing while messages come; in silence it asks for the length of one queue now and then.
 */
export class ConsumeWatch implements Component {
  readonly name = 'consume watch';
  readonly #parts: ConsumeWatchParts;
  readonly #queues: readonly Queue[];
  readonly #stopping = new AbortController();
  #channel: Channel | undefined;
  #watching: Promise<void> | undefined;
  #turn = 0;

  constructor(parts: ConsumeWatchParts) {
    this.#parts = parts;
    this.#queues = parts.queues.filter(isTelling);
  }

  start(): Promise<void> {
    if (this.#queues.length > 0) this.#watching = this.#watch();
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#channel?.close();
    await this.#watching;
  }

  /** Never rejects. */
  async #watch(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      if (!(await this.#isSilentFor(SILENCE_MS))) continue;
      const queue = this.#queues[this.#turn++ % this.#queues.length] as Queue;
      if ((await this.#waitingIn(queue)) === 0) continue;
      if (!(await this.#isSilentFor(DOUBT_MS))) continue;
      const count = await this.#waitingIn(queue);
      if (count > 0 && this.#parts.consumer.hasRoom && !signal.aborted) return this.#tell(queue, count);
    }
  }

  /** Whether nothing came all the time, although there was room at both ends of it. */
  async #isSilentFor(ms: number): Promise<boolean> {
    const { clock, consumer } = this.#parts;
    const { received, hasRoom } = consumer;
    await clock.sleep(ms, { signal: this.#stopping.signal }).catch(() => undefined); // the loop looks
    return hasRoom && consumer.hasRoom && consumer.received === received;
  }

  /** On a channel of its own: a broker that refuses the question closes it. No answer is no proof of anything. */
  async #waitingIn(queue: Queue): Promise<number> {
    if (this.#stopping.signal.aborted) return 0;
    try {
      this.#channel ??= await this.#parts.connection.openChannel();
      return (await this.#channel.declareQueue(queueSpec(queue))).messages;
    } catch {
      this.#channel = undefined;
      return 0;
    }
  }

  #tell(queue: Queue, count: number): void {
    const { consumer } = this.#parts;
    this.#parts.frozen({
      error: new ConsumerFrozenError(
        `The queue ${JSON.stringify(queue.name)} holds ${count} message${count === 1 ? '' : 's'}, this worker has room for them, and for ${(SILENCE_MS + DOUBT_MS) / 1000} s the broker has sent it none.`,
      ),
      hasWorked: consumer.received > 0,
    });
  }
}

/** Whether messages that wait in a queue must come to whoever consumes it. A single active consumer may be another one. */
function isTelling({ noDeclare, broadcast, queueArguments }: Queue): boolean {
  return !noDeclare && !broadcast && queueArguments?.['x-single-active-consumer'] !== true;
}

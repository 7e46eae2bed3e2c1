import type { ConfirmChannel, ConsumeMessage } from 'amqplib';
import type { Logger } from '@tq/core';

const NEVER = -1;

/**
 * Delivery tags of one channel, from delivery to acknowledgement. Once a tick everything up to the lowest unsettled tag is
 * acknowledged at once; what has overtaken it, one by one.
 */
export class Acknowledgements {
  readonly #channel: ConfirmChannel;
  readonly #logger: Logger;
  /** Unsettled and not acknowledged, in the order of their delivery. */
  readonly #open = new Set<number>();
  /** Acknowledged by the user, not yet to the broker; in any order. */
  #done: number[] = [];
  #scheduled: NodeJS.Immediate | undefined;
  #isGone = false;
  /** Something was sent since anybody asked whether the broker has it. */
  #isUnheard = false;
  /** Came too late: their channel was gone. */
  #late = 0;

  constructor(channel: ConfirmChannel, logger: Logger) {
    this.#channel = channel;
    this.#logger = logger;
  }

  /** How many deliveries are unsettled. */
  get held(): number {
    return this.#open.size;
  }

  add(tag: number): void {
    this.#open.add(tag);
  }

  ack(tag: number): void {
    if (this.#isGone) return this.#tooLate();
    if (!this.#open.delete(tag)) return;
    this.#done.push(tag);
    this.#scheduled ??= setImmediate(() => this.flush());
  }

  reject(tag: number, requeue: boolean): void {
    if (this.#isGone) return this.#tooLate();
    if (!this.#open.has(tag)) return;
    // While it is open: what is acknowledged at once ends below it.
    this.flush();
    this.#open.delete(tag);
    this.#isUnheard = true;
    this.#channel.nack(withTag(tag), false, requeue);
  }

  /** Puts what was acknowledged so far on its way. */
  flush(): void {
    if (this.#scheduled) clearImmediate(this.#scheduled);
    this.#scheduled = undefined;
    if (this.#done.length === 0 || this.#isGone) return;
    this.#isUnheard = true;
    const done = this.#done.sort((a, b) => a - b);
    this.#done = [];
    const [lowest = Infinity] = this.#open;
    let upTo = NEVER;
    let count = 0;
    for (const tag of done) {
      if (tag > lowest) break;
      upTo = tag;
      count += 1;
    }
    if (count > 0) this.#channel.ack(withTag(upTo), count > 1);
    for (const tag of done.slice(count)) this.#channel.ack(withTag(tag), false);
  }

  /** The same; whether the broker may not have it all yet. */
  flushUnheard(): boolean {
    this.flush();
    const isUnheard = this.#isUnheard;
    this.#isUnheard = false;
    return isUnheard;
  }

  /** The channel is gone: the broker delivers again what it has no acknowledgement for. */
  abandon(): void {
    this.#isGone = true;
    if (this.#scheduled) clearImmediate(this.#scheduled);
    this.#scheduled = undefined;
    this.#late += this.#done.length;
    this.#done = [];
    this.#open.clear();
    if (this.#late > 0) this.#report();
  }

  #tooLate(): void {
    this.#late += 1;
    this.#scheduled ??= setImmediate(() => this.#report());
  }

  #report(): void {
    this.#scheduled = undefined;
    this.#logger.info(
      'Acknowledgements came after their channel was closed; the broker delivers these messages again',
      {
        count: this.#late,
      },
    );
    this.#late = 0;
  }
}

/** All that the library looks at. */
function withTag(deliveryTag: number): ConsumeMessage {
  return { fields: { deliveryTag } } as ConsumeMessage;
}

/**
 * Every key and channel that this package touches. kombu's are shared with Python peers, name for name; those marked
 * with "tq" are our own, and Python peers neither read nor write them.
 */

/** kombu puts the priority step, and the fields of a binding, behind this. */
export const SEPARATOR = '\x06\x16';

export interface KeyOptions {
  /** Stands before every key and channel. @default '' */
  readonly prefix: string;
  readonly separator: string;
  /** The first is 0 and has no suffix. */
  readonly steps: readonly number[];
  readonly unacked: string;
  readonly unackedIndex: string;
  readonly unackedMutex: string;
  /** Stands before an exchange in the name of its channel. */
  readonly fanout: string;
  /** Whether the routing key is part of a channel's name. */
  readonly fanoutPatterns: boolean;
}

export class Keys {
  /** Hash: delivery tag → `[envelope, exchange, routing key]` of each message that is held. kombu's. */
  readonly unacked: string;
  /** Sorted set: delivery tag → since when it is held, or was last renewed. Unix seconds. kombu's. */
  readonly index: string;
  /** Lock of whoever restores what was held for too long. kombu's. */
  readonly mutex: string;
  /** Sorted set: exchange → until when its bindings are kept that are of queues that expire. Unix milliseconds. kombu's. */
  readonly bindingDeadlines: string;
  /** Sorted set: queue that expires → when to look whether it must go. Unix milliseconds. tq's. */
  readonly expiring: string;
  /** Hash: the same queues → after how many milliseconds without use they go, and since when they are gone. tq's. */
  readonly lives: string;
  /** Sorted set of tq's own holds: `tag SEP list` → until when. Unix microseconds. */
  readonly leases: string;
  readonly separator: string;
  readonly steps: readonly number[];
  readonly prefix: string;
  readonly #options: KeyOptions;

  constructor(options: KeyOptions) {
    const { prefix } = options;
    this.#options = options;
    this.prefix = prefix;
    this.separator = options.separator;
    this.steps = options.steps;
    this.unacked = prefix + options.unacked;
    this.index = prefix + options.unackedIndex;
    this.mutex = prefix + options.unackedMutex;
    this.bindingDeadlines = `${prefix}_kombu.binding_deadlines`;
    this.expiring = `${prefix}tq.expiring`;
    this.lives = `${prefix}tq.lives`;
    this.leases = `${prefix}${options.unackedIndex}.tq`;
  }

  /** The list of a queue's messages of one priority step. */
  list(queue: string, step: number): string {
    return step === 0 ? this.prefix + queue : `${this.prefix}${queue}${this.separator}${step}`;
  }

  /** The list for a message of this priority: of the largest step that isn't above it. */
  listFor(queue: string, priority: number | undefined): string {
    const wanted = priority ?? 0;
    return this.list(queue, this.steps.findLast((step) => step <= wanted) ?? 0);
  }

  /** All lists of a queue, the most urgent first. */
  lists(queue: string): readonly string[] {
    return this.steps.map((step) => this.list(queue, step));
  }

  /** Set of an exchange's bindings: `routing key SEP pattern SEP queue`. kombu's. */
  bindings(exchange: string): string {
    return `${this.prefix}_kombu.binding.${exchange}`;
  }

  /** Set of those of them that are of queues that don't expire: kombu 5.7 forgets the others in time. kombu's. */
  lastingBindings(exchange: string): string {
    return `${this.prefix}_kombu.binding_permanent.${exchange}`;
  }

  /** Set of those of an exchange's bindings that kombu has no form for, as JSON. tq's. */
  ownBindings(exchange: string): string {
    return `${this.prefix}tq.binding.${exchange}`;
  }

  /** Set of the exchanges that tq has bound a queue to, so that they can be found when the queue goes. tq's. */
  boundTo(queue: string): string {
    return `${this.prefix}tq.bound.${queue}`;
  }

  channel(exchange: string, routingKey: string): string {
    const name = this.prefix + this.#options.fanout + exchange;
    return routingKey === '' || !this.#options.fanoutPatterns ? name : `${name}/${routingKey}`;
  }

  /** What to subscribe to in order to hear an exchange; `*` and `#` are Redis' own `*`, which fits too much. */
  channelPatterns(exchange: string, pattern: string): readonly string[] {
    const name = glob(this.channel(exchange, ''));
    if (!this.#options.fanoutPatterns) return [name];
    const keyed = `${name}/${glob(pattern).replaceAll(/\\\*|#/g, '*')}`;
    return pattern.split('.').every((word) => word === '#') ? [name, keyed] : [keyed];
  }

  /** The routing key in the name of an exchange's channel; undefined when channels don't say. */
  routingKeyOf(channel: string, exchange: string): string | undefined {
    if (!this.#options.fanoutPatterns) return undefined;
    return channel.slice(this.channel(exchange, '').length + 1);
  }
}

/** A text that Redis' patterns take literally. */
function glob(text: string): string {
  return text.replaceAll(/[*?[\]\\]/g, String.raw`\$&`);
}

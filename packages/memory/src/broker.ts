import type { BindingRecord, Envelope, PutEntry, Taken } from '@tq/virtual';
import { Heap } from './heap.ts';
import { Lives } from './lives.ts';

/** As in AMQP: larger is more urgent, none is 0, what lies above counts as the highest. */
const HIGHEST_PRIORITY = 9;

interface Item {
  /** Place among equals; kept when the message is given back. */
  readonly serial: number;
  readonly priority: number;
  readonly queue: string;
  readonly envelope: Envelope;
  readonly notBeforeMs: number;
  redelivered: boolean;
  deliveries: number;
}

interface Hold {
  readonly item: Item;
  /** Whoever took it. */
  readonly holder: object;
  untilMs: number;
}

interface Listener {
  readonly exchange: string;
  readonly matches: (routingKey: string) => boolean;
  readonly onEnvelope: (envelope: Envelope) => void;
}

class Queue {
  readonly #ready = new Heap<Item>((a, b) =>
    a.priority === b.priority ? a.serial < b.serial : a.priority > b.priority,
  );
  readonly #delayed = new Heap<Item>((a, b) =>
    a.notBeforeMs === b.notBeforeMs ? a.serial < b.serial : a.notBeforeMs < b.notBeforeMs,
  );

  add(item: Item, nowMs: number): void {
    (item.notBeforeMs > nowMs ? this.#delayed : this.#ready).push(item);
  }

  size(nowMs: number): number {
    this.#ripen(nowMs);
    return this.#ready.size;
  }

  next(nowMs: number): Item | undefined {
    this.#ripen(nowMs);
    return this.#ready.pop();
  }

  get nextDueMs(): number {
    return this.#delayed.peek()?.notBeforeMs ?? Infinity;
  }

  purge(): number {
    const count = this.#ready.size + this.#delayed.size;
    this.#ready.clear();
    this.#delayed.clear();
    return count;
  }

  #ripen(nowMs: number): void {
    while (this.nextDueMs <= nowMs) this.#ready.push(this.#delayed.pop()!);
  }
}

/** Everything that connections to one name share. */
export class MemoryBroker {
  readonly #queues = new Map<string, Queue>();
  readonly #lives = new Lives();
  readonly #holds = new Map<string, Hold>();
  readonly #bindings = new Map<string, BindingRecord>();
  readonly #listeners = new Set<Listener>();
  readonly #waiting = new Map<() => void, readonly string[]>();
  #serial = 0;

  put(entries: readonly PutEntry[], nowMs: number): void {
    // Cloned first: nothing is kept of a batch with something that can't travel.
    const items = entries.map((entry) => this.#item(entry));
    for (const item of items) this.#add(item, nowMs);
  }

  take(
    queues: readonly string[],
    max: number,
    hold: { readonly holder: object; readonly untilMs: number; readonly nowMs: number },
  ): Taken[] {
    const taken: Taken[] = [];
    for (const name of queues) {
      const queue = this.#queues.get(name);
      for (let item; taken.length < max && (item = queue?.next(hold.nowMs));)
        taken.push(this.#hold(item, hold));
    }
    return taken;
  }

  /** Resolves when one of the queues may have something, or `end` is called. */
  changed(queues: readonly string[]): { readonly promise: Promise<void>; readonly end: () => void } {
    let wake!: () => void;
    const promise = new Promise<void>((resolve) => {
      wake = resolve;
    });
    const end = (): void => {
      this.#waiting.delete(end);
      wake();
    };
    this.#waiting.set(end, queues);
    return { promise, end };
  }

  /** The moment when the next delayed message of these queues is due. */
  nextDueMs(queues: readonly string[]): number {
    return Math.min(...queues.map((name) => this.#queues.get(name)?.nextDueMs ?? Infinity));
  }

  settle(tags: readonly string[], how: 'done' | 'requeue', holder: object, nowMs: number): void {
    for (const tag of tags) {
      const hold = this.#holds.get(tag);
      if (hold?.holder !== holder) continue;
      if (how === 'requeue') hold.item.deliveries -= 1;
      this.#release(tag, hold, how === 'requeue', nowMs);
    }
  }

  renew(tags: readonly string[], holder: object, untilMs: number): void {
    for (const tag of tags) {
      const hold = this.#holds.get(tag);
      if (hold?.holder === holder) hold.untilMs = untilMs;
    }
  }

  /** Gives back what is held by nobody any more. */
  restore(isLost: (hold: Hold) => boolean, nowMs: number): number {
    const lost = [...this.#holds].filter(([, hold]) => isLost(hold));
    for (const [tag, hold] of lost) this.#release(tag, hold, true, nowMs);
    return lost.length;
  }

  declare(name: string, expiresMs: number | undefined, nowMs: number): void {
    this.#queue(name);
    this.#lives.declare(name, expiresMs, nowMs);
  }

  use(name: string, nowMs: number): number | undefined {
    return this.#lives.use(name, nowMs);
  }

  removeUnused(nowMs: number): number {
    const overdue = this.#lives.overdue(nowMs);
    for (const { queue } of overdue) this.drop(queue, nowMs);
    return overdue.filter(({ there }) => there).length;
  }

  size(queue: string, nowMs: number): number {
    return this.#queues.get(queue)?.size(nowMs) ?? 0;
  }

  purge(queue: string): number {
    return this.#queues.get(queue)?.purge() ?? 0;
  }

  drop(queue: string, nowMs: number): void {
    this.#queues.delete(queue);
    this.#lives.dropped(queue, nowMs);
    for (const [key, binding] of this.#bindings) if (binding.queue === queue) this.#bindings.delete(key);
    for (const [tag, hold] of this.#holds) if (hold.item.queue === queue) this.#holds.delete(tag);
  }

  bind(binding: BindingRecord): void {
    const { exchange, queue, routingKey, arguments: conditions = {} } = binding;
    this.#bindings.set(JSON.stringify([exchange, queue, routingKey, conditions]), structuredClone(binding));
  }

  bindings(exchange: string): BindingRecord[] {
    return [...this.#bindings.values()].filter((binding) => binding.exchange === exchange);
  }

  /** How many heard it. */
  broadcast(exchange: string, routingKey: string, envelope: Envelope): number {
    const copy = copyOf(envelope);
    let heard = 0;
    for (const listener of this.#listeners) {
      if (listener.exchange !== exchange || !listener.matches(routingKey)) continue;
      heard += 1;
      listener.onEnvelope(copy);
    }
    return heard;
  }

  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Forgets all messages and bindings; who is connected stays connected. */
  clear(): void {
    this.#queues.clear();
    this.#lives.clear();
    this.#holds.clear();
    this.#bindings.clear();
  }

  #queue(name: string): Queue {
    let queue = this.#queues.get(name);
    if (!queue) this.#queues.set(name, (queue = new Queue()));
    return queue;
  }

  #item({ queue, envelope, notBeforeMs = 0 }: PutEntry): Item {
    this.#serial += 1;
    const priority = Math.min(Math.max(envelope.message.properties.priority ?? 0, 0), HIGHEST_PRIORITY);
    return {
      serial: this.#serial,
      priority,
      queue,
      envelope: copyOf(envelope),
      notBeforeMs,
      redelivered: false,
      deliveries: 0,
    };
  }

  #add(item: Item, nowMs: number): void {
    this.#queue(item.queue).add(item, nowMs);
    for (const [wake, queues] of this.#waiting) if (queues.includes(item.queue)) wake();
  }

  #hold(item: Item, { holder, untilMs }: { readonly holder: object; readonly untilMs: number }): Taken {
    this.#serial += 1;
    const tag = `${this.#serial}`;
    item.deliveries += 1;
    this.#holds.set(tag, { item, holder, untilMs });
    const { queue, envelope, redelivered, deliveries } = item;
    return { tag, queue, envelope, redelivered, deliveries };
  }

  #release(tag: string, hold: Hold, back: boolean, nowMs: number): void {
    this.#holds.delete(tag);
    if (!back) return;
    hold.item.redelivered = true;
    this.#add(hold.item, nowMs);
  }
}

/** What another process would get: nothing shared with the sender, and nothing that can't be sent. */
function copyOf(envelope: Envelope): Envelope {
  const { body, headers, properties } = envelope.message;
  const message = { body: body.slice(), ...structuredClone({ headers, properties }) };
  return { message, exchange: envelope.exchange, routingKey: envelope.routingKey };
}

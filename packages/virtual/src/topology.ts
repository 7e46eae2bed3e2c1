import { randomUUID } from 'node:crypto';
import { ImproperlyConfigured } from '@tq/core';
import type {
  Binding,
  Clock,
  ExchangeSpec,
  ExchangeType,
  Logger,
  QueueInfo,
  QueueSpec,
  TransportTraits,
} from '@tq/core';
import { Router } from './exchange.ts';
import { Mailbox } from './mailbox.ts';
import type { QueueStore } from './store.ts';
import { Uses } from './uses.ts';

/** What others have bound is noticed after this long. */
const BINDINGS_AGE_MS = 100;

/** Exchanges that every AMQP broker has. */
const PREDECLARED: readonly (readonly [string, ExchangeType])[] = [
  ['amq.direct', 'direct'],
  ['amq.fanout', 'fanout'],
  ['amq.headers', 'headers'],
  ['amq.match', 'headers'],
  ['amq.topic', 'topic'],
];

interface KnownRoutes {
  readonly router: Router;
  readonly type: ExchangeType;
  readonly untilMs: number;
}

export interface TopologyOptions {
  readonly traits: TransportTraits;
  readonly store: QueueStore;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What one connection knows of exchanges, queues and bindings. */
export class Topology {
  readonly #traits: TransportTraits;
  readonly #store: QueueStore;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #types = new Map<string, ExchangeType>(PREDECLARED);
  readonly #mailboxes = new Map<string, Mailbox>();
  readonly #routes = new Map<string, KnownRoutes>();
  /** Queues of the store that were declared here, and after how long they go; undefined: they stay. */
  readonly #lives = new Map<string, number | undefined>();
  readonly #uses: Uses;
  #changes = 0;

  constructor(options: TopologyOptions) {
    this.#traits = options.traits;
    this.#store = options.store;
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#uses = new Uses(options);
  }

  declareExchange(exchange: ExchangeSpec): void {
    const known = this.#types.get(exchange.name);
    if (exchange.name === '')
      throw new ImproperlyConfigured('The default exchange, named "", exists always and can\'t be declared.');
    if (known && known !== exchange.type)
      throw new ImproperlyConfigured(
        `The exchange "${exchange.name}" is of type ${known} already; it can't be declared as ${exchange.type}. Use one type everywhere, or another name.`,
      );
    this.#types.set(exchange.name, exchange.type);
    this.#forgetRoutes();
  }

  async declareQueue(queue: QueueSpec): Promise<QueueInfo> {
    const name = queue.name === '' ? `amq.gen-${randomUUID()}` : queue.name;
    const transient = queue.exclusive === true || queue.autoDelete === true;
    const expiresMs = expiryOf(queue);
    if (transient) this.#mailbox(name, queue, expiresMs);
    else if (!this.#mailboxes.has(name)) await this.#store.declare(name, expiresMs);
    this.#lives.set(name, expiresMs);
    const waiting = this.#mailboxes.get(name)?.size ?? 0;
    return { name, messages: waiting + (await this.#store.size(name)), consumers: 0 };
  }

  async bind(binding: Binding): Promise<void> {
    if (binding.exchange === '')
      throw new ImproperlyConfigured(
        'Every queue is bound to the default exchange by its own name; it takes no other bindings.',
      );
    const { type } = await this.routes(binding.exchange);
    const mailbox = this.#mailboxes.get(binding.queue);
    if (mailbox && this.broadcasts(type)) return mailbox.listen(binding.exchange, patternOf(type, binding));
    await mailbox?.keepInStore();
    await this.#store.bind({ ...binding, type });
    this.#forgetRoutes();
  }

  /**
   * Whether messages to exchanges of a type are, besides being put into the queues bound to them, broadcast to the
   * transient queues that listen. Fanout always; topic where events travel by topic.
   */
  broadcasts(type: ExchangeType): boolean {
    return type === 'fanout' || (type === 'topic' && this.#traits.eventExchange === 'topic');
  }

  /** Who gets what of an exchange, as of a moment ago at most. */
  async routes(exchange: string, how: 'known' | 'fresh' = 'known'): Promise<KnownRoutes> {
    const known = how === 'known' ? this.knownRoutes(exchange) : undefined;
    if (known) return known;
    const changes = this.#changes;
    const bindings = await this.#store.bindings(exchange);
    const declared = this.#types.get(exchange);
    const routes = {
      router: new Router(bindings, declared),
      type: declared ?? bindings[0]?.type ?? 'direct',
      untilMs: this.#clock.monotonic() + BINDINGS_AGE_MS,
    };
    if (changes === this.#changes) this.#routes.set(exchange, routes);
    return routes;
  }

  knownRoutes(exchange: string): KnownRoutes | undefined {
    const routes = this.#routes.get(exchange);
    return routes && routes.untilMs > this.#clock.monotonic() ? routes : undefined;
  }

  mailbox(queue: string): Mailbox | undefined {
    return this.#mailboxes.get(queue);
  }

  /** Before a consumer comes. */
  async prepare(queue: string): Promise<void> {
    const mailbox = this.#mailboxes.get(queue);
    if (mailbox?.inStore) await mailbox.keepInStore();
    if (!this.#lives.has(queue)) this.#lives.set(queue, await this.#store.use(queue));
  }

  /** A consumer has come; while there are any, the queue doesn't expire. */
  attached(queue: string): void {
    this.#uses.begin(queue, this.#lives.get(queue));
  }

  async purge(queue: string): Promise<number> {
    const waiting = this.#mailboxes.get(queue)?.purge() ?? 0;
    return waiting + (await this.#store.purge(queue));
  }

  async delete(queue: string): Promise<void> {
    const mailbox = this.#mailboxes.get(queue);
    this.#mailboxes.delete(queue);
    this.#lives.delete(queue);
    await mailbox?.deafen();
    await this.#store.drop(queue);
    this.#forgetRoutes();
  }

  /** A consumer of the queue has gone; an autoDelete queue goes with its last one. */
  async released(queue: string): Promise<void> {
    this.#uses.end(queue);
    const mailbox = this.#mailboxes.get(queue);
    if (!mailbox?.autoDelete || mailbox.hasReaders) return;
    this.#mailboxes.delete(queue);
    await mailbox.drop();
    this.#forgetRoutes();
  }

  /** Exclusive queues go with their connection, and nothing listens any more. */
  async close(): Promise<void> {
    const mailboxes = [...this.#mailboxes.values()];
    this.#mailboxes.clear();
    this.#uses[Symbol.dispose]();
    for (const mailbox of mailboxes) await (mailbox.exclusive ? mailbox.drop() : mailbox.deafen());
  }

  /** The connection is gone, and the store with it. */
  abandon(): void {
    this.#uses[Symbol.dispose]();
  }

  #mailbox(name: string, spec: QueueSpec, expiresMs: number | undefined): void {
    if (this.#mailboxes.has(name)) return;
    const { autoDelete = false, exclusive = false } = spec;
    const [store, logger] = [this.#store, this.#logger];
    const mailbox = new Mailbox({ name, autoDelete, exclusive, expiresMs, store, logger });
    this.#mailboxes.set(name, mailbox);
  }

  #forgetRoutes(): void {
    this.#changes += 1;
    this.#routes.clear();
  }
}

/** A fanout exchange ignores keys. A pattern given all the same is a filter: so events travel where topics don't. */
function patternOf(type: ExchangeType, binding: Binding): string {
  if (type === 'topic') return binding.routingKey;
  return /[*#]/.test(binding.routingKey) ? binding.routingKey : '#';
}

/** How long a queue stays unused, as AMQP's argument says. */
function expiryOf({ arguments: given, name }: QueueSpec): number | undefined {
  const expires = given?.['x-expires'];
  if (expires === undefined || expires === null) return undefined;
  if (typeof expires === 'number' && Number.isFinite(expires) && expires > 0) return expires;
  throw new ImproperlyConfigured(
    `The argument x-expires of the queue "${name}" must be milliseconds above 0, not ${JSON.stringify(expires)}.`,
  );
}

import type { Config } from './config.ts';
import { didYouMean } from './did-you-mean.ts';
import { durationMs } from './duration.ts';
import type { Duration } from './duration.ts';
import { ImproperlyConfigured } from './errors.ts';
import type { ExchangeType } from './types/transport.ts';

/** What sorts messages into queues. */
export interface ExchangeDefinition {
  readonly name: string;
  /** @default "direct" */
  readonly type?: ExchangeType;
  /** Whether it outlives a restart of the broker. @default that of the queue, true */
  readonly durable?: boolean;
  /** Whether it goes with its last queue. @default false */
  readonly autoDelete?: boolean;
  /** Persistence of messages sent to its queue, where neither call nor task says. @default the setting taskDefaultDeliveryMode */
  readonly deliveryMode?: 1 | 2 | 'transient' | 'persistent';
  readonly arguments?: Readonly<Record<string, unknown>>;
  /** It exists already and isn't declared. @default false */
  readonly noDeclare?: boolean;
}

/** One more way from an exchange into a queue. */
export interface BindingDefinition {
  /** A name stands for a direct exchange. */
  readonly exchange: string | ExchangeDefinition;
  /** @default "" */
  readonly routingKey?: string;
  /** What a headers exchange compares. */
  readonly arguments?: Readonly<Record<string, unknown>>;
}

/** A queue with the exchange that feeds it. */
export interface QueueDefinition {
  readonly name: string;
  /** The exchange that feeds it. @default the default exchange; with `exchangeType`, one of the queue's own name */
  readonly exchange?: string | ExchangeDefinition;
  /** How that exchange sorts. @default "direct"; of the default exchange the setting taskDefaultExchangeType */
  readonly exchangeType?: ExchangeType;
  /** What binds the queue to the exchange. @default the queue's name in a map, in a list the default routing key */
  readonly routingKey?: string;
  /** More bindings. */
  readonly bindings?: readonly BindingDefinition[];
  /** Whether queue and exchange outlive a restart of the broker. @default true */
  readonly durable?: boolean;
  /** Only for the connection that declares it, and gone with it. @default false */
  readonly exclusive?: boolean;
  /** Gone with its last consumer. @default false */
  readonly autoDelete?: boolean;
  /** The queue goes when nobody has used it for this long. */
  readonly expires?: Duration;
  /** Messages go when they have waited for this long. RabbitMQ. */
  readonly messageTtl?: Duration;
  /** Most messages. RabbitMQ. */
  readonly maxLength?: number;
  /** Most bytes of messages. RabbitMQ. */
  readonly maxLengthBytes?: number;
  /** Levels of urgency, up to 255. RabbitMQ. @default the setting taskQueueMaxPriority */
  readonly maxPriority?: number;
  /** RabbitMQ. @default classic */
  readonly type?: 'classic' | 'quorum';
  /** Further arguments of the queue's declaration. */
  readonly queueArguments?: Readonly<Record<string, unknown>>;
  /** Arguments of the binding, for headers exchanges. */
  readonly bindingArguments?: Readonly<Record<string, unknown>>;
  /** Arguments of consuming, such as `x-priority`. RabbitMQ. */
  readonly consumerArguments?: Readonly<Record<string, unknown>>;
  /** The broker forgets messages when it hands them out. @default false */
  readonly noAck?: boolean;
  /** It exists already and isn't declared. @default false */
  readonly noDeclare?: boolean;
  /** Every worker gets a copy of each message, through a queue of its own. @default false */
  readonly broadcast?: boolean;
}

/** A definition with nothing left open. */
export interface Queue {
  readonly name: string;
  readonly exchange: string;
  readonly exchangeType: ExchangeType;
  readonly routingKey: string;
  readonly durable: boolean;
  readonly exclusive?: boolean;
  readonly autoDelete?: boolean;
  readonly queueArguments?: Readonly<Record<string, unknown>>;
  readonly bindingArguments?: Readonly<Record<string, unknown>>;
  readonly consumerArguments?: Readonly<Record<string, unknown>>;
  readonly noAck?: boolean;
  readonly noDeclare?: boolean;
  readonly broadcast?: boolean;
  /** Of messages sent to it. */
  readonly deliveryMode?: 1 | 2;
  /** What else is said of its exchange. */
  readonly exchangeOptions?: Omit<ExchangeDefinition, 'name' | 'type' | 'deliveryMode'>;
  readonly bindings?: readonly BindingDefinition[];
}

/** What holds where a definition says nothing. */
export interface QueueFallback {
  readonly exchange: string;
  readonly exchangeType: ExchangeType;
  readonly routingKey: string;
}

/** A broadcast queue for `taskQueues`: every worker that consumes it gets each message. */
export function broadcast(
  name: string,
  others: Omit<QueueDefinition, 'name' | 'broadcast'> = {},
): QueueDefinition {
  return { ...others, name, broadcast: true };
}

/** Celery's names for the queues of single workers. */
const DIRECT_EXCHANGE = 'C.dq2';
const DIRECT_SUFFIX = '.dq2';

/** The queue of one worker, for the option `queue`; the worker needs the setting `workerDirect`. */
export function workerDirect(nodeName: string): string {
  return `${nodeName}${DIRECT_SUFFIX}`;
}

/** A queue of one worker by its name. */
export function directQueue(name: string): QueueDefinition | undefined {
  if (!name.endsWith(DIRECT_SUFFIX) || !name.includes('@')) return undefined;
  return { name, exchange: DIRECT_EXCHANGE, routingKey: name.slice(0, -DIRECT_SUFFIX.length) };
}

/** Fills in what a definition leaves open. */
export function completeQueue(definition: QueueDefinition, fallback: QueueFallback, config: Config): Queue {
  checkKeys(definition, QUEUE_KEYS, `The queue ${JSON.stringify(definition.name)} in taskQueues`);
  const { name, durable = true, exchangeType, broadcast: isBroadcast = false } = definition;
  const { name: exchange, type, deliveryMode, ...exchangeOptions } = exchangeOf(definition, fallback);
  checkType(type, name);
  const queueArguments = argumentsOf(definition, config);
  const {
    exclusive,
    autoDelete = isBroadcast,
    bindingArguments,
    consumerArguments,
    noAck,
    noDeclare,
    bindings,
  } = definition;
  for (const binding of bindings ?? []) checkBinding(binding, name);
  return {
    name,
    exchange,
    exchangeType: isBroadcast ? (exchangeType ?? 'fanout') : type,
    routingKey: definition.routingKey ?? fallback.routingKey,
    durable,
    ...(exclusive ? { exclusive } : {}),
    ...(autoDelete ? { autoDelete } : {}),
    ...(queueArguments ? { queueArguments } : {}),
    ...(bindingArguments ? { bindingArguments } : {}),
    ...(consumerArguments ? { consumerArguments } : {}),
    ...(noAck ? { noAck } : {}),
    ...(noDeclare ? { noDeclare } : {}),
    ...(isBroadcast ? { broadcast: true } : {}),
    ...(deliveryMode === undefined ? {} : { deliveryMode: deliveryModeNumber(deliveryMode) }),
    ...(Object.keys(exchangeOptions).length > 0 ? { exchangeOptions } : {}),
    ...(bindings && bindings.length > 0 ? { bindings } : {}),
  };
}

/** 1 transient, 2 persistent. */
export function deliveryModeNumber(mode: 1 | 2 | 'transient' | 'persistent'): 1 | 2 {
  return mode === 1 || mode === 'transient' ? 1 : 2;
}

/** A definition of an exchange, from one or from a name alone. */
export function exchangeDefinition(
  exchange: string | ExchangeDefinition,
): ExchangeDefinition & { readonly type: ExchangeType } {
  if (typeof exchange === 'string') return { name: exchange, type: 'direct' };
  checkKeys(exchange, EXCHANGE_KEYS, `The exchange ${JSON.stringify(exchange.name)} in taskQueues`);
  return { ...exchange, type: exchange.type ?? 'direct' };
}

function exchangeOf(
  { name, exchange, exchangeType, broadcast: isBroadcast }: QueueDefinition,
  fallback: QueueFallback,
): ExchangeDefinition & { readonly type: ExchangeType } {
  if (exchange !== undefined && exchange !== '') {
    const given = exchangeDefinition(exchange);
    return exchangeType === undefined ? given : { ...given, type: exchangeType };
  }
  if (exchangeType !== undefined || isBroadcast) return { name, type: exchangeType ?? 'fanout' };
  return { name: fallback.exchange, type: fallback.exchangeType };
}

/** As RabbitMQ wants them. An equal declaration by a Python peer has equal ones. */
function argumentsOf(
  definition: QueueDefinition,
  config: Config,
): Readonly<Record<string, unknown>> | undefined {
  const { type, expires, messageTtl, maxLength, maxLengthBytes, maxPriority, queueArguments } = definition;
  const all: Readonly<Record<string, unknown>> = {
    'x-max-priority': config.taskQueueMaxPriority ?? undefined,
    ...queueArguments,
    ...(type === 'quorum' ? { 'x-queue-type': 'quorum' } : {}),
    ...(expires === undefined ? {} : { 'x-expires': Math.trunc(durationMs(expires, 'expires')) }),
    ...(messageTtl === undefined
      ? {}
      : { 'x-message-ttl': Math.trunc(durationMs(messageTtl, 'messageTtl')) }),
    ...(maxLength === undefined ? {} : { 'x-max-length': maxLength }),
    ...(maxLengthBytes === undefined ? {} : { 'x-max-length-bytes': maxLengthBytes }),
    ...(maxPriority === undefined ? {} : { 'x-max-priority': maxPriority }),
  };
  const given = Object.entries(all).filter(([, value]) => value !== undefined);
  return given.length === 0 ? undefined : Object.fromEntries(given);
}

const EXCHANGE_TYPES: readonly string[] = ['direct', 'topic', 'fanout', 'headers'];
const EXCHANGE_KEYS = ['name', 'type', 'durable', 'autoDelete', 'deliveryMode', 'arguments', 'noDeclare'];
const BINDING_KEYS = ['exchange', 'routingKey', 'arguments'];
const QUEUE_KEYS = [
  'name',
  'exchange',
  'exchangeType',
  'routingKey',
  'bindings',
  'durable',
  'exclusive',
  'autoDelete',
  'expires',
  'messageTtl',
  'maxLength',
  'maxLengthBytes',
  'maxPriority',
  'type',
  'queueArguments',
  'bindingArguments',
  'consumerArguments',
  'noAck',
  'noDeclare',
  'broadcast',
] satisfies readonly (keyof QueueDefinition)[];

function checkBinding(binding: BindingDefinition, queue: string): void {
  const where = `A binding of the queue ${JSON.stringify(queue)}`;
  checkKeys(binding, BINDING_KEYS, where);
  const { name, type } = exchangeDefinition(binding.exchange ?? '');
  if (typeof name !== 'string' || name === '')
    throw new ImproperlyConfigured(`${where} needs an exchange; the nameless one takes no bindings.`);
  checkType(type, queue);
}

function checkType(type: string, queue: string): void {
  if (EXCHANGE_TYPES.includes(type)) return;
  throw new ImproperlyConfigured(
    `The queue ${JSON.stringify(queue)} has an exchange of the unknown type ${JSON.stringify(type)}; there are ${EXCHANGE_TYPES.join(', ')}.`,
  );
}

/** A mistyped key would be a queue other than the one that was meant. */
function checkKeys(given: object, known: readonly string[], what: string): void {
  const wrong = Object.keys(given).find((key) => !known.includes(key));
  if (wrong === undefined) return;
  const near = didYouMean(wrong.replaceAll('_', ''), known);
  throw new ImproperlyConfigured(
    `${what} has the unknown key ${JSON.stringify(wrong)}.${near ? ` Did you mean ${near}?` : ''}`,
  );
}

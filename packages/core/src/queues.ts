import type { Config } from './config.ts';
import { ImproperlyConfigured } from './errors.ts';
import type { ExchangeType } from './types/transport.ts';

/** A queue with the exchange that feeds it. */
export interface QueueDefinition {
  readonly name: string;
  /** The exchange that feeds it. @default the queue's name */
  readonly exchange?: string;
  /** How that exchange sorts. @default the setting taskDefaultExchangeType */
  readonly exchangeType?: ExchangeType;
  /** What binds the queue to the exchange. @default the queue's name */
  readonly routingKey?: string;
  /** Whether queue and exchange outlive a restart of the broker. @default true */
  readonly durable?: boolean;
  /** Arguments of the queue's declaration. */
  readonly queueArguments?: Readonly<Record<string, unknown>>;
  /** Arguments of the binding, for headers exchanges. */
  readonly bindingArguments?: Readonly<Record<string, unknown>>;
}

/** A definition with nothing left open. */
export type Queue = Required<
  Pick<QueueDefinition, 'name' | 'exchange' | 'exchangeType' | 'routingKey' | 'durable'>
> &
  Pick<QueueDefinition, 'queueArguments' | 'bindingArguments'>;

/** A configuration doesn't change, so its queues are made once: every call asks for one. */
const definedIn = new WeakMap<Config, ReadonlyMap<string, Queue>>();

/** The queues of a configuration: those in `taskQueues`, or the default one. Spec: amqp.md. */
export function definedQueues(config: Config): ReadonlyMap<string, Queue> {
  let queues = definedIn.get(config);
  if (!queues) definedIn.set(config, (queues = readQueues(config)));
  return queues;
}

function readQueues(config: Config): ReadonlyMap<string, Queue> {
  const given = config.taskQueues;
  if (given === null) return new Map([[config.taskDefaultQueue, defaultQueue(config)]]);
  const list: readonly QueueDefinition[] = Array.isArray(given)
    ? (given as readonly QueueDefinition[])
    : Object.entries(given).map(([name, definition]) => ({ ...(definition as object), name }));
  const queues = new Map<string, Queue>();
  for (const definition of list) {
    if (typeof definition?.name !== 'string' || definition.name === '') {
      throw new ImproperlyConfigured('Every entry of the setting taskQueues needs a name.');
    }
    queues.set(definition.name, completed(definition, config));
  }
  return queues;
}

/** A queue by name: defined, or made up as `taskCreateMissingQueues` allows. */
export function queueNamed(name: string, config: Config): Queue {
  const defined = definedQueues(config).get(name);
  if (defined) return defined;
  if (name === config.taskDefaultQueue) return defaultQueue(config);
  if (!config.taskCreateMissingQueues) {
    throw new ImproperlyConfigured(
      `The queue ${JSON.stringify(name)} is not in the setting taskQueues, and taskCreateMissingQueues is off.`,
    );
  }
  // Always direct, as in Celery: a Python peer that makes it up too must declare the same.
  return completed({ name, exchangeType: 'direct' }, config);
}

/**
 * The queues a worker consumes: the named ones, or all that are defined, without the excluded ones.
 */
export function consumedQueues(
  config: Config,
  choice: { readonly select?: readonly string[]; readonly exclude?: readonly string[] },
): readonly Queue[] {
  const names = choice.select && choice.select.length > 0 ? choice.select : [...definedQueues(config).keys()];
  const excluded = new Set(choice.exclude);
  const queues = [...new Set(names)]
    .filter((name) => !excluded.has(name))
    .map((name) => queueNamed(name, config));
  if (queues.length === 0) throw new ImproperlyConfigured('No queue is left to consume from.');
  return queues;
}

function defaultQueue(config: Config): Queue {
  return completed(
    {
      name: config.taskDefaultQueue,
      exchange: config.taskDefaultExchange ?? config.taskDefaultQueue,
      routingKey: config.taskDefaultRoutingKey ?? config.taskDefaultQueue,
    },
    config,
  );
}

function completed(definition: QueueDefinition, config: Config): Queue {
  return {
    exchange: definition.name,
    exchangeType: config.taskDefaultExchangeType,
    routingKey: definition.name,
    durable: true,
    ...definition,
  };
}

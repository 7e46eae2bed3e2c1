import { randomUUID } from 'node:crypto';
import type { Config } from './config.ts';
import { ImproperlyConfigured } from './errors.ts';
import { completeQueue, directQueue, workerDirect } from './queue-definition.ts';
import type { Queue, QueueDefinition, QueueFallback } from './queue-definition.ts';

export type { Queue, QueueDefinition } from './queue-definition.ts';

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
  if (given === null || Object.keys(given).length === 0)
    return new Map([[config.taskDefaultQueue, defaultQueue(config)]]);
  const queues = new Map<string, Queue>();
  for (const definition of listOf(given)) {
    if (typeof definition?.name !== 'string' || definition.name === '') {
      throw new ImproperlyConfigured('Every entry of the setting taskQueues needs a name.');
    }
    queues.set(definition.name, completeQueue(definition, fallback(config), config));
  }
  return queues;
}

/** In a map the routing key of a queue is its name, as in Celery. */
function listOf(given: NonNullable<Config['taskQueues']>): readonly QueueDefinition[] {
  if (Array.isArray(given)) return given as readonly QueueDefinition[];
  return Object.entries(given).map(([name, definition]) => ({
    routingKey: name,
    ...(definition as object),
    name,
  }));
}

/** A queue by name: defined, of one worker, or made up as `taskCreateMissingQueues` allows. */
export function queueNamed(name: string, config: Config): Queue {
  const defined = definedQueues(config).get(name);
  if (defined) return defined;
  const direct = directQueue(name);
  if (direct) return completeQueue(direct, fallback(config), config);
  if (!config.taskCreateMissingQueues) {
    throw new ImproperlyConfigured(
      `The queue ${JSON.stringify(name)} is not in the setting taskQueues, and taskCreateMissingQueues is off.`,
    );
  }
  return missingQueue(name, config);
}

/**
 * The queues a worker consumes: the named ones, or all that are defined, without the excluded ones. Of a broadcast queue
 * every worker has its own; the queue of a worker alone is there where the setting workerDirect asks for it.
 */
export function consumedQueues(
  config: Config,
  choice: {
    readonly select?: readonly string[];
    readonly exclude?: readonly string[];
    /** The worker's node name. */
    readonly hostname?: string;
  },
): readonly Queue[] {
  const names = choice.select && choice.select.length > 0 ? choice.select : [...definedQueues(config).keys()];
  const excluded = new Set(choice.exclude);
  const own = config.workerDirect && choice.hostname !== undefined ? [workerDirect(choice.hostname)] : [];
  const queues = [...new Set([...names, ...own])]
    .filter((name) => !excluded.has(name))
    .map((name) => queueNamed(name, config))
    .map((queue) => (queue.broadcast ? { ...queue, name: `bcast.${randomUUID()}` } : queue));
  if (queues.length === 0) throw new ImproperlyConfigured('No queue is left to consume from.');
  return queues;
}

/** A queue that is defined nowhere, from what is said of it. @throws ImproperlyConfigured */
export function completeQueueOf(config: Config, definition: QueueDefinition): Queue {
  return completeQueue(definition, fallback(config), config);
}

function fallback(config: Config): QueueFallback {
  return {
    exchange: config.taskDefaultExchange ?? config.taskDefaultQueue,
    exchangeType: config.taskDefaultExchangeType,
    routingKey: config.taskDefaultRoutingKey ?? config.taskDefaultQueue,
  };
}

function defaultQueue(config: Config): Queue {
  const { taskDefaultQueue: name, taskDefaultQueueType: type } = config;
  return completeQueue({ name, type }, fallback(config), config);
}

/** A Python peer that makes it up too must declare the same: an exchange and a key of the queue's name. */
function missingQueue(name: string, config: Config): Queue {
  const { taskCreateMissingQueueType: type, taskCreateMissingQueueExchangeType: exchangeType } = config;
  const definition = { name, exchange: name, exchangeType: exchangeType ?? 'direct', routingKey: name, type };
  return completeQueue(definition, fallback(config), config);
}

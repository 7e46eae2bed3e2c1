import { completeQueueOf, queueNamed } from '@tq/core/internal';
import type { Queue } from '@tq/core/internal';
import type { ExchangeType, QueueDefinition } from '@tq/core';
import { nok, ok, textOf } from './parts.ts';
import type { Args, Handler, RemoteParts } from './parts.ts';

export const addConsumer: Handler = async ({ app, consumer, logger }, args) => {
  const name = String(args['queue']);
  const consuming = consumer();
  if (!consuming) return nok('not connected to the broker');
  await consuming.add(queueOf(app.config, name, args));
  logger.info(`Started consuming from ${name}`);
  return ok(`add consumer ${name}`);
};

export const cancelConsumer: Handler = async ({ consumer, logger }, { queue }) => {
  await consumer()?.drop(String(queue));
  logger.info(`No longer consuming from ${String(queue)}`);
  return ok(`no longer consuming from ${String(queue)}`);
};

/** Spec: control.md 6. */
export const activeQueues: Handler = ({ queues }: RemoteParts) => queues.map(shown);

/** A defined queue is what it is; another is made of what the command says. */
function queueOf(config: RemoteParts['app']['config'], name: string, args: Args): Queue {
  const { exchange, exchange_type: type, routing_key: key, queue: _, ...more } = args;
  const says = [exchange, key, ...Object.values(more)].some((value) => value !== null && value !== undefined);
  const isUsual = (type ?? 'direct') === 'direct';
  if (!says && isUsual) return queueNamed(name, config);
  const exchangeName = textOf(exchange, name);
  const isDurable = more['queue_durable'] ?? more['durable'] ?? true;
  return completeQueueOf(config, {
    name,
    exchange: {
      name: exchangeName,
      type: (type ?? 'direct') as ExchangeType,
      durable: more['exchange_durable'] !== false,
      ...(more['exchange_auto_delete'] === true ? { autoDelete: true } : {}),
    },
    exchangeType: (type ?? 'direct') as ExchangeType,
    routingKey: textOf(key, name),
    durable: isDurable !== false,
    ...(more['queue_auto_delete'] === true || more['auto_delete'] === true ? { autoDelete: true } : {}),
    ...(more['queue_exclusive'] === true ? { exclusive: true } : {}),
    ...(typeof more['expires'] === 'number' ? { expires: more['expires'] } : {}),
    ...(typeof more['message_ttl'] === 'number' ? { messageTtl: more['message_ttl'] } : {}),
    ...(typeof more['max_length'] === 'number' ? { maxLength: more['max_length'] } : {}),
    ...(typeof more['max_priority'] === 'number' ? { maxPriority: more['max_priority'] } : {}),
    ...argumentsOf(more['queue_arguments']),
  } satisfies QueueDefinition);
}

function argumentsOf(given: unknown): { readonly queueArguments?: Args } {
  return typeof given === 'object' && given !== null ? { queueArguments: given as Args } : {};
}

function shown(queue: Queue): Args {
  const { exchangeOptions, queueArguments = null } = queue;
  const argument = (name: string): unknown => queueArguments?.[name] ?? null;
  return {
    name: queue.name,
    exchange: {
      name: queue.exchange === '' ? queue.name : queue.exchange,
      type: queue.exchangeType,
      arguments: exchangeOptions?.arguments ?? null,
      durable: exchangeOptions?.durable ?? queue.durable,
      passive: false,
      auto_delete: exchangeOptions?.autoDelete ?? false,
      delivery_mode: null,
      no_declare: exchangeOptions?.noDeclare ?? false,
    },
    routing_key: queue.routingKey === '' ? queue.name : queue.routingKey,
    queue_arguments: queueArguments,
    binding_arguments: queue.bindingArguments ?? null,
    consumer_arguments: queue.consumerArguments ?? null,
    durable: queue.durable,
    exclusive: queue.exclusive ?? false,
    auto_delete: queue.autoDelete ?? false,
    no_ack: queue.noAck ?? false,
    alias: null,
    bindings: (queue.bindings ?? []).map((binding) => ({
      exchange: typeof binding.exchange === 'string' ? binding.exchange : binding.exchange.name,
      routing_key: binding.routingKey ?? '',
      arguments: binding.arguments ?? null,
    })),
    no_declare: queue.noDeclare ?? null,
    expires: secondsOf(argument('x-expires')),
    message_ttl: secondsOf(argument('x-message-ttl')),
    max_length: argument('x-max-length'),
    max_length_bytes: argument('x-max-length-bytes'),
    max_priority: argument('x-max-priority'),
  };
}

function secondsOf(ms: unknown): number | null {
  return typeof ms === 'number' ? ms / 1000 : null;
}

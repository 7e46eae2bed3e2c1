import { exchangeDefinition } from './queue-definition.ts';
import type { Queue } from './queue-definition.ts';
import type { Channel, ExchangeSpec, QueueSpec } from './types/transport.ts';

/** Declares a queue with the exchanges that feed it, and binds them. */
export async function declareQueue(channel: Channel, queue: Queue): Promise<void> {
  await declareExchange(channel, queue);
  if (!queue.noDeclare) await channel.declareQueue(queueSpec(queue));
  if (queue.exchange !== '') {
    await channel.bindQueue({
      exchange: queue.exchange,
      queue: queue.name,
      routingKey: queue.routingKey,
      ...(queue.bindingArguments ? { arguments: queue.bindingArguments } : {}),
    });
  }
  for (const binding of queue.bindings ?? []) {
    const {
      name,
      type,
      durable = queue.durable,
      autoDelete,
      arguments: args,
      noDeclare,
    } = exchangeDefinition(binding.exchange);
    if (!noDeclare) await channel.declareExchange(exchangeSpec({ name, type, durable, autoDelete, args }));
    await channel.bindQueue({
      exchange: name,
      queue: queue.name,
      routingKey: binding.routingKey ?? '',
      ...(binding.arguments ? { arguments: binding.arguments } : {}),
    });
  }
}

/** A queue as brokers know it. */
export function queueSpec(queue: Queue): QueueSpec {
  return {
    name: queue.name,
    durable: queue.durable,
    ...(queue.exclusive ? { exclusive: true } : {}),
    ...(queue.autoDelete ? { autoDelete: true } : {}),
    ...(queue.queueArguments ? { arguments: queue.queueArguments } : {}),
  };
}

/** Declares what a publisher needs of a queue: all of it, or the exchange where each consumer has a queue of its own. */
export async function declareForPublishing(channel: Channel, queue: Queue): Promise<void> {
  if (queue.broadcast || queue.exclusive) await declareExchange(channel, queue);
  else await declareQueue(channel, queue);
}

async function declareExchange(channel: Channel, queue: Queue): Promise<void> {
  const { durable = queue.durable, autoDelete, arguments: args, noDeclare } = queue.exchangeOptions ?? {};
  if (queue.exchange === '' || noDeclare) return;
  await channel.declareExchange(
    exchangeSpec({ name: queue.exchange, type: queue.exchangeType, durable, autoDelete, args }),
  );
}

function exchangeSpec(spec: {
  readonly name: string;
  readonly type: ExchangeSpec['type'];
  readonly durable: boolean;
  readonly autoDelete: boolean | undefined;
  readonly args: Readonly<Record<string, unknown>> | undefined;
}): ExchangeSpec {
  const { name, type, durable, autoDelete, args } = spec;
  return {
    name,
    type,
    durable,
    ...(autoDelete === undefined ? {} : { autoDelete }),
    ...(args ? { arguments: args } : {}),
  };
}

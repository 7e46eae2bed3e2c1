import { randomUUID } from 'node:crypto';
import type { App, Connection, Delivery, QueueSpec } from '@tq/core';
import { durationMs } from '@tq/core/internal';

export interface ListenOptions {
  readonly app: App;
  /** Pattern of routing keys: `#`, `task.#`, `worker.#`. @default '#' */
  readonly pattern?: string;
  readonly onDelivery: (delivery: Delivery) => void;
}

/** Listens to the events of a connection's broker. Resolves when none can be missed any more; disposing ends it. */
export async function listenToEvents(
  connection: Connection,
  { app, pattern = '#', onDelivery }: ListenOptions,
): Promise<AsyncDisposable> {
  const { eventExchange: exchange } = app.config;
  const channel = await connection.openChannel();
  try {
    await channel.declareExchange({ name: exchange, type: connection.traits.eventExchange });
    const { name: queue } = await channel.declareQueue(queueOf(app));
    await channel.bindQueue({ exchange, queue, routingKey: pattern });
    await channel.consume(queue, onDelivery, { noAck: true });
  } catch (error) {
    await channel.close();
    throw error;
  }
  return { [Symbol.asyncDispose]: () => channel.close() };
}

/** A new name each time: a queue of the last connection may still be held by a broker that hasn't noticed its end. */
function queueOf({ config }: App): QueueSpec {
  const durable = config.eventQueueDurable;
  return {
    name: `${config.eventQueuePrefix}.${randomUUID()}`,
    durable,
    exclusive: config.eventQueueExclusive && !durable,
    autoDelete: !durable,
    arguments: {
      'x-message-ttl': Math.round(durationMs(config.eventQueueTtl, 'eventQueueTtl')),
      'x-expires': Math.max(1, Math.round(durationMs(config.eventQueueExpires, 'eventQueueExpires'))),
    },
  };
}

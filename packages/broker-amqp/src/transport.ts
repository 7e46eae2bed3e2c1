import type { ConnectOptions, Transport, TransportTraits } from '@tq/core';
import { dial } from './dial.ts';
import { AmqpConnection } from './connection.ts';
import { readSettings } from './settings.ts';

const traits: TransportTraits = {
  driver: 'amqp',
  eventExchange: 'topic',
  redelivery: 'on-disconnect',
  priorities: 10,
  adjustablePrefetch: true,
  delays: false,
  shared: true,
};

/** RabbitMQ and other AMQP 0-9-1 brokers: `amqp://`, `amqps://`, `pyamqp://`, `librabbitmq://`. */
export const amqp: Transport = {
  traits,
  async connect(url, options) {
    const settings = readSettings(url, givenIn(options), options.tls);
    const dialled = await dial(settings, options);
    return AmqpConnection.open({ dialled, traits, settings, logger: options.logger });
  },
};

/** Settings of the app under the names of options; `brokerTransportOptions` win. */
function givenIn(connect: ConnectOptions): Readonly<Record<string, unknown>> {
  const { delayQueueType, heartbeatMs, loginMethod, options } = connect;
  return {
    ...(heartbeatMs === undefined ? {} : { heartbeat: heartbeatMs / 1000 }),
    ...(loginMethod === undefined ? {} : { loginMethod }),
    ...(delayQueueType === undefined ? {} : { delayQueueType }),
    ...options,
  };
}

/**
 * RabbitMQ and other AMQP 0-9-1 brokers, spoken as Celery speaks to them.
 *
 * ```ts
 * const app = createApp('proj', { broker: 'amqp://user:password@rabbit.example/vhost' });
 * ```
 */
export { amqp, amqp as transport } from './transport.ts';

/**
 * Results as messages: each goes to the queue of the process that made the call, so no server but the broker is needed.
 *
 * ```ts
 * const app = createApp('proj', { broker: 'amqp://localhost', backend: 'rpc://' });
 * ```
 */
export { rpcBackend, rpcBackend as backend } from './backend.ts';

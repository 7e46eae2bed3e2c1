/**
 * Makes an AMQP-like transport out of a queue store: see `QueueStore` for what a store has to offer.
 */
export { virtualTransport } from './transport.ts';
export type { OpenStore } from './transport.ts';
export { LATE_MS } from './store.ts';
export type { BindingRecord, Envelope, PutEntry, QueueStore, Taken } from './store.ts';
export { headersMatcher, topicMatcher } from './exchange.ts';
export type { Matcher } from './exchange.ts';
export { decodeEnvelope, encodeEnvelope } from './envelope.ts';
export type { DecodedEnvelope, EnvelopeMark } from './envelope.ts';

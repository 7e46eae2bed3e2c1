import type { App, Message } from '@tq/core';

/** Nobody waits for an event longer; what hasn't gone by then is given up. */
const TIMEOUT_MS = 4000;

/** What became of a message with events. */
export type Posted = 'heard' | 'unheard' | 'unreachable' | Error;

/** Publishes events through the app's one publisher: the connection that brings tasks must stay free of what a broker may block. */
export class Post {
  readonly #app: App;
  readonly #hostname: string;

  constructor(app: App, hostname: string) {
    this.#app = app;
    this.#hostname = hostname;
  }

  /** Never rejects. `content` is an event, or a list of them. */
  async send(routingKey: string, content: unknown): Promise<Posted> {
    try {
      const producer = this.#app.producer();
      const { eventExchange: exchange } = this.#app.config;
      const message = this.#message(content);
      const { eventExchange: exchangeType } = await producer.traits();
      const plan = { timeoutMs: TIMEOUT_MS, retry: undefined, notBeforeMs: undefined, mandatory: true };
      await producer.publish(message, { exchange, routingKey, exchangeType }, plan);
      return 'heard';
    } catch (error) {
      return whatOf(error);
    }
  }

  #message(content: unknown): Message {
    const { serializers, config } = this.#app;
    const { contentType, contentEncoding, ...serializer } = serializers.forSending(config.eventSerializer);
    return {
      body: serializer.encode(content),
      headers: { hostname: this.#hostname },
      properties: { contentType, contentEncoding, deliveryMode: 1, priority: 0 },
    };
  }
}

/** A driver may use another copy of core, so it goes by codes. */
function whatOf(error: unknown): Posted {
  const { code, reason } = (error ?? {}) as { readonly code?: unknown; readonly reason?: unknown };
  if (reason === 'unroutable') return 'unheard';
  if (code === 'TQ_BROKER_UNAVAILABLE' || code === 'TQ_CLOSED' || reason === 'blocked') return 'unreachable';
  return error instanceof Error ? error : new Error(String(error));
}

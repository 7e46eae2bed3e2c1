import type { App, Delivery, Logger, Message } from '@tq/core';
import { queueNamed } from '@tq/core/internal';
import type { PublishPlan } from '@tq/core/internal';

/** Says why and where from a message became a dead letter; tq's own header. */
export const DEATH_HEADER = 'x-tq-death';

export interface Death {
  readonly reason: string;
  readonly detail: string;
}

/** The place where messages end that can't be run: the queue `taskDeadLetterQueue`, with the reason in a header. */
export class DeadLetters {
  readonly #app: App;
  readonly #hostname: string;
  readonly #logger: Logger;

  constructor(options: { readonly app: App; readonly hostname: string; readonly logger: Logger }) {
    this.#app = options.app;
    this.#hostname = options.hostname;
    this.#logger = options.logger;
  }

  /** Puts a copy of the message away and then gives up the delivery; when that fails, gives it back. */
  async bury(delivery: Delivery, death: Death): Promise<void> {
    const name = this.#app.config.taskDeadLetterQueue;
    if (name === null) {
      delivery.reject({ requeue: false });
      return;
    }
    try {
      const queue = queueNamed(name, { ...this.#app.config, taskCreateMissingQueues: true });
      await this.#app
        .producer()
        .publish(
          this.#marked(delivery, death),
          { exchange: '', routingKey: name, queue },
          republishing(this.#app),
        );
      delivery.ack();
    } catch (error) {
      this.#logger.error(`Can't put a message into the dead letter queue ${name}; giving it back`, {
        error: error instanceof Error ? error.message : String(error),
      });
      delivery.reject({ requeue: true });
    }
  }

  #marked(delivery: Delivery, death: Death): Message {
    const { message, queue, exchange, routingKey } = delivery;
    const at = new Date(this.#app.clock.now()).toISOString();
    const { expiration: _, ...properties } = message.properties;
    return {
      body: message.body,
      headers: {
        ...message.headers,
        [DEATH_HEADER]: { ...death, queue, exchange, routing_key: routingKey, hostname: this.#hostname, at },
      },
      properties,
    };
  }
}

/** How a worker publishes what it is responsible for already: with patience. */
export function republishing(app: App, notBeforeMs?: number): PublishPlan {
  return {
    timeoutMs: 30_000,
    retry: { ...app.config.taskPublishRetryPolicy, maxRetries: 100 },
    notBeforeMs,
  };
}

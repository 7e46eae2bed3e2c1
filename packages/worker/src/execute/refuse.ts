import type { App, Delivery, Logger } from '@tq/core';
import { didYouMean, errorToWire } from '@tq/core/internal';
import type { Refusal } from '../consume/inbox.ts';
import type { TaskEvents } from '../presence/task-events.ts';
import type { DeadLetters } from './dead-letters.ts';
import type { Results } from './results.ts';
import type { Settler } from './settle.ts';

/**
 * What becomes of messages that can't be run: a line in the log, a stored failure where there's an id to store it under
 * (nobody shall wait for ever), and the dead letters.
 */
export class RefusalBook {
  readonly #app: App;
  readonly #results: Results;
  readonly #deadLetters: DeadLetters;
  readonly #logger: Logger;
  readonly #events: TaskEvents;
  readonly #settler: Settler;

  constructor(options: {
    readonly app: App;
    readonly results: Results;
    readonly deadLetters: DeadLetters;
    readonly logger: Logger;
    readonly events: TaskEvents;
    /** Owns what happens in the background, and ends what waits for it. */
    readonly settler: Settler;
  }) {
    this.#app = options.app;
    this.#results = options.results;
    this.#deadLetters = options.deadLetters;
    this.#logger = options.logger;
    this.#events = options.events;
    this.#settler = options.settler;
  }

  refuse(delivery: Delivery, refusal: Refusal): void {
    const { reason, error, request } = refusal;
    const who = request ? `${request.task}[${request.id}]` : 'a message';
    this.#logger.error(
      `Refusing ${who} from queue ${delivery.queue}: ${error.message}${this.#hint(refusal)}`,
      { reason },
    );
    if (this.#app.hooks.has('taskRejected')) this.#app.hooks.emit('taskRejected', { reason: error.message });
    this.#settler.beside(this.#settle(delivery, refusal));
  }

  #hint({ reason, request }: Refusal): string {
    const near = reason === 'unknown-task' && request && didYouMean(request.task, this.#app.tasks.keys());
    return near ? ` Was ${near} meant?` : '';
  }

  async #settle(delivery: Delivery, { reason, error, request }: Refusal): Promise<void> {
    if (request) {
      const failure = { ...errorToWire(error), traceback: null };
      if (this.#results.enabled && request.ignoreResult !== true)
        await this.#results.storePatiently(this.#results.failure(request, failure), request);
      await this.#settler.endRefused(request, delivery, failure);
      this.#events.refused(request, failure);
    }
    await this.#deadLetters.bury(delivery, { reason, detail: error.message });
  }
}

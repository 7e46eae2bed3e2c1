import type { App, Channel, Delivery, Logger, ResultBackend } from '@tq/core';
import { areRevokesRecorded, isRecordedAsRevoked, queueSpec, toError } from '@tq/core/internal';
import type { Queue } from '@tq/core/internal';
import type { Revoked } from '../revoked.ts';

/**
 * Revokes of tasks that had been sent before this worker listened: nobody has told it. It looks once, at the start of a
 * connection, whether there were any of late; if so, the messages that lay in the queues by then, and those that other
 * workers give back, are looked up where results are kept.
 */
export class MissedRevokes {
  readonly #app: App;
  readonly #backend: ResultBackend | undefined;
  readonly #revoked: Revoked;
  readonly #logger: Logger;
  #looking = false;
  /** Messages that lay in the queues and have not come yet, at most. */
  #older = 0;

  constructor(options: {
    readonly app: App;
    readonly backend: ResultBackend | undefined;
    readonly revoked: Revoked;
    readonly logger: Logger;
  }) {
    this.#app = options.app;
    this.#backend = options.backend;
    this.#revoked = options.revoked;
    this.#logger = options.logger;
  }

  /** Called when a connection listens for revokes, before it consumes. */
  async look(channel: Channel, queues: readonly Queue[]): Promise<void> {
    this.#looking = await this.#try((backend) => areRevokesRecorded(backend));
    this.#older = 0;
    if (!this.#looking) return;
    for (const queue of queues)
      if (!queue.noDeclare && !queue.broadcast)
        this.#older += (await channel.declareQueue(queueSpec(queue))).messages;
  }

  /** Resolves when it is known whether the task is revoked; undefined = nothing to look up. */
  check({ redelivered }: Delivery, id: string): Promise<void> | undefined {
    if (!this.#looking || (this.#older === 0 && !redelivered)) return undefined;
    if (this.#older > 0) this.#older -= 1;
    if (this.#revoked.hasId(id)) return undefined;
    return this.#try((backend) => isRecordedAsRevoked(backend, id)).then((isRevoked) => {
      if (isRevoked) this.#revoked.add([id]);
    });
  }

  /** A backend that doesn't answer must not keep tasks from running. */
  async #try(ask: (backend: ResultBackend) => Promise<boolean>): Promise<boolean> {
    if (!this.#backend) return false;
    const late = new AbortController();
    try {
      return await Promise.race([
        ask(this.#backend),
        this.#app.clock.sleep(PATIENCE_MS, { signal: late.signal }).then(() => {
          throw new Error(`no answer within ${PATIENCE_MS / 1000} s`);
        }),
      ]);
    } catch (error) {
      this.#logger.warn("Revokes couldn't be looked up in the result backend", {
        error: toError(error).message,
      });
      return false;
    } finally {
      late.abort();
    }
  }
}

const PATIENCE_MS = 2000;

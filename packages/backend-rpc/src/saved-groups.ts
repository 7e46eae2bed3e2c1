import { BackendUnavailableError } from '@tq/core';
import type { Clock } from '@tq/core';
import { decodeJson, encodeJson } from '@tq/core/internal';
import { savedQueues } from './chord-queues.ts';
import type { Desk } from './desk.ts';
import { gather } from './gather.ts';
import { textMessage, textOf, toQueue } from './part.ts';

/** Others give the message back within moments. */
const READ_MS = 2000;

interface Saved {
  readonly children: readonly unknown[];
  /** Unix milliseconds; null = never. */
  readonly until: number | null;
}

/** Groups in queues of one message, which is taken to be read and given back at once. */
export class SavedGroups {
  readonly #desk: Desk;
  readonly #clock: Clock;
  readonly #expiresMs: number | undefined;

  constructor(desk: Desk, clock: Clock, expiresMs: number | undefined) {
    this.#desk = desk;
    this.#clock = clock;
    this.#expiresMs = expiresMs;
  }

  async save(groupId: string, children: readonly unknown[]): Promise<void> {
    const { mark, value } = savedQueues(groupId);
    const until = this.#expiresMs === undefined ? null : this.#clock.now() + this.#expiresMs;
    const message = textMessage(encodeJson({ children, until } satisfies Saved));
    await this.#desk.again(async (channel) => {
      await this.#desk.ready(channel, value);
      await channel.purgeQueue(value);
      await channel.publish(message, toQueue(value));
      if ((await this.#desk.ready(channel, mark)) === 0)
        await channel.publish(textMessage(''), toQueue(mark));
    });
  }

  /** Somebody else may be reading it in the same moment, so an empty queue alone says nothing. */
  async restore(groupId: string): Promise<readonly unknown[] | undefined> {
    const { mark, value } = savedQueues(groupId);
    const isThere = await this.#desk.again(async (channel) => {
      if ((await this.#desk.ready(channel, mark)) > 0) return true;
      await channel.deleteQueue(mark); // asking has made it
      return false;
    });
    if (!isThere) return undefined;
    const { children, until } = decodeJson(await this.#read(value)) as Saved;
    return until === null || until > this.#clock.now() ? children : undefined;
  }

  async forget(groupId: string): Promise<void> {
    const { mark, value } = savedQueues(groupId);
    await this.#desk.again((channel) => Promise.all([channel.deleteQueue(mark), channel.deleteQueue(value)]));
  }

  async #read(queue: string): Promise<string> {
    return await this.#desk.again(async () => {
      const channel = await this.#desk.openChannel();
      try {
        await channel.prefetch(1);
        const [delivery] = await gather(channel, queue, 1, { clock: this.#clock, stillMs: READ_MS });
        if (delivery) return textOf(delivery.message);
      } finally {
        await channel.close(); // and the message is back
      }
      throw new BackendUnavailableError(
        `What is saved in the queue ${queue} is being held by somebody else.`,
      );
    });
  }
}

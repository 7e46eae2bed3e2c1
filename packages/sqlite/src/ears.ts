import type { Logger } from '@tq/core';
import { toError } from '@tq/core/internal';
import { topicMatcher } from '@tq/virtual';
import type { Envelope } from '@tq/virtual';
import type { Listening } from './broadcasts.ts';
import { broadcastsOf } from './envelopes.ts';
import type { Report } from './wire.ts';

interface Ear {
  readonly exchange: string;
  readonly after: number;
  readonly matches: (routingKey: string) => boolean;
  readonly onEnvelope: (envelope: Envelope) => void;
}

/** The listeners of one connection. */
export class Ears {
  readonly #logger: Logger;
  readonly #ears = new Map<number, Ear>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  add(
    [listener, after]: Listening,
    exchange: string,
    pattern: string,
    onEnvelope: (envelope: Envelope) => void,
  ): void {
    this.#ears.set(listener, { exchange, after, matches: topicMatcher(pattern), onEnvelope });
  }

  /** False if it had gone already. */
  remove(listener: number): boolean {
    return this.#ears.delete(listener);
  }

  clear(): void {
    this.#ears.clear();
  }

  /** Hands out what the thread has heard for the whole process. */
  hear({ heard }: Report): void {
    if (!heard || this.#ears.size === 0) return;
    for (const { id, envelope } of broadcastsOf(heard))
      for (const ear of this.#ears.values())
        if (ear.exchange === envelope.exchange && id > ear.after && ear.matches(envelope.routingKey))
          this.#hand(ear, envelope);
  }

  #hand(ear: Ear, envelope: Envelope): void {
    try {
      ear.onEnvelope(envelope);
    } catch (error) {
      this.#logger.error('A listener threw on a broadcast', {
        exchange: ear.exchange,
        error: toError(error),
      });
    }
  }
}

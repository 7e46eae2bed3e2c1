import { toError } from '@tq/core/internal';
import { SharedGate, SharedTurnstile } from './gate-shared.ts';
import { JobLoop } from './job-loop.ts';
import type { Place, PlaceEvents, PlaceOptions } from './place.ts';
import type { ChildMessage, InitMessage, ParentMessage } from './wire.ts';

/** This very process. Payloads and outcomes are handed over as they are. */
export function openHere(options: PlaceOptions, events: PlaceEvents): Place {
  return new HerePlace(options, events);
}

class HerePlace implements Place {
  readonly pid = process.pid;
  readonly gate = new SharedGate();
  readonly drained = true;
  readonly notes = false;
  readonly #options: PlaceOptions;
  readonly #events: PlaceEvents;
  #loop: JobLoop | undefined;

  constructor(options: PlaceOptions, events: PlaceEvents) {
    this.#options = options;
    this.#events = events;
  }

  readNotes(): readonly ChildMessage[] {
    return [];
  }

  send(messages: readonly ParentMessage[]): void {
    for (const message of messages) this.#hear(message);
  }

  /** Nothing can end a job by force that shares our event loop. */
  kill(): void {}

  abandon(): void {}

  #hear(message: ParentMessage): void {
    if (message.kind === 'init') void this.#begin(message);
    else if (message.kind === 'leave') setImmediate(() => this.#events.gone('exit code 0'));
    else this.#loop?.hear(message);
  }

  async #begin(message: InitMessage): Promise<void> {
    try {
      const handler = await this.#options.host.handler();
      const say = (report: ChildMessage): void => this.#events.received([report]);
      const turnstile = new SharedTurnstile(this.gate.handle.memory);
      const speaker = { say, note: say, flush: () => undefined };
      this.#loop = new JobLoop({ handler, turnstile, slots: message.slots, speaker });
      say({ kind: 'ready' });
    } catch (thrown) {
      const error = toError(thrown);
      const failure = {
        message: error.message,
        ...(error.stack === undefined ? {} : { stack: error.stack }),
      };
      this.#events.received([{ kind: 'failed', failure }]);
      this.#events.gone('an error');
    }
  }
}

import { toError } from '@tq/core/internal';
import type { Place } from './place.ts';
import type { JobMessage, ParentMessage } from './wire.ts';

/** Gathers what one turn of the event loop has to say to a host, and sends it at once. */
export class Outbox {
  readonly #place: Place;
  readonly #unsendable: (seq: number, error: Error) => void;
  #messages: ParentMessage[] = [];

  /** `unsendable` is told of a job whose payload can't be put into words. */
  constructor(place: Place, unsendable: (seq: number, error: Error) => void) {
    this.#place = place;
    this.#unsendable = unsendable;
  }

  post(message: ParentMessage): void {
    if (this.#messages.length === 0) queueMicrotask(this.flush);
    this.#messages.push(message);
  }

  readonly flush = (): void => {
    if (this.#messages.length === 0) return;
    const messages = this.#messages;
    this.#messages = [];
    try {
      this.#place.send(messages);
    } catch {
      for (const message of messages) this.#sendApart(message);
    }
  };

  /** One of many can't be sent: finds out which, and lets the others go. */
  #sendApart(message: ParentMessage): void {
    if (message.kind === 'jobs') {
      for (const job of message.jobs) this.#sendJob(job);
    } else if (message.kind === 'answer') {
      this.#try([message], (error) => [{ ...message, value: undefined, error: { message: error.message } }]);
    } else {
      this.#place.send([message]);
    }
  }

  #sendJob(job: JobMessage): void {
    this.#try([{ kind: 'jobs', jobs: [job] }], (error) => {
      this.#unsendable(job.seq, error);
      return [{ kind: 'jobs', jobs: [{ seq: job.seq, payload: null, skip: true }] }];
    });
  }

  #try(messages: readonly ParentMessage[], instead: (error: Error) => readonly ParentMessage[]): void {
    try {
      this.#place.send(messages);
    } catch (error) {
      this.#place.send(instead(toError(error)));
    }
  }
}

import { deferred } from '@tq/core/internal';
import type { Deferred } from '@tq/core/internal';
import type { ChildMessage, ParentMessage } from './wire.ts';

type Answer = Extract<ParentMessage, { kind: 'answer' }>;

/** Questions that jobs have asked and nobody has answered yet. */
export class Questions {
  readonly #say: (message: ChildMessage) => void;
  readonly #open = new Map<number, Deferred<unknown>>();
  #count = 0;

  constructor(say: (message: ChildMessage) => void) {
    this.#say = say;
  }

  async ask(seq: number, value: unknown): Promise<unknown> {
    const question = this.#count++;
    this.#say({ kind: 'asked', seq, question, value });
    const answer = deferred<unknown>();
    this.#open.set(question, answer);
    return await answer.promise;
  }

  answered(answer: Answer): void {
    const open = this.#open.get(answer.question);
    this.#open.delete(answer.question);
    if (answer.error) open?.reject(new Error(answer.error.message));
    else open?.resolve(answer.value);
  }
}

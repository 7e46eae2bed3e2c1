import type { AsyncResult, GetOptions } from './result.ts';

/**
 * The promise of a call that is being sent: resolves with its AsyncResult once the broker has confirmed. `get()` on it
 * sends, then waits for the task's result.
 */
export class SentCall<R> extends Promise<AsyncResult<R>> {
  /** then(), catch() and finally() give plain promises. */
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  /** The task's id, known before the call is sent. */
  readonly id: string;

  static of<R>(id: string, sending: Promise<AsyncResult<R>>): SentCall<R> {
    return new SentCall(id, (resolve) => resolve(sending));
  }

  constructor(
    id: string,
    executor: (
      resolve: (value: AsyncResult<R> | PromiseLike<AsyncResult<R>>) => void,
      reject: (reason: unknown) => void,
    ) => void,
  ) {
    super(executor);
    this.id = id;
  }

  /** @throws whatever sending or `AsyncResult.get()` throws */
  get(options: GetOptions & { readonly propagate: false }): Promise<R | Error>;
  get(options?: GetOptions): Promise<R>;
  async get(options?: GetOptions): Promise<unknown> {
    return await (await this).get(options as GetOptions); // awaited, so that an error's stack reaches the caller
  }
}

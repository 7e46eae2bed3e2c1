import type { AsyncResult, GetOptions, ResultHandle } from './result.ts';

/**
 * The promise of a call that is being sent: resolves with its AsyncResult, or with a group's GroupResult, once the broker
 * has confirmed. `get()` on it sends, then waits for the result.
 */
export class SentCall<R, H extends ResultHandle<R> = AsyncResult<R>> extends Promise<H> {
  /** then(), catch() and finally() give plain promises. */
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  /** The id of the result, known before the call is sent. */
  readonly id: string;

  static of<R, H extends ResultHandle<R> = AsyncResult<R>>(id: string, sending: Promise<H>): SentCall<R, H> {
    return new SentCall<R, H>(id, (resolve) => resolve(sending));
  }

  /** Of a message on its way: once it has arrived, `sent` gives the handle. */
  static when<R>(id: string, arrived: Promise<void>, sent: () => AsyncResult<R>): SentCall<R> {
    return new SentCall(id, (resolve, reject) => void arrived.then(() => resolve(sent()), reject));
  }

  constructor(
    id: string,
    executor: (resolve: (value: H | PromiseLike<H>) => void, reject: (reason: unknown) => void) => void,
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

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
  /** Known before the call is sent, where a message is. */
  #handle: AsyncResult<R> | undefined;

  static of<R, H extends ResultHandle<R> = AsyncResult<R>>(id: string, sending: Promise<H>): SentCall<R, H> {
    return new SentCall<R, H>(id, (resolve) => resolve(sending));
  }

  /** Of a message on its way: once it has arrived, `sent` is called. */
  static when<R>(handle: AsyncResult<R>, arrived: Promise<void>, sent: () => void): SentCall<R> {
    const call = new SentCall<R>(handle.id, (resolve, reject) => {
      const finish = (): void => {
        sent();
        resolve(handle);
      };
      arrived.then(finish, reject);
    });
    call.#handle = handle;
    return call;
  }

  constructor(
    id: string,
    executor: (resolve: (value: H | PromiseLike<H>) => void, reject: (reason: unknown) => void) => void,
  ) {
    super(executor);
    this.id = id;
  }

  /**
   * Sends, and waits for the result from the beginning: it may be here before the broker's word on the message is.
   * @throws whatever sending or `AsyncResult.get()` throws
   */
  get(options: GetOptions & { readonly propagate: false }): Promise<R | Error>;
  get(options?: GetOptions): Promise<R>;
  async get(options?: GetOptions): Promise<unknown> {
    const handle = this.#handle;
    // Awaited, so that an error's stack reaches the caller.
    if (!handle || handle.ignored) return await (await this).get(options as GetOptions);
    try {
      return await handle.whileSending(this, options);
    } catch (error) {
      await this; // that it wasn't sent is the better reason
      throw error;
    }
  }
}

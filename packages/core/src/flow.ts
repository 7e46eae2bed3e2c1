// What a task throws to say how it ends other than by a result or a failure. `self.retry()`, `self.reject()` and
// `self.ignore()` make them; they may also be thrown by hand.
import { durationMs } from './duration.ts';
import type { Duration } from './duration.ts';
import type { SignatureData } from './types/signature.ts';

/** What the next attempt has other than this one. */
export interface RetryWish {
  readonly args?: readonly unknown[];
  readonly kwargs?: Readonly<Record<string, unknown>>;
  readonly expires?: string;
  readonly queue?: string;
  readonly priority?: number;
}

/** Run this task again later. Thrown by hand it is bound to the task's `maxRetries`, as `self.retry()` is. */
export class Retry extends Error {
  override readonly name = 'Retry';
  /** The wait in milliseconds; undefined = the task's `defaultRetryDelay`. */
  readonly countdownMs: number | undefined;
  /** @internal */
  readonly wish: RetryWish | undefined;

  constructor(
    options: {
      /** Why; kept with the state RETRY. */
      readonly cause?: unknown;
      /** @default the task's `defaultRetryDelay` */
      readonly countdown?: Duration | undefined;
      /** @internal */
      readonly wish?: RetryWish | undefined;
    } = {},
  ) {
    super('Task can be retried', { cause: options.cause });
    this.countdownMs =
      options.countdown === undefined ? undefined : Math.max(0, durationMs(options.countdown, 'countdown'));
    this.wish = options.wish;
  }
}

/** Give the message back (`requeue`) or away to the dead letters, without a result. Needs late acknowledgement. */
export class Reject extends Error {
  override readonly name = 'Reject';
  readonly reason: string;
  readonly requeue: boolean;

  constructor(reason = 'rejected by the task', options: { readonly requeue?: boolean } = {}) {
    super(reason);
    this.reason = reason;
    this.requeue = options.requeue ?? false;
  }
}

/** End without a result or a state. */
export class Ignore extends Error {
  override readonly name = 'Ignore';

  constructor() {
    super('Task ignored');
  }
}

/** Give way to another signature, which gets this task's id. Made by `self.replace()`. */
export class Replaced extends Error {
  override readonly name = 'Replaced';
  /** @internal */
  readonly by: SignatureData;

  constructor(by: SignatureData) {
    super('Task replaced by another');
    this.by = by;
  }
}

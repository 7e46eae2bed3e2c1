import type { Component } from './types/component.ts';

/** Starts in order; undoes in reverse what had started, also when one of them fails. */
export async function startAll(components: readonly Component[]): Promise<AsyncDisposable> {
  const started: Component[] = [];
  const stop = async (): Promise<void> => {
    const errors: unknown[] = [];
    for (const component of started.splice(0).reverse()) {
      try {
        await component.stop();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0)
      throw errors.length === 1 ? errors[0] : new AggregateError(errors, 'Several parts failed to stop');
  };
  try {
    for (const component of components) {
      started.push(component);
      await component.start();
    }
  } catch (error) {
    await stop().catch(() => undefined);
    throw error;
  }
  return { [Symbol.asyncDispose]: stop };
}

/** Opens once for any number of callers, and again after a failure. */
export class Lazy<T> {
  readonly #open: () => Promise<T>;
  #opening: Promise<T> | undefined;
  #value: T | undefined;

  constructor(open: () => Promise<T>) {
    this.#open = open;
  }

  /** Whether somebody has asked for the value and it has not failed. */
  get touched(): boolean {
    return this.#opening !== undefined;
  }

  /** What is open, for those who can't wait. */
  get value(): T | undefined {
    return this.#value;
  }

  get(): Promise<T> {
    if (!this.#opening) {
      const opening = this.#open();
      this.#opening = opening;
      opening.then(
        (value) => {
          if (this.#opening === opening) this.#value = value;
        },
        () => this.forget(opening),
      );
    }
    return this.#opening;
  }

  /** Forgets what this `get()` returned, unless something newer is in its place: the next `get()` opens again. */
  forget(opening: Promise<T>): void {
    if (this.#opening === opening) void this.reset();
  }

  /** Forgets the value; the next get() opens again. Returns what was open, if anything. */
  reset(): Promise<T> | undefined {
    const was = this.#opening;
    this.#opening = undefined;
    this.#value = undefined;
    return was;
  }
}

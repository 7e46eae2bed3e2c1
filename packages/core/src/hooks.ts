import type { HookEvents } from './types/hooks.ts';
import type { Logger } from './types/logger.ts';

type Listener<T> = (event: T) => void | Promise<void>;

/** Typed signals of an app. A listener that throws is logged, never fatal. */
export class Hooks {
  readonly #listeners = new Map<keyof HookEvents, Set<Listener<never>>>();
  readonly #logger: () => Logger;

  constructor(options: { readonly logger: () => Logger }) {
    this.#logger = options.logger;
  }

  /** Returns a function that removes the listener. */
  on<K extends keyof HookEvents>(name: K, listener: Listener<HookEvents[K]>): () => void {
    let listeners = this.#listeners.get(name);
    if (!listeners) this.#listeners.set(name, (listeners = new Set()));
    listeners.add(listener as Listener<never>);
    return () => void listeners.delete(listener as Listener<never>);
  }

  /** Whether building an event for this hook is worth it. */
  has(name: keyof HookEvents): boolean {
    return (this.#listeners.get(name)?.size ?? 0) > 0;
  }

  emit<K extends keyof HookEvents>(name: K, event: HookEvents[K]): void {
    const listeners = this.#listeners.get(name);
    if (!listeners) return;
    for (const listener of listeners) {
      try {
        const pending = (listener as Listener<HookEvents[K]>)(event);
        if (pending instanceof Promise) pending.catch((error: unknown) => this.#failed(name, error));
      } catch (error) {
        this.#failed(name, error);
      }
    }
  }

  #failed(name: string, error: unknown): void {
    this.#logger().error(`A listener of the hook ${name} threw`, {
      error: error instanceof Error ? error.stack : String(error),
    });
  }
}

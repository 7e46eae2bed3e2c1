import type { Binding, ExchangeSpec, ExchangeType, QueueSpec } from '@tq/core';

/** What was declared over one connection, as far as it decides how to consume and to delay. The broker isn't asked. */
export class Topology {
  readonly #exchanges = new Map<string, ExchangeType>([['', 'direct']]);
  readonly #quorum = new Set<string>();
  /** Queue → the binding that was made last. */
  readonly #bindings = new Map<string, Binding>();

  exchangeDeclared({ name, type }: ExchangeSpec): void {
    this.#exchanges.set(name, type);
  }

  queueDeclared({ name, arguments: given }: QueueSpec): void {
    if (given?.['x-queue-type'] === 'quorum') this.#quorum.add(name);
  }

  bound(binding: Binding): void {
    this.#bindings.set(binding.queue, binding);
  }

  /** Whether any queue is of the replicated kind: Celery then works differently as a whole. Spec: amqp.md 5. */
  get hasQuorum(): boolean {
    return this.#quorum.size > 0;
  }

  isQuorum(queue: string): boolean {
    return this.#quorum.has(queue);
  }

  typeOf(exchange: string): ExchangeType | undefined {
    return this.#exchanges.get(exchange);
  }

  bindingOf(queue: string): Binding | undefined {
    return this.#bindings.get(queue);
  }
}

import type { BindingRecord, Envelope, PutEntry, QueueStore, Taken } from '@tq/virtual';

type Verb = 'put' | 'take' | 'settle' | 'renew' | 'restoreExpired' | 'broadcast' | 'dispose' | 'bindings';

interface Ready {
  readonly entry: PutEntry;
  readonly redelivered: boolean;
}

/** A store of arrays that writes down what it is asked, and fails or hangs when told to. */
export class RecordingStore implements QueueStore {
  leaseMs = 3000;
  readonly closed: Promise<Error | undefined>;
  readonly puts: (readonly PutEntry[])[] = [];
  readonly takes: { readonly queues: readonly string[]; readonly max: number }[] = [];
  readonly settled: { readonly how: 'done' | 'requeue'; readonly tags: readonly string[] }[] = [];
  readonly renewed: (readonly string[])[] = [];
  readonly broadcasts: Envelope[] = [];
  readonly dropped: string[] = [];
  readonly declared: string[] = [];
  readonly lives = new Map<string, number | undefined>();
  readonly used: string[] = [];
  sweeps = 0;
  readonly bound: BindingRecord[] = [];
  readonly ears = new Map<string, (envelope: Envelope) => void>();
  restores = 0;
  bindingsRead = 0;
  disposed = 0;
  readonly #trouble = new Map<Verb, () => Promise<void>>();
  readonly #ready: Ready[] = [];
  readonly #held = new Map<string, Ready>();
  readonly #wakers = new Set<() => void>();
  #end!: (reason: Error | undefined) => void;
  #serial = 0;

  constructor() {
    this.closed = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  /** From now on the verb fails. */
  fail(verb: Verb, error: Error): void {
    this.#trouble.set(verb, () => Promise.reject(error));
  }

  /** From now on the verb never ends. */
  hang(verb: Verb): void {
    this.#trouble.set(verb, () => new Promise(() => undefined));
  }

  heal(verb: Verb): void {
    this.#trouble.delete(verb);
  }

  /** The link is gone. */
  end(reason: Error | undefined): void {
    this.#end(reason);
  }

  get readyTexts(): string[] {
    return this.#ready.map(({ entry }) => Buffer.from(entry.envelope.message.body).toString());
  }

  async put(entries: readonly PutEntry[]): Promise<void> {
    this.puts.push(entries);
    await this.#trouble.get('put')?.();
    for (const entry of entries) this.#ready.push({ entry, redelivered: false });
    this.#wake();
  }

  async take(
    queues: readonly string[],
    { max, signal }: { readonly max: number; readonly signal: AbortSignal },
  ): Promise<readonly Taken[]> {
    this.takes.push({ queues, max });
    await this.#trouble.get('take')?.();
    for (;;) {
      if (signal.aborted) return [];
      const taken = this.#takeNow(queues, max);
      if (taken.length > 0) return taken;
      await new Promise<void>((resolve) => {
        this.#wakers.add(resolve);
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
    }
  }

  async settle(tags: readonly string[], how: 'done' | 'requeue'): Promise<void> {
    this.settled.push({ how, tags });
    await this.#trouble.get('settle')?.();
    for (const tag of tags) {
      const held = this.#held.get(tag);
      this.#held.delete(tag);
      if (held && how === 'requeue') this.#ready.unshift({ ...held, redelivered: true });
    }
    this.#wake();
  }

  async renew(tags: readonly string[]): Promise<void> {
    this.renewed.push(tags);
    await this.#trouble.get('renew')?.();
  }

  async restoreExpired(): Promise<number> {
    this.restores += 1;
    await this.#trouble.get('restoreExpired')?.();
    return 0;
  }

  async declare(queue: string, expiresMs?: number): Promise<void> {
    this.declared.push(queue);
    this.lives.set(queue, expiresMs);
  }

  async use(queue: string): Promise<number | undefined> {
    this.used.push(queue);
    return this.lives.get(queue);
  }

  async removeUnused(): Promise<number> {
    this.sweeps += 1;
    return 0;
  }

  async size(queue: string): Promise<number> {
    return this.#ready.filter(({ entry }) => entry.queue === queue).length;
  }

  async purge(): Promise<number> {
    return 0;
  }

  async drop(queue: string): Promise<void> {
    this.dropped.push(queue);
  }

  async bind(binding: BindingRecord): Promise<void> {
    this.bound.push(binding);
  }

  async bindings(exchange: string): Promise<readonly BindingRecord[]> {
    this.bindingsRead += 1;
    await this.#trouble.get('bindings')?.();
    return this.bound.filter((binding) => binding.exchange === exchange);
  }

  async broadcast(_exchange: string, _routingKey: string, envelope: Envelope): Promise<number> {
    this.broadcasts.push(envelope);
    await this.#trouble.get('broadcast')?.();
    for (const hear of this.ears.values()) hear(envelope);
    return this.ears.size;
  }

  async listen(
    exchange: string,
    pattern: string,
    onEnvelope: (envelope: Envelope) => void,
  ): Promise<AsyncDisposable> {
    const key = `${exchange} ${pattern}`;
    this.ears.set(key, onEnvelope);
    return {
      [Symbol.asyncDispose]: async () => {
        this.ears.delete(key);
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.disposed += 1;
    await this.#trouble.get('dispose')?.();
    this.end(undefined);
  }

  #takeNow(queues: readonly string[], max: number): Taken[] {
    const found = this.#ready.filter(({ entry }) => queues.includes(entry.queue)).slice(0, max);
    return found.map((ready) => {
      this.#ready.splice(this.#ready.indexOf(ready), 1);
      this.#serial += 1;
      const tag = `t${this.#serial}`;
      this.#held.set(tag, ready);
      const { queue, envelope } = ready.entry;
      return { tag, queue, envelope, redelivered: ready.redelivered, deliveries: 1 };
    });
  }

  #wake(): void {
    for (const wake of this.#wakers) wake();
    this.#wakers.clear();
  }
}

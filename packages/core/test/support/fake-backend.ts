import type { BackendDriver, BackendOptions, Encoded, ResultBackend, TaskMeta } from '@tq/core';

/** A result backend that only notes what it is told. */
export class FakeBackend implements ResultBackend {
  readonly traits = { driver: 'fake', persistent: true, expiresByItself: true };
  readonly expected: string[] = [];
  readonly stored: TaskMeta<Encoded>[] = [];
  disposals = 0;
  /** Awaited before an answer. */
  onExpect: (taskId: string) => void | Promise<void> = () => undefined;
  /** What `watch()` gives; it ends without a final state unless there is one. */
  metas: TaskMeta[] = [];
  /** Whether a watch ends with an error when it's told to stop. */
  endsWith: Error | undefined;

  /** What the app gave. */
  options: BackendOptions | undefined;

  readonly driver: BackendDriver = {
    connect: async (_url, options) => {
      this.options = options;
      return this;
    },
  };

  async expect(taskId: string): Promise<void> {
    await this.onExpect(taskId);
    this.expected.push(taskId);
  }

  async store(meta: TaskMeta<Encoded>): Promise<void> {
    this.stored.push(meta);
  }

  async load(): Promise<TaskMeta | undefined> {
    return this.metas.at(-1);
  }

  async *watch(_taskId: string, { signal }: { readonly signal: AbortSignal }): AsyncGenerator<TaskMeta> {
    yield* this.metas;
    if (signal.aborted) return;
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    if (this.endsWith) throw this.endsWith;
  }

  async forget(): Promise<void> {
    this.metas = [];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.disposals += 1;
  }
}

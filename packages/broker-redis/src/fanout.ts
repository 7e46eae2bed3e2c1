import type { Client } from './client.ts';

export type Hear = (channel: string, message: Buffer) => void;

/** Who listens to what: one subscription for each pattern, however many want it. */
export class Fanout {
  readonly #client: () => Promise<Client>;
  readonly #ears = new Map<string, Set<Hear>>();

  constructor(client: () => Promise<Client>) {
    this.#client = client;
  }

  /** Resolves when nothing that is sent from now on can be missed. */
  async listen(patterns: readonly string[], hear: Hear): Promise<void> {
    for (const pattern of patterns) {
      const ears = this.#ears.get(pattern) ?? new Set();
      this.#ears.set(pattern, ears.add(hear));
    }
    // Also for patterns that were there before: whoever asked for them may not have got them yet.
    await (await this.#client()).psubscribe(patterns);
  }

  async unlisten(patterns: readonly string[], hear: Hear): Promise<void> {
    const unused = patterns.filter((pattern) => {
      const ears = this.#ears.get(pattern);
      return ears !== undefined && ears.delete(hear) && ears.size === 0 && this.#ears.delete(pattern);
    });
    if (unused.length > 0) await (await this.#client()).punsubscribe(unused);
  }

  hear(pattern: string | Buffer, channel: Buffer, message: Buffer): void {
    const ears = this.#ears.get(String(pattern));
    if (!ears) return;
    const name = channel.toString();
    for (const hear of ears) hear(name, message);
  }
}

interface Kept<V> {
  readonly value: V;
  readonly untilMs: number;
}

/** A map whose entries live for a while after their last change. */
export class ExpiringMap<V> {
  readonly #entries = new Map<string, Kept<V>>();

  get(key: string, nowMs: number): V | undefined {
    const entry = this.#entries.get(key);
    return entry && entry.untilMs > nowMs ? entry.value : undefined;
  }

  set(key: string, value: V, life: { readonly nowMs: number; readonly expiresMs: number | undefined }): void {
    const { nowMs, expiresMs = Infinity } = life;
    this.#entries.delete(key); // keeps the oldest change in front
    this.#entries.set(key, { value, untilMs: nowMs + expiresMs });
    this.#sweep(nowMs);
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }

  clear(): void {
    this.#entries.clear();
  }

  /** What is asked for no more must go all the same. */
  #sweep(nowMs: number): void {
    for (const [key, entry] of this.#entries) {
      if (entry.untilMs > nowMs) return;
      this.#entries.delete(key);
    }
  }
}

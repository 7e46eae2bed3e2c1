import type { Gate, Turnstile } from './gate.ts';

/** Two counters that only grow: permissions granted and permissions taken. */
const GRANTED = 0;
const TAKEN = 1;

/** A gate between threads. */
export class SharedGate implements Gate {
  readonly handle;
  readonly tired = false;
  readonly #counters: Int32Array;

  constructor() {
    const memory = new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT);
    this.handle = { kind: 'shared', memory } as const;
    this.#counters = new Int32Array(memory);
  }

  grant(_seq: number, count: number): void {
    Atomics.add(this.#counters, GRANTED, count);
  }

  recall(): number {
    const granted = Atomics.load(this.#counters, GRANTED);
    return (granted - Atomics.exchange(this.#counters, TAKEN, granted)) | 0;
  }

  rest(): void {}

  close(): void {}
}

/** The thread's side. */
export class SharedTurnstile implements Turnstile {
  readonly #counters: Int32Array;

  constructor(memory: SharedArrayBuffer) {
    this.#counters = new Int32Array(memory);
  }

  pass(): number | undefined {
    for (;;) {
      const taken = Atomics.load(this.#counters, TAKEN);
      if (taken === Atomics.load(this.#counters, GRANTED)) return undefined;
      if (Atomics.compareExchange(this.#counters, TAKEN, taken, (taken + 1) | 0) === taken)
        return taken >>> 0;
    }
  }
}

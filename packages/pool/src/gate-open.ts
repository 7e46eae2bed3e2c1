import type { Gate, Turnstile } from './gate.ts';

/** Where nothing can be taken back (Windows has no files without a name): a job sent is a job started. */
export class OpenGate implements Gate {
  readonly handle = { kind: 'open' } as const;
  readonly tired = false;

  grant(): void {}

  recall(): number {
    return 0;
  }

  rest(): void {}

  close(): void {}
}

/** Lets everyone pass, in turn. */
export class OpenTurnstile implements Turnstile {
  #next = 0;

  pass(): number {
    return this.#next++ >>> 0;
  }
}

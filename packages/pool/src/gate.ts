import type { GateHandle } from './wire.ts';

/**
 * Decides which of the jobs sent to a host may start there. The pool grants permissions, the host takes one before each
 * job, and either side's move is atomic: so the pool can take the unused ones back at any moment, even while the host's
 * event loop is blocked, and knows for certain which jobs have started and which never will.
 */
export interface Gate {
  readonly handle: GateHandle;
  /** Lets the jobs `seq` to `seq + count - 1` start, in that order. Sequence numbers have no gaps. */
  grant(seq: number, count: number): void;
  /** Takes back every unused permission; returns how many. Those are the newest ones. */
  recall(): number;
  /** Whether it wants a moment with no permission out before it grants more; see `rest()`. */
  readonly tired: boolean;
  /** Called while no permission is out. */
  rest(): void;
  close(): void;
}

/** The host's side of a gate. */
export interface Turnstile {
  /** Takes the next permission: the sequence number of the job that may start, or undefined when there is none. */
  pass(): number | undefined;
}

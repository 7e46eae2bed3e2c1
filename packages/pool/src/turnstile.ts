import type { Turnstile } from './gate.ts';
import { FileTurnstile } from './gate-file.ts';
import { OpenTurnstile } from './gate-open.ts';
import { SharedTurnstile } from './gate-shared.ts';
import type { GateHandle } from './wire.ts';

/** The host's side of the gate that it was given. */
export function openTurnstile(handle: GateHandle): Turnstile {
  switch (handle.kind) {
    case 'file':
      return new FileTurnstile(handle.fd);
    case 'shared':
      return new SharedTurnstile(handle.memory);
    case 'open':
      return new OpenTurnstile();
  }
}

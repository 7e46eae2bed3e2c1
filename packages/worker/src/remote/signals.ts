import { constants } from 'node:os';
import { ImproperlyConfigured } from '@tq/core';
import { textOf } from './parts.ts';

export interface NumberedSignal {
  readonly name: NodeJS.Signals;
  readonly number: number;
}

/** `SIGKILL`, `KILL`, `kill` or 9. @throws ImproperlyConfigured */
export function signalOf(given: unknown): NumberedSignal {
  const text = textOf(given, 'SIGTERM').toUpperCase();
  const wanted = text.startsWith('SIG') ? text : `SIG${text}`;
  const found = Object.entries(constants.signals).find(
    ([name, number]) => name === wanted || String(number) === text,
  );
  if (!found) throw new ImproperlyConfigured(`There is no signal ${JSON.stringify(given)}.`);
  return { name: found[0] as NodeJS.Signals, number: found[1] };
}

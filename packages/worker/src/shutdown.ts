import type { Logger } from '@tq/core';
import type { Worker } from './worker.ts';

export interface SignalOptions {
  readonly logger: Logger;
  /** Says something to whoever sits at the terminal. @default the logger */
  readonly say?: (line: string) => void;
}

/** Exit codes are Celery's: 0 after a TERM, 1 after Ctrl-C or a cold stop. */
const LADDER = {
  SIGTERM: { how: 'warm', exitCode: 0 },
  SIGINT: { how: 'warm', exitCode: 1 },
  SIGQUIT: { how: 'cold', exitCode: 1 },
} as const;

/**
 * Stops a worker on signals: TERM is warm however often it comes, as a stop that is asked for twice must not end what the first
 * lets finish; the first Ctrl-C is warm, one after another signal cold; QUIT is cold at once. REMAP_SIGTERM=SIGQUIT makes TERM
 * cold too, as in Celery. Returns a function that takes the handlers away.
 */
export function handleSignals(worker: Worker, options: SignalOptions): () => void {
  const say = options.say ?? ((line: string) => options.logger.warn(line));
  let isStopping = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    const { how, exitCode } = LADDER[remapped(signal)];
    const cold = how === 'cold' || (isStopping && signal === 'SIGINT');
    isStopping = true;
    say(`worker: ${cold ? 'Cold' : 'Warm'} shutdown (MainProcess)`);
    if (signal === 'SIGINT' && !cold)
      say('worker: Hitting Ctrl+C again will end running tasks; they go back to their queue.');
    worker.app.hooks.emit('workerShuttingDown', { signal, how: cold ? 'cold' : 'warm', exitCode });
    void worker.stop({ how: cold ? 'cold' : 'warm', exitCode: cold ? 1 : exitCode });
  };
  const signals = Object.keys(LADDER) as (keyof typeof LADDER)[];
  for (const signal of signals) process.on(signal, onSignal);
  return () => {
    for (const signal of signals) process.off(signal, onSignal);
  };
}

function remapped(signal: NodeJS.Signals): keyof typeof LADDER {
  const remap = process.env['TQ_REMAP_SIGTERM'] ?? process.env['REMAP_SIGTERM'];
  return signal === 'SIGTERM' && remap === 'SIGQUIT' ? 'SIGQUIT' : (signal as keyof typeof LADDER);
}

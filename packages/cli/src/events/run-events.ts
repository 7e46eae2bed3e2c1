import type { App } from '@tq/core';
import type { EventsValues } from '../commands/events.ts';
import { UsageError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import type { Program } from '../program.ts';

/** `tq events`, in one of its three ways. Resolves with the exit code. */
export async function runEvents(options: EventsValues, program: Program): Promise<number> {
  check(options, program);
  const app = await program.appOrBroker();
  return program.withApp(app, (opened) =>
    untilSignal((signal) => run(options, { app: opened, program, signal })),
  );
}

interface Around {
  readonly app: App;
  readonly program: Program;
  readonly signal: AbortSignal;
}

async function run(options: EventsValues, around: Around): Promise<void> {
  if (options.dump) {
    const { dumpEvents } = await import('./dump.ts');
    return dumpEvents({ ...around, types: options.types, json: options.json ?? false });
  }
  if (options.camera !== undefined) {
    const { runCamera } = await import('./run-camera.ts');
    return runCamera({
      ...around,
      module: options.camera,
      every: options.frequency,
      maxRate: options.maxrate,
    });
  }
  const { runMonitor } = await import('../monitor/monitor.ts');
  return runMonitor(around);
}

function check({ dump, json, types, camera, frequency, maxrate }: EventsValues, { terminal }: Program): void {
  if (dump && camera !== undefined) throw new UsageError('Give either --dump or --camera.');
  if (!dump && (json || types)) throw new UsageError('--json and --types go with --dump.');
  if (camera === undefined && (frequency !== undefined || maxrate !== undefined))
    throw new UsageError('--frequency and --maxrate go with --camera.');
  if (dump || camera !== undefined || (terminal.stdin.isTTY && terminal.stdout.isTTY)) return;
  throw new UsageError('The monitor needs a terminal.', { remedy: 'Without one, use tq events --dump.' });
}

/** Runs something until it ends, or until somebody wants this program to. */
async function untilSignal(run: (signal: AbortSignal) => Promise<void>): Promise<number> {
  const stop = new AbortController();
  const end = (): void => stop.abort();
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.once(signal, end);
  try {
    await run(stop.signal);
  } finally {
    for (const signal of signals) process.off(signal, end);
  }
  return EXIT.ok;
}

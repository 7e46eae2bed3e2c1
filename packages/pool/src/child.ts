/**
 * The inside of a child process or thread. An entry module, named by `PoolHost.entry`, calls `serve()` once:
 *
 * ```ts
 * import { serve } from '@tq/pool/child';
 *
 * serve(async (init) => {
 *   const app = await loadApp(init);
 *   return (payload, context) => app.execute(payload, context);
 * });
 * ```
 */
import { isMainThread } from 'node:worker_threads';
import type { JobHandler } from '@tq/core';
import { toError } from '@tq/core/internal';
import { openLink } from './child-link.ts';
import type { Link } from './child-link.ts';
import { openTurnstile } from './turnstile.ts';
import { JobLoop } from './job-loop.ts';
import { MemoryReport } from './memory-report.ts';
import type { HostInfo, InitMessage, ParentMessage } from './wire.ts';

export type { HostInfo } from './wire.ts';

/** Loads the app and returns what runs a job. What it throws is reported to the pool, and the host ends. */
export type Setup = (init: unknown, host: HostInfo) => JobHandler | Promise<JobHandler>;

export interface ServeOptions {
  /** Called when the host is asked to leave, after its last job; the host ends when it settles. */
  readonly close?: () => void | Promise<void>;
}

/** Answers a pool's jobs until the pool says goodbye or is gone. */
export function serve(setup: Setup, options: ServeOptions = {}): void {
  const link = openLink();
  standGroupSignals();
  process.once('disconnect', () => process.exit(0));
  const crash = (error: unknown): void => die(link, error);
  process.on('uncaughtException', crash);

  let loop: JobLoop | undefined;
  const begin = async (message: InitMessage): Promise<void> => {
    const { init, index, processName, title, slots } = message;
    if (isMainThread) process.title = title;
    try {
      if (message.notes) link.takeNotes();
      const handler = await setup(init, { index, processName, title, slots });
      loop = makeLoop(link, message, handler);
      link.say({ kind: 'ready' });
    } catch (error) {
      process.off('uncaughtException', crash);
      giveUp(link, toError(error));
    }
  };
  const hear = (message: ParentMessage): void => {
    if (message.kind === 'init') void begin(message);
    else if (message.kind === 'leave') void leave(options);
    else loop?.hear(message);
  };
  link.listen((messages) => {
    for (const message of messages) hear(message);
  });
}

/** A terminal's Ctrl-C and a stop of the process group reach children too; whether they end is for the parent to decide. */
function standGroupSignals(): void {
  if (!isMainThread) return;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT']) process.on(signal, () => {});
}

function makeLoop(link: Link, message: InitMessage, handler: JobHandler): JobLoop {
  const memory = message.reportMemory
    ? new MemoryReport((bytes) => link.say({ kind: 'memory', bytes }))
    : undefined;
  return new JobLoop({
    handler,
    turnstile: openTurnstile(message.gate),
    slots: message.slots,
    speaker: link,
    ...(memory ? { finished: (idle) => memory.jobFinished(idle) } : {}),
  });
}

/** An error that nobody caught, perhaps long after the job that caused it: this host can't be trusted any more. */
function die(link: Link, thrown: unknown): void {
  const error = toError(thrown);
  link.say({ kind: 'log', level: 'error', message: `Uncaught error: ${error.stack ?? error.message}` });
  process.exit(1);
}

function giveUp(link: Link, error: Error): void {
  link.say({
    kind: 'failed',
    failure: { message: error.message, ...(error.stack === undefined ? {} : { stack: error.stack }) },
  });
  // Node knows the place of a syntax error but tells it only when it prints one that nobody caught.
  if (!(error instanceof SyntaxError)) process.exit(1);
  setTimeout(() => process.exit(1), 100); // in case the app catches it
  setImmediate(() => {
    throw error;
  });
}

async function leave(options: ServeOptions): Promise<void> {
  await options.close?.();
  process.exit(0);
}

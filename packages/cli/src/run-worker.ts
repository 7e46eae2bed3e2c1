import { machine, release, type } from 'node:os';
import { relative } from 'node:path';
import type { App } from '@tq/core';
import { expandFileName, expandNodeName, toError } from '@tq/core/internal';
import { createWorker, handleSignals } from '@tq/worker';
import type { Worker } from '@tq/worker';
import type { LoadedApp } from '@tq/worker/load';
import { renderBanner } from './banner.ts';
import type { WorkerValues } from './commands/worker.ts';
import { isDetached, reportFailed, reportRunning, startDetached } from './detach.ts';
import { UsageError } from './errors.ts';
import { describeFailure } from './failure.ts';
import type { Logging } from './logging.ts';
import { readOverrides } from './overrides.ts';
import { takePidFile } from './pid-file.ts';
import { takePrivileges } from './privileges.ts';
import type { Program } from './program.ts';
import { wantsColor } from './terminal.ts';
import { versionText } from './version.ts';
import { levelOf, openLog } from './worker-log.ts';
import { settingsOf } from './worker-settings.ts';

/** Log file of a background worker that names none. */
const BACKGROUND_LOG = '%n%I.log';

/** `tq worker`: everything around a worker. Resolves with the exit code. */
export async function runWorker(
  given: WorkerValues,
  overrides: readonly string[],
  program: Program,
): Promise<number> {
  const hostname = expandNodeName(given.hostname ?? 'celery@%h');
  const options = given.detach ? { logfile: BACKGROUND_LOG, ...given } : given;
  if (options.detach && !isDetached) {
    const logfile = expandFileName(options.logfile as string, hostname);
    return startDetached(program, { executable: options.executable, logfile });
  }
  try {
    return await withPidFile(options, hostname, () => runHere(options, overrides, { hostname, program }));
  } catch (error) {
    const { message, exitCode } = describeFailure(error, { command: 'worker', debug: false });
    await reportFailed(message, exitCode);
    throw error;
  }
}

interface Place {
  readonly hostname: string;
  readonly program: Program;
}

async function withPidFile(
  options: WorkerValues,
  hostname: string,
  run: () => Promise<number>,
): Promise<number> {
  takePrivileges(options);
  const release =
    options.pidfile === undefined ? undefined : takePidFile(expandFileName(options.pidfile, hostname));
  try {
    return await run();
  } finally {
    release?.();
  }
}

async function runHere(options: WorkerValues, overrides: readonly string[], place: Place): Promise<number> {
  const loaded = await place.program.loadApp();
  const { app } = loaded;
  configure(app, options, overrides);
  const logging = openLog(app, options, place);
  app.logger = logging.logger;
  const stopListening = listenForHangUp(logging, options);
  try {
    return await live(makeWorker(loaded, options, logging, place), { ...place, options, logging, loaded });
  } finally {
    stopListening();
    await app.close();
    await logging.close();
  }
}

function configure(app: App, options: WorkerValues, overrides: readonly string[]): void {
  try {
    app.conf.update({ ...settingsOf(options), ...readOverrides(overrides) });
  } catch (error) {
    throw error instanceof UsageError ? error : new UsageError(toError(error).message, { cause: error });
  }
}

function makeWorker(
  { app, file, exportName }: LoadedApp,
  options: WorkerValues,
  logging: Logging,
  { hostname }: Place,
): Worker {
  const { pool, concurrency, queues, excludeQueues, include, purge } = options;
  return createWorker(app, {
    hostname,
    appModule: { file, exportName },
    logger: logging.logger,
    ...(pool === undefined ? {} : { pool }),
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(queues === undefined ? {} : { queues }),
    ...(excludeQueues === undefined ? {} : { excludeQueues }),
    ...(include === undefined ? {} : { include }),
    ...(purge === undefined ? {} : { purge }),
  });
}

/** From the banner to the end of the worker. */
async function live(
  worker: Worker,
  run: Place & { readonly options: WorkerValues; readonly logging: Logging; readonly loaded: LoadedApp },
): Promise<number> {
  const { program, logging } = run;
  const removeHandlers = handleSignals(worker, { logger: logging.logger, ...sayOn(program) });
  try {
    const banner = await bannerOf(worker, run);
    if (!program.globals.quiet) program.terminal.stdout.write(banner);
    process.title = `tq worker: ${run.hostname}`;
    await reportRunning();
    // `finished` tells the same, and what goes wrong later.
    worker.start().catch(() => undefined);
    const { exitCode, error } = await worker.finished;
    await worker.stop();
    return error ? fail(error, run) : exitCode;
  } finally {
    removeHandlers();
  }
}

function fail(
  error: Error,
  {
    options,
    logging,
    program,
  }: { readonly options: WorkerValues; readonly logging: Logging; readonly program: Program },
): number {
  const { message, exitCode } = describeFailure(error, {
    command: 'worker',
    debug: Boolean(program.terminal.env['TQ_DEBUG']),
  });
  if (options.logfile !== undefined) logging.logger.error(message);
  program.out.complain(message);
  return exitCode;
}

/** On a terminal what is said about stopping stands alone, below the ^C. */
function sayOn({ terminal }: Program): { readonly say?: (line: string) => void } {
  return terminal.stderr.isTTY ? { say: (line) => void terminal.stderr.write(`\n${line}\n`) } : {};
}

/** HUP opens log files again; without one it ends the process, as ever. */
function listenForHangUp(logging: Logging, options: WorkerValues): () => void {
  if (options.logfile === undefined) return () => undefined;
  const reopen = (): void => logging.reopen();
  process.on('SIGHUP', reopen);
  return () => process.off('SIGHUP', reopen);
}

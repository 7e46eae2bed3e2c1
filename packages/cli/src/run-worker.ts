import type { App } from '@tq/core';
import {
  definedQueues,
  didYouMean,
  expandFileName,
  expandNodeName,
  toError,
  workerTitle,
} from '@tq/core/internal';
import { createWorker, handleSignals } from '@tq/worker';
import type { Worker, WorkerOptions } from '@tq/worker';
import { dropEarlyChild } from '@tq/worker/early';
import type { LoadedApp } from '@tq/worker/load';
import { bannerFacts, renderBanner } from './banner.ts';
import type { WorkerValues } from './commands/worker.ts';
import { isDetached, reportFailed, reportRunning, startDetached } from './detach.ts';
import { UsageError } from './errors.ts';
import { describeFailure } from './failure.ts';
import type { Logging } from './logging.ts';
import { readOverrides } from './overrides.ts';
import { takePrivileges } from './privileges.ts';
import type { Program } from './program.ts';
import { wantsColor } from './terminal.ts';
import { levelOf, openLog } from './worker-log.ts';
import { settingsOf } from './worker-settings.ts';

/** Log file of a background worker that names none. */
const BACKGROUND_LOG = '%n%I.log';

interface Place {
  readonly hostname: string;
  readonly options: WorkerValues;
  readonly program: Program;
}

interface Run extends Place {
  readonly loaded: LoadedApp;
  readonly logging: Logging;
}

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
    takePrivileges(options);
    return await besidePidFile({ hostname, options, program }, overrides);
  } catch (error) {
    const { message, exitCode } = describeFailure(error, { command: 'worker', debug: false });
    await reportFailed(message, exitCode);
    throw error;
  }
}

async function besidePidFile(place: Place, overrides: readonly string[]): Promise<number> {
  const release = await pidFile(place);
  try {
    return await withLog(place, overrides);
  } finally {
    release?.();
  }
}

/** Takes the pid file, where there is to be one; returns what removes it. @throws CantCreate */
async function pidFile({ hostname, options: { pidfile } }: Place): Promise<(() => void) | undefined> {
  if (pidfile === undefined) return undefined;
  const { takePidFile } = await import('@tq/multi/pid-file');
  return takePidFile(expandFileName(pidfile, hostname), hostname);
}

async function withLog(place: Place, overrides: readonly string[]): Promise<number> {
  const loaded = await place.program.loadApp();
  const { app } = loaded;
  configure(app, place.options, overrides);
  const logging = openLog(app, place.options, place);
  app.logger = logging.logger;
  const stopListening = listenForHangUp(logging, place.options);
  try {
    return await live({ ...place, loaded, logging });
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

/** From the banner to the end of the worker. */
async function live(run: Run): Promise<number> {
  const { program, logging, hostname } = run;
  const worker = makeWorker(run);
  const removeHandlers = handleSignals(worker, { logger: logging.logger, ...sayOn(program) });
  try {
    worker.warmUp();
    dropEarlyChild(); // if that pool was not for it
    await show(worker, run);
    process.title = workerTitle(hostname);
    await reportRunning();
    // `finished` tells the same, and what goes wrong later.
    worker.start().catch(() => undefined);
    const { exitCode, error } = await worker.finished;
    return error ? fail(error, run) : exitCode;
  } finally {
    await worker.stop();
    removeHandlers();
  }
}

function makeWorker({ loaded, logging, hostname, options }: Run): Worker {
  const { pool, concurrency, queues, excludeQueues, include, purge, autoscale, statedb, withoutMingle } =
    options;
  return createWorker(loaded.app, {
    hostname,
    appModule: { file: loaded.file, exportName: loaded.exportName },
    logger: logging.logger,
    ...presenceOf(options),
    ...(pool === undefined ? {} : { pool }),
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(queues === undefined ? {} : { queues }),
    ...(excludeQueues === undefined ? {} : { excludeQueues }),
    ...(include === undefined ? {} : { include }),
    ...(purge === undefined ? {} : { purge }),
    ...(autoscale === undefined ? {} : { autoscale }),
    ...(statedb === undefined ? {} : { stateDb: statedb }),
    ...(withoutMingle ? { mingle: false } : {}),
  });
}

/** How it is seen by others, and sees them. */
function presenceOf(options: WorkerValues): Pick<WorkerOptions, 'gossip' | 'heartbeat'> {
  const { withoutGossip, withoutHeartbeat, heartbeatInterval } = options;
  const heartbeat = withoutHeartbeat ? false : heartbeatInterval;
  return { gossip: !withoutGossip, ...(heartbeat === undefined ? {} : { heartbeat }) };
}

/** Loads the modules with tasks, which may fail, and shows what the worker is. */
async function show(worker: Worker, { program, loaded, logging, options }: Run): Promise<void> {
  const facts = bannerFacts(await worker.describe(), { loaded, level: levelOf(options) });
  const { terminal, globals } = program;
  const colors = wantsColor(terminal.stdout, terminal.env, globals.noColor ?? false);
  if (!globals.quiet) terminal.stdout.write(renderBanner({ ...facts, colors }));
  noteQueues(options, loaded.app, logging);
  if (facts.worker.tasks.some((name) => !name.startsWith('celery.'))) return;
  logging.logger.warn(
    `No task is registered on the app of ${facts.place}. Name the modules with tasks in the setting include, ` +
      `as paths beside the app or from ${process.cwd()}; they must import this very app.`,
  );
}

/** A queue of -Q that the app doesn't define is made; it may be a slip of the pen. */
function noteQueues({ queues = [] }: WorkerValues, app: App, { logger }: Logging): void {
  const known = [...definedQueues(app.config).keys()];
  for (const queue of queues) {
    const near = known.includes(queue) ? undefined : didYouMean(queue, known);
    if (near !== undefined) logger.warn(`The app defines no queue ${queue} (-Q); did you mean ${near}?`);
  }
}

function fail(error: Error, { program, logging, options }: Run): number {
  const debug = Boolean(program.terminal.env['TQ_DEBUG']);
  const { message, exitCode } = describeFailure(error, { command: 'worker', debug });
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

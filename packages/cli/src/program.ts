import type { App } from '@tq/core';
import type { LoadedApp } from '@tq/worker/load';
import { UsageError } from './errors.ts';
import type { Globals } from './globals.ts';
import { Output } from './output.ts';
import type { Terminal } from './terminal.ts';

/** What a command has around it: the options of every command, the app they name, the terminal. */
export class Program {
  readonly terminal: Terminal;
  readonly globals: Globals;
  /** The folder from which the program was started; --workdir is seen from there. */
  readonly startedIn: string;
  readonly out: Output;
  #loaded: LoadedApp | undefined;

  constructor(options: {
    readonly terminal: Terminal;
    readonly globals: Globals;
    readonly startedIn: string;
  }) {
    this.terminal = options.terminal;
    this.startedIn = options.startedIn;
    this.globals = options.globals;
    this.out = new Output({ terminal: options.terminal, quiet: options.globals.quiet ?? false });
  }

  /** The module of the app, as it was given. */
  get appSpec(): string | undefined {
    const { env } = this.terminal;
    return this.globals.app ?? (env['TQ_APP'] || env['CELERY_APP'] || undefined);
  }

  /** The same. @throws UsageError when none is named */
  requireAppSpec(): string {
    if (this.appSpec !== undefined) return this.appSpec;
    throw new UsageError('Which app? None is named.', {
      remedy: 'Name its module: tq -A proj …, or set the variable TQ_APP.',
    });
  }

  /** Loads the app. @throws UsageError when none is named; AppNotFound, ModuleFailed */
  async loadApp(): Promise<LoadedApp> {
    const spec = this.requireAppSpec();
    const { loadApp } = await import('@tq/worker/load');
    return (this.#loaded ??= await loadApp(spec, { workdir: process.cwd() }));
  }

  /** The app; where only a broker is named, one without tasks. */
  async appOrBroker(): Promise<App> {
    if (this.appSpec !== undefined || !namesBroker()) return (await this.loadApp()).app;
    const { createApp } = await import('@tq/core');
    return createApp('tq');
  }

  /** Imports the app's modules with tasks. @throws ModuleNotFound, ModuleFailed, WrongApp */
  async importModules(app: App): Promise<void> {
    const { importTasks } = await import('@tq/worker/load');
    await importTasks(app, { workdir: process.cwd(), appFile: this.#loaded?.file });
  }

  /**
   * The same, so that what is set on a task (its queue, say) counts. Where they can't be imported, or
   * don't have the task, a call by name is still a call: a note says so.
   */
  async importTasks(app: App, call: { readonly for: string }): Promise<void> {
    const { didYouMean, toError } = await import('@tq/core/internal');
    try {
      await this.importModules(app);
    } catch (error) {
      this.out.note(`Note: ${toError(error).message} What is set on tasks themselves is not known here.`);
      return;
    }
    if (app.tasks.size === 0 || app.tasks.has(call.for)) return;
    const near = didYouMean(call.for, app.tasks.keys());
    this.out.note(
      `Note: this app has no task ${call.for}${near ? ` (did you mean ${near}?)` : ''}; sent by its name all the same.`,
    );
  }

  /** Runs something with the app and closes it then. */
  async withApp<T>(app: App, run: (app: App) => Promise<T>): Promise<T> {
    try {
      return await run(app);
    } finally {
      await app.close();
    }
  }
}

function namesBroker(): boolean {
  return Boolean(process.env['TQ_BROKER_URL'] ?? process.env['CELERY_BROKER_URL']);
}

/** Makes the options of every command hold: for this process, and for its children through the environment. */
export async function applyGlobals(globals: Globals): Promise<void> {
  if (globals.workdir !== undefined) enter(globals.workdir);
  await refuseUnknownUrls(globals);
  if (globals.broker !== undefined) process.env['TQ_BROKER_URL'] = globals.broker;
  if (globals.resultBackend !== undefined) process.env['TQ_RESULT_BACKEND'] = globals.resultBackend;
  if (globals.noColor) process.env['NO_COLOR'] = '1';
}

/** At once, whatever the command: one that never connects would take any text for a URL. */
async function refuseUnknownUrls({ broker, resultBackend }: Globals): Promise<void> {
  if (broker === undefined && resultBackend === undefined) return;
  const { checkBackendUrl, checkBrokerUrl } = await import('@tq/core/internal');
  try {
    if (broker !== undefined) checkBrokerUrl(broker);
    if (resultBackend !== undefined) checkBackendUrl(resultBackend);
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
}

function enter(folder: string): void {
  try {
    process.chdir(folder);
  } catch (error) {
    throw new UsageError(`--workdir ${folder} is not a folder that can be entered.`, { cause: error });
  }
}

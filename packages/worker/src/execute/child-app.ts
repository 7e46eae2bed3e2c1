import { ImproperlyConfigured } from '@tq/core';
import type { App, Settings } from '@tq/core';
import { appOfModule, importTasks, loadAppFrom } from '../load/index.ts';
import type { NamedModules } from '../load/index.ts';

/** What a child process or thread is told before it loads the app. JSON. */
export interface ChildInit {
  /** The module and export that the command line found; without it, `module` names the module of a composed worker. */
  readonly app?: { readonly file: string; readonly exportName: string };
  readonly module?: string;
  readonly name: string;
  readonly workdir: string;
  readonly hostname: string;
  readonly include: readonly NamedModules[];
  /** Settings that were given: what the parent changed at run time must hold here too. */
  readonly conf: Readonly<Record<string, unknown>>;
}

/** What a worker tells its children. @throws ImproperlyConfigured when they couldn't find the app */
export function childInit(
  app: App,
  options: {
    readonly hostname: string;
    readonly include: readonly NamedModules[];
    readonly appModule: { readonly file: string; readonly exportName: string } | undefined;
  },
): ChildInit {
  return {
    ...(options.appModule ? { app: options.appModule } : {}),
    ...(app.module === undefined ? {} : { module: app.module }),
    name: app.name,
    workdir: process.cwd(),
    hostname: options.hostname,
    include: options.include,
    conf: portable(app.givenSettings),
  };
}

/** Refuses early what would fail in every child. */
export function checkReachable(app: App, appModule: unknown, pool: string): void {
  if (appModule !== undefined || app.module !== undefined) return;
  throw new ImproperlyConfigured(
    `The pool "${pool}" runs tasks in other processes or threads, which load the app by its module. ` +
      `Say which it is: createApp(${JSON.stringify(app.name)}, { module: import.meta.url, … }), or use the pool "solo".`,
  );
}

const CHILD = Symbol.for('tq.pool-child');

/** Whether this process or thread is one of a worker's pool. */
export function isPoolChild(): boolean {
  return CHILD in globalThis;
}

/** Loads the app as the parent has it, with all its tasks. */
export async function loadChildApp(init: ChildInit): Promise<App> {
  Object.defineProperty(globalThis, CHILD, { value: true, configurable: true });
  const app = init.app ? await loadAppFrom(init.app) : await appOfModule(init.module as string, init.name);
  app.conf.update(init.conf);
  await importTasks(app, { workdir: init.workdir, appFile: init.app?.file, modules: init.include });
  return app;
}

/** What was given as JSON; functions and other values that can't travel are in the app's module anyway. */
function portable(settings: Partial<Settings>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(settings).filter(([name, value]) => !HELD_BACK.has(name) && value !== undefined),
  );
}

const HELD_BACK: ReadonlySet<string> = new Set<keyof Settings>([
  'taskRoutes',
  'taskQueues',
  'brokerTransportOptions',
  'brokerUseSsl',
  'resultBackendTransportOptions',
  'brokerUseSsl',
  'brokerFailoverStrategy',
  'redisBackendUseSsl',
  'securityKeyPassword',
]);

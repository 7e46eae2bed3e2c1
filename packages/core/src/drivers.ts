import type { App } from './app.ts';
import { didYouMean } from './did-you-mean.ts';
import { ImproperlyConfigured } from './errors.ts';
import { importOptional } from './optional-package.ts';
import type { BackendDriver } from './types/backend.ts';
import type { CanvasModule } from './types/canvas.ts';
import type { Control } from './types/control.ts';
import type { EventSink } from './types/events.ts';
import type { Transport } from './types/transport.ts';
import { parseUrl } from './url.ts';

/** URL scheme → package that exports `transport`. */
const TRANSPORTS: Readonly<Record<string, string>> = {
  sqlite: '@tq/sqlite',
  memory: '@tq/memory',
  amqp: '@tq/broker-amqp',
  amqps: '@tq/broker-amqp',
  pyamqp: '@tq/broker-amqp',
  librabbitmq: '@tq/broker-amqp',
  redis: '@tq/broker-redis',
  rediss: '@tq/broker-redis',
  'redis+socket': '@tq/broker-redis',
  sentinel: '@tq/broker-redis',
};

/** URL scheme → package that exports `backend`. The guide's old `amqp://` backend is today's rpc. */
const BACKENDS: Readonly<Record<string, string>> = {
  sqlite: '@tq/sqlite',
  memory: '@tq/memory',
  rpc: '@tq/backend-rpc',
  amqp: '@tq/backend-rpc',
  redis: '@tq/backend-redis',
  rediss: '@tq/backend-redis',
  'redis+socket': '@tq/backend-redis',
  sentinel: '@tq/backend-redis',
};

/** Finds the transport for a broker URL. `from` is the application's folder. */
export async function findTransport(url: URL, from: string): Promise<Transport> {
  return (await load(url, TRANSPORTS, { what: 'broker', name: 'transport', from })) as Transport;
}

/** Finds the backend for a result backend URL. */
export async function findBackend(url: URL, from: string): Promise<BackendDriver> {
  return (await load(url, BACKENDS, { what: 'result backend', name: 'backend', from })) as BackendDriver;
}

/** Finds canvas, which knows what links set off and how work-flows are sent. */
export async function findCanvas(from: string): Promise<CanvasModule> {
  const missing = 'Work-flows and links need the package @tq/canvas: npm install @tq/canvas';
  return (await importOptional('@tq/canvas', from, missing)) as unknown as CanvasModule;
}

/** What core asks events for, found as drivers are. */
export interface EventsModule {
  readonly clientEvents: (app: App) => EventSink & AsyncDisposable;
}

/** Finds events, for calls that are told of. */
export async function findEvents(from: string): Promise<EventsModule> {
  const missing = 'The setting taskSendSentEvent needs the package @tq/events: npm install @tq/events';
  return (await importOptional('@tq/events', from, missing)) as unknown as EventsModule;
}

/** Finds remote control, which speaks to workers. */
export async function findControl(from: string): Promise<{ readonly createControl: (app: App) => Control }> {
  const missing = 'Remote control needs the package @tq/control: npm install @tq/control';
  return (await importOptional('@tq/control', from, missing)) as unknown as {
    readonly createControl: (app: App) => Control;
  };
}

async function load(
  url: URL,
  table: Readonly<Record<string, string>>,
  wanted: { readonly what: string; readonly name: string; readonly from: string },
): Promise<unknown> {
  const packageName = packageOf(url, table, wanted.what);
  const scheme = url.protocol.slice(0, -1);
  const missing = `The ${wanted.what} URL "${scheme}://" needs the package ${packageName}: npm install ${packageName}`;
  const driver = (await importOptional(packageName, wanted.from, missing))[wanted.name];
  if (driver !== undefined) return driver;
  throw new ImproperlyConfigured(
    `The package ${packageName} exports no ${wanted.name}; is it of the same version as @tq/core?`,
  );
}

/** Refuses what no driver can be for; imports nothing. @throws ImproperlyConfigured */
export function checkBrokerUrl(setting: string): void {
  for (const text of setting.split(';').filter((each) => each.trim() !== ''))
    packageOf(parseUrl(text.trim(), 'broker'), TRANSPORTS, 'broker');
}

/** The same for a result backend, whose further addresses are its driver's to read. @throws ImproperlyConfigured */
export function checkBackendUrl(setting: string): void {
  const [first = ''] = setting.split(';');
  if (setting !== 'disabled' && setting !== 'disabled://')
    packageOf(parseUrl(first.trim(), 'result backend'), BACKENDS, 'result backend');
}

function packageOf(url: URL, table: Readonly<Record<string, string>>, what: string): string {
  const scheme = url.protocol.slice(0, -1);
  const packageName = Object.hasOwn(table, scheme) ? table[scheme] : undefined;
  if (packageName === undefined) throw unknownScheme(scheme, what, Object.keys(table));
  return packageName;
}

function unknownScheme(scheme: string, what: string, known: readonly string[]): ImproperlyConfigured {
  const near = didYouMean(scheme, known);
  const list = known.map((each) => `${each}://`).join(', ');
  return new ImproperlyConfigured(
    `No driver knows the ${what} URL scheme "${scheme}://".${near ? ` Did you mean ${near}://?` : ''} tq has ${list}.`,
  );
}

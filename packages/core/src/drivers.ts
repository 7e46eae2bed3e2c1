import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ImproperlyConfigured, MissingPackage } from './errors.ts';
import type { CallOptions } from './call-options.ts';
import type { BackendDriver } from './types/backend.ts';
import type { Outcome } from './types/pool.ts';
import type { Transport } from './types/transport.ts';

/** URL scheme → package that exports `transport`. */
const TRANSPORTS: Readonly<Record<string, string>> = {
  sqlite: '@tq/sqlite',
  memory: '@tq/memory',
  amqp: '@tq/broker-amqp',
  amqps: '@tq/broker-amqp',
  pyamqp: '@tq/broker-amqp',
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
  const found = await load(url, TRANSPORTS, 'broker', from);
  return found['transport'] as Transport;
}

/** Finds the backend for a result backend URL. */
export async function findBackend(url: URL, from: string): Promise<BackendDriver> {
  const found = await load(url, BACKENDS, 'result backend', from);
  return found['backend'] as BackendDriver;
}

/** What core asks canvas for, found as drivers are. */
export interface CanvasModule {
  followUp(
    outcome: Outcome,
    task: { readonly id: string; readonly rootId: string; readonly priority: number | undefined },
  ): readonly { readonly task: string; readonly args: readonly unknown[]; readonly options: CallOptions }[];
}

export async function findCanvas(from: string): Promise<CanvasModule> {
  return (await importFrom(
    '@tq/canvas',
    from,
    'Links need the package @tq/canvas: npm install @tq/canvas',
  )) as unknown as CanvasModule;
}

/** Parses a broker or backend URL; names what's wrong with it. */
export function parseUrl(text: string, what: string): URL {
  try {
    return new URL(text.includes('://') ? text : `${text}://`);
  } catch (error) {
    throw new ImproperlyConfigured(`${JSON.stringify(maskUrl(text))} is not a URL for a ${what}.`, {
      cause: error,
    });
  }
}

/** A URL that may be shown: its password replaced by `**`. */
export function maskUrl(url: string): string {
  return url
    .replace(/(:\/\/[^/?#@]*?):([^/?#]*)@/g, '$1:**@')
    .replace(/([?&][^=&#]*(?:password|passwd|secret|token)[^=&#]*=)[^&#]*/gi, '$1**');
}

async function load(
  url: URL,
  table: Readonly<Record<string, string>>,
  what: string,
  from: string,
): Promise<Readonly<Record<string, unknown>>> {
  const scheme = url.protocol.slice(0, -1);
  const name = Object.hasOwn(table, scheme) ? table[scheme] : undefined;
  if (name === undefined) {
    throw new ImproperlyConfigured(
      `No driver knows the ${what} URL scheme "${scheme}://"; tq has ${Object.keys(table)
        .map((known) => `${known}://`)
        .join(', ')}.`,
    );
  }
  return importFrom(
    name,
    from,
    `The ${what} URL "${scheme}://" needs the package ${name}: npm install ${name}`,
  );
}

/** Imports an optional package as the application would, else as core would. */
async function importFrom(
  name: string,
  from: string,
  missing: string,
): Promise<Readonly<Record<string, unknown>>> {
  try {
    return (await import(name)) as Readonly<Record<string, unknown>>;
  } catch (error) {
    if (!isNotFound(error, name)) throw error;
  }
  try {
    const path = createRequire(join(from, 'resolve.js')).resolve(name);
    return (await import(pathToFileURL(path).href)) as Readonly<Record<string, unknown>>;
  } catch (error) {
    if (isNotFound(error, name)) throw new MissingPackage(name, missing, { cause: error });
    throw error;
  }
}

function isNotFound(error: unknown, name: string): boolean {
  const { code, message } = error as { code?: string; message?: string };
  return (code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND') && (message ?? '').includes(name);
}

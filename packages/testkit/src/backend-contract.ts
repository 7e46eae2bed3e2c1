import { afterEach, beforeEach, describe } from '@jest/globals';
import { silentLogger, systemClock } from '@tq/core';
import type { BackendDriver, BrokerAccess, Encoded, ReplyRoute, ResultBackend, TaskMeta } from '@tq/core';
import { backendGroups } from './backend/groups.ts';
import { backendChords } from './backend/chords.ts';
import { backendLife } from './backend/life.ts';
import { encoded } from './backend/metas.ts';
import { backendStates } from './backend/states.ts';
import { backendWatch } from './backend/watch.ts';
import { uniqueName } from './fixtures.ts';

export interface BackendContractOptions {
  readonly driver: BackendDriver;
  /** Asked once a test; both ends of the test connect to what it gives. */
  url(): URL | Promise<URL>;
  /** The setting `resultBackendTransportOptions`. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** The broker of one process, for backends that answer by message. Closed after the test. @default none */
  broker?(url: URL): BrokerAccess & AsyncDisposable;
  /** Whether the backend has a group store. @default true */
  readonly groups?: boolean;
}

/** What a test of the kit works with. */
export interface BackendBench {
  readonly groups: boolean;
  /** One more connection, as another process would have it. */
  open(change?: Change): Promise<ResultBackend>;
  /** A caller and a worker that don't know of each other. */
  pair(change?: Change): Promise<Pair>;
  /** An id nobody else uses. */
  id(): string;
}

/** What one backend of a test has otherwise. */
export interface Change {
  readonly expiresMs?: number;
  /** Of claims on the bodies of chords. */
  readonly leaseMs?: number;
}

export interface Pair {
  readonly client: ResultBackend;
  readonly worker: ResultBackend;
  /** Stores in the worker what the client expects. */
  readonly tell: (meta: TaskMeta) => Promise<void>;
}

/** What every result backend must do. Run it in a test file of the driver's own package. */
export function backendContract(name: string, options: BackendContractOptions): void {
  const opened: AsyncDisposable[] = [];
  const replyTo = new WeakMap<ResultBackend, string>();
  let url: URL;

  const open: BackendBench['open'] = async (change) => {
    const broker = options.broker?.(url);
    if (broker) opened.push(broker);
    const backend = await options.driver.connect(url, {
      logger: silentLogger,
      clock: systemClock,
      options: { ...options.options, ...(change?.leaseMs && { chord_lease: change.leaseMs / 1000 }) },
      expiresMs: change?.expiresMs ?? 3_600_000,
      timeoutMs: 10_000,
      ...(broker && { broker }),
    });
    opened.push(backend);
    if (broker) replyTo.set(backend, broker.replyTo);
    return backend;
  };
  const bench: BackendBench = {
    groups: options.groups ?? true,
    open,
    async pair(change) {
      const [client, worker] = [await open(change), await open(change)];
      return { client, worker, tell: (meta) => worker.store(encode(meta), routeOf(meta.taskId, client)) };
    },
    id: () => uniqueName('task'),
  };
  const routeOf = (taskId: string, client: ResultBackend): ReplyRoute => ({
    replyTo: replyTo.get(client),
    correlationId: taskId,
  });

  describe(`${name} as a result backend`, () => {
    beforeEach(async () => {
      url = await options.url();
    });
    afterEach(async () => {
      for (const each of opened.splice(0).reverse()) await each[Symbol.asyncDispose]();
    });
    backendStates(bench);
    backendWatch(bench);
    backendGroups(bench);
    backendChords(bench);
    backendLife(bench);
  });
}

function encode(meta: TaskMeta): TaskMeta<Encoded> {
  return { ...meta, result: encoded(meta.result) };
}

import { readFileSync } from 'node:fs';
import { silentLogger, systemClock } from '@tq/core';
import type {
  BackendOptions,
  ChordPart,
  ChordProgress,
  Encoded,
  Logger,
  ResultBackend,
  TaskMeta,
} from '@tq/core';
import { serviceUrl } from '@tq/testkit';
import { Redis } from 'ioredis';
import { redisBackend } from '../src/backend.ts';

export interface Rig extends AsyncDisposable {
  readonly backend: ResultBackend;
  /** One more process. */
  open(change?: Partial<BackendOptions>): Promise<ResultBackend>;
  /** To look at the keys. */
  readonly redis: Redis;
}

export interface RigOptions {
  readonly url?: URL;
  readonly logger?: Logger;
  readonly options?: Readonly<Record<string, unknown>>;
}

export async function rig({
  url = serviceUrl('redis'),
  logger,
  options = {},
}: RigOptions = {}): Promise<Rig> {
  const opened: ResultBackend[] = [];
  const open = async (change: Partial<BackendOptions> = {}): Promise<ResultBackend> => {
    const backend = await redisBackend.connect(url, {
      logger: logger ?? silentLogger,
      clock: systemClock,
      options,
      expiresMs: 86_400_000,
      timeoutMs: 4000,
      ...change,
    });
    opened.push(backend);
    return backend;
  };
  const backend = await open();
  const redis = new Redis(url.href, { lazyConnect: true, maxRetriesPerRequest: null });
  redis.on('error', () => undefined); // the server is killed now and then
  return {
    backend,
    open,
    redis,
    async [Symbol.asyncDispose]() {
      for (const each of opened) await each[Symbol.asyncDispose]();
      redis.disconnect();
    },
  };
}

export function encoded(value: unknown): Encoded {
  return JSON.stringify(value) as Encoded;
}

/** The parts, if the chord is complete and this caller's to send. */
export function partsOf(progress: ChordProgress): readonly ChordPart[] | undefined {
  return progress.kind === 'complete' ? progress.parts : undefined;
}

export function success(taskId: string, result: unknown): TaskMeta<Encoded> {
  return {
    taskId,
    status: 'SUCCESS',
    result: encoded(result),
    traceback: null,
    children: [],
    dateDone: '2026-11-22T16:03:41.461970+00:00',
  };
}

export const NO_ROUTE = { replyTo: undefined, correlationId: undefined };

/** The result of a task, whenever it comes. */
export async function resultOf(backend: ResultBackend, taskId: string, timeoutMs = 25_000): Promise<unknown> {
  const signal = AbortSignal.timeout(timeoutMs);
  for await (const meta of backend.watch(taskId, { signal }))
    if (meta.status === 'SUCCESS') return meta.result;
  throw new Error(`No result of ${taskId} within ${timeoutMs} ms`);
}

export interface KeyVector {
  readonly id: string;
  readonly keys: Readonly<
    Record<string, { readonly type: string; readonly ttl: number; readonly value: unknown }>
  >;
  readonly key: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly body_raw: string;
  readonly ttl_after: number;
}

/** What was recorded from a running Celery. */
export function vectorsOf(file: string): readonly KeyVector[] {
  const text = readFileSync(new URL(`../../../test/wire/vectors/${file}.json`, import.meta.url), 'utf8');
  return (JSON.parse(text) as { readonly vectors: readonly KeyVector[] }).vectors;
}

export function vectorOf(file: string, id: string): KeyVector {
  const found = vectorsOf(file).find((each) => each.id === id);
  if (!found) throw new Error(`No vector ${id} in ${file}.json`);
  return found;
}

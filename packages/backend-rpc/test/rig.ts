import { readFileSync } from 'node:fs';
import { silentLogger, systemClock } from '@tq/core';
import type {
  BackendOptions,
  Channel,
  Delivery,
  Encoded,
  ResultBackend,
  TaskMeta,
  Transport,
} from '@tq/core';
import { memory } from '@tq/memory';
import { brokerThrough, uniqueName } from '@tq/testkit';
import { rpcBackend } from '../src/backend.ts';

/** A broker in this process, of one test. */
export function brokerUrl(): URL {
  return new URL(`memory://${uniqueName('rpc')}`);
}

export interface Caller extends AsyncDisposable {
  readonly backend: ResultBackend;
  readonly replyTo: string;
}

export async function open(
  url: URL,
  change: Partial<BackendOptions> & { readonly transport?: Transport } = {},
): Promise<Caller> {
  const broker = brokerThrough(change.transport ?? memory, url);
  const backend = await rpcBackend.connect(new URL('rpc://'), {
    logger: silentLogger,
    clock: systemClock,
    options: {},
    expiresMs: 86_400_000,
    timeoutMs: 4000,
    broker,
    ...change,
  });
  return {
    backend,
    replyTo: broker.replyTo,
    async [Symbol.asyncDispose]() {
      await backend[Symbol.asyncDispose]();
      await broker[Symbol.asyncDispose]();
    },
  };
}

/** A channel of nobody in particular. */
export async function channelTo(url: URL): Promise<Channel & { end(): Promise<void> }> {
  const connection = await memory.connect(url, {
    logger: silentLogger,
    clock: systemClock,
    options: {},
    timeoutMs: 4000,
  });
  const channel = await connection.openChannel();
  return Object.assign(channel, { end: () => connection.close() });
}

/** The next message of a queue. */
export function nextOf(channel: Channel, queue: string): Promise<Delivery> {
  return new Promise((resolve, reject) => {
    channel.consume(queue, resolve, { noAck: true }).catch(reject);
  });
}

export function meta(taskId: string, status: string, result: unknown): TaskMeta<Encoded> {
  return {
    taskId,
    status,
    result: JSON.stringify(result) as Encoded,
    traceback: null,
    children: [],
    dateDone: status === 'SUCCESS' ? '2026-11-22T16:03:41.461970+00:00' : null,
  };
}

export async function resultOf(backend: ResultBackend, taskId: string): Promise<unknown> {
  for await (const each of backend.watch(taskId, { signal: AbortSignal.timeout(20_000) }))
    if (each.status === 'SUCCESS') return each.result;
  throw new Error(`No result of ${taskId}`);
}

export interface ReplyVector {
  readonly id: string;
  readonly routing_key: string;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Readonly<Record<string, unknown>> & { readonly task_id: string; readonly status: string };
  readonly body_raw_base64: string;
}

/** What was recorded from a running Celery. */
export function vectorsOf(file: string): readonly ReplyVector[] {
  const text = readFileSync(new URL(`../../../test/wire/vectors/${file}.json`, import.meta.url), 'utf8');
  return (JSON.parse(text) as { readonly vectors: readonly ReplyVector[] }).vectors;
}

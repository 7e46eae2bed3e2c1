import type { TaskRequest } from './request.ts';
import type { Message } from './transport.ts';

/**
 * In-process signals (Celery's word), typed by this one map. Listeners are for watching: one that throws is logged and
 * never changes a task's fate.
 */
export interface HookEvents {
  beforeTaskPublish: { readonly task: string; readonly id: string; readonly message: Message };
  afterTaskPublish: { readonly task: string; readonly id: string };
  /** In the process that runs the task, right before it starts. */
  taskPrerun: { readonly request: TaskRequest };
  taskPostrun: { readonly request: TaskRequest; readonly state: string };
  taskSuccess: { readonly request: TaskRequest; readonly result: unknown };
  taskFailure: { readonly request: TaskRequest; readonly error: unknown };
  taskRetry: { readonly request: TaskRequest; readonly error: unknown };
  /** In the worker's main process. */
  taskReceived: { readonly request: TaskRequest };
  taskRejected: { readonly reason: string };
  taskRevoked: { readonly request: TaskRequest; readonly expired: boolean };
  workerInit: { readonly hostname: string };
  workerReady: { readonly hostname: string };
  workerShuttingDown: {
    readonly signal: string | undefined;
    readonly how: 'warm' | 'cold';
    readonly exitCode: number;
  };
  workerShutdown: { readonly hostname: string };
  /** In each child process or thread, after the app is loaded. */
  workerProcessInit: { readonly index: number };
}

/** Wraps the two moments where users need to change something. The first one added is the outermost. */
export interface Interceptor {
  publish?(call: PublishCall, next: (call: PublishCall) => Promise<void>): Promise<void>;
  execute?(request: TaskRequest, next: (request: TaskRequest) => Promise<unknown>): Promise<unknown>;
}

/** A message on its way to the broker; an interceptor may pass on another one. */
export interface PublishCall {
  readonly task: string;
  readonly id: string;
  readonly message: Message;
  readonly exchange: string;
  readonly routingKey: string;
}

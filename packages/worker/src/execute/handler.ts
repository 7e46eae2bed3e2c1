import { registerBuiltins } from '@tq/canvas';
import type { App, JobContext, JobHandler, Logger } from '@tq/core';
import { runTask } from '@tq/core/internal';
import type { ContextHost, RunInput } from '@tq/core/internal';
import { unpackPayload } from './payload.ts';
import type { Payload } from './payload.ts';

/** Runs what was packed for a process or thread of its own, there. */
export function childHandlerOf(app: App, hostname: string): JobHandler {
  registerBuiltins(app);
  return (payload, context) => run(app, unpackPayload(payload as Payload, hostname), context);
}

/** Runs what a pool in the worker's own process is given. */
export function handlerOf(app: App): JobHandler {
  registerBuiltins(app);
  return (payload, context) => run(app, payload as RunInput, context);
}

function run(app: App, input: RunInput, context: JobContext): ReturnType<JobHandler> {
  return runTask(app, input, context, new Host(context, input.request.task, input.request.id));
}

class Host implements ContextHost {
  readonly #context: JobContext;
  readonly #task: string;
  readonly #id: string;

  constructor(context: JobContext, task: string, id: string) {
    this.#context = context;
    this.#task = task;
    this.#id = id;
  }

  ask(question: unknown): Promise<unknown> {
    return this.#context.ask(question);
  }

  get logger(): Logger {
    return loggerOf(this.#context, { task: this.#task, id: this.#id });
  }
}

function loggerOf(context: JobContext, fields: Readonly<Record<string, unknown>>): Logger {
  return {
    debug: (message, more) => context.log('debug', message, { ...fields, ...more }),
    info: (message, more) => context.log('info', message, { ...fields, ...more }),
    warn: (message, more) => context.log('warn', message, { ...fields, ...more }),
    error: (message, more) => context.log('error', message, { ...fields, ...more }),
    child: (more) => loggerOf(context, { ...fields, ...more }),
  };
}

import { registerBuiltins } from '@tq/canvas';
import type { App, JobContext, JobHandler, Logger } from '@tq/core';
import { runTask } from '@tq/core/internal';
import type { ContextHost } from '@tq/core/internal';
import { unpackPayload } from './payload.ts';
import type { Payload } from './payload.ts';

/** Runs payloads with an app, in whatever process it is in. */
export function handlerOf(app: App, hostname: string): JobHandler {
  registerBuiltins(app);
  return (payload, context) => {
    const input = unpackPayload(payload as Payload, hostname);
    return runTask(app, input, context, new Host(context, input.request.task, input.request.id));
  };
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

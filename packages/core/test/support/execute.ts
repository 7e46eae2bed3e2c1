import { silentLogger } from '@tq/core';
import type { App, CallOptions, Outcome } from '@tq/core';
import { readRequest, runTask } from '@tq/core/internal';
import type { ContextHost, ContextQuestion, RunInput } from '@tq/core/internal';
import { prepareCall } from '../../src/call.ts';

export interface ExecuteOptions extends CallOptions {
  readonly signal?: AbortSignal;
  readonly host?: Partial<ContextHost>;
  readonly input?: Partial<RunInput>;
}

/** Runs one call of a registered task as a worker's child would. */
export async function execute(
  app: App,
  name: string,
  args: readonly unknown[] = [],
  { signal = new AbortController().signal, host, input, ...options }: ExecuteOptions = {},
): Promise<Outcome> {
  const { message } = prepareCall(name, app.tasks.get(name)?.definition, args, options, {
    config: app.config,
    serializers: app.serializers,
    nowMs: app.clock.now(),
    origin: 'gen1@test',
    replyTo: 'oid',
    parent: undefined,
  });
  const { contentType = '', contentEncoding = '' } = message.properties;
  const delivery = {
    message,
    queue: 'q',
    exchange: '',
    routingKey: 'q',
    redelivered: false,
    ack() {},
    reject() {},
  };
  const { compression } = message.headers;
  const whole: RunInput = {
    request: readRequest(delivery),
    body: message.body,
    contentType,
    contentEncoding,
    ...(typeof compression === 'string' ? { compression } : {}),
    properties: { ...message.properties },
    hostname: 'w1@test',
    wantRepr: false,
    ...input,
  };
  return runTask(app, whole, { signal }, { ask: () => Promise.resolve(), logger: silentLogger, ...host });
}

/** Notes what a running task asks of its worker. */
export function questions(): { readonly asked: ContextQuestion[]; readonly host: Partial<ContextHost> } {
  const asked: ContextQuestion[] = [];
  return { asked, host: { ask: async (question) => void asked.push(question) } };
}

import type { App } from './app.ts';
import { current, runInContext, TaskContext } from './context.ts';
import type { TaskDefinition } from './task-definition.ts';
import type { RunningRequest } from './types/request.ts';

/** Runs a bound task that is called as a function: no message, no worker, the caller's own process. */
export function callDirectly(app: App, definition: TaskDefinition, args: readonly unknown[]): unknown {
  const self = new TaskContext({
    app,
    definition,
    request: directRequest(definition.name, args),
    signal: current()?.signal ?? new AbortController().signal,
    host: { ask: () => Promise.resolve(), logger: app.logger.child({ task: definition.name }) },
    children: [],
    outer: current(),
  });
  const run = definition.run as (...all: readonly unknown[]) => unknown;
  return runInContext(self, () => {
    const result = run(self, ...args);
    return result instanceof Promise ? result.then((value) => thrown(self, value)) : thrown(self, result);
  });
}

/** What `self.retry()` and its like make means the same returned and thrown. */
function thrown(self: TaskContext, result: unknown): unknown {
  if (result instanceof Error && self.isVerdict(result)) throw result;
  return result;
}

function directRequest(task: string, args: readonly unknown[]): RunningRequest {
  return {
    id: '',
    task,
    shadow: null,
    rootId: '',
    parentId: null,
    group: null,
    groupIndex: null,
    retries: 0,
    etaMs: null,
    expiresMs: null,
    timeLimit: null,
    softTimeLimit: null,
    argsrepr: '',
    kwargsrepr: '',
    origin: null,
    lang: null,
    ignoreResult: null,
    replacedTaskNesting: 0,
    stampedHeaders: null,
    stamps: {},
    headers: {},
    deliveries: 1,
    deliveryInfo: { exchange: '', routingKey: '', priority: null, redelivered: false },
    replyTo: undefined,
    correlationId: undefined,
    priority: undefined,
    args,
    kwargs: {},
    properties: {},
    hostname: null,
    calledDirectly: true,
    isEager: false,
    children: [],
  };
}

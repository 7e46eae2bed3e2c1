import type { Inspect, Replies } from '@tq/core';

type Ask = (command: string, args: Readonly<Record<string, unknown>>) => Promise<Replies>;

/** The questions by name, each with its arguments as Celery has them. */
export function inspector(ask: Ask): Inspect {
  const put = async <T>(command: string, args: Readonly<Record<string, unknown>> = {}): Promise<Replies<T>> =>
    (await ask(command, args)) as Replies<T>;
  return {
    active: ({ safe = false } = {}) => put('active', { safe }),
    activeQueues: () => put('active_queues'),
    clock: () => put('clock'),
    conf: ({ withDefaults = false } = {}) => put('conf', { with_defaults: withDefaults }),
    memdump: ({ samples = 10 } = {}) => put('memdump', { samples }),
    memsample: () => put('memsample'),
    objgraph: ({ type = 'Request', num = 200, maxDepth = 10 } = {}) =>
      put('objgraph', { type, num, max_depth: maxDepth }),
    ping: () => put('ping'),
    queryTask: (...ids) => put('query_task', { ids }),
    registered: (...attributes) => put('registered', { taskinfoitems: attributes }),
    report: () => put('report'),
    reserved: () => put('reserved'),
    revoked: () => put('revoked'),
    scheduled: () => put('scheduled'),
    stats: () => put('stats'),
    ask: put,
  };
}

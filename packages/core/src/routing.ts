import type { Config } from './config.ts';
import { ImproperlyConfigured } from './errors.ts';
import { queueNamed } from './queues.ts';
import type { Queue } from './queues.ts';
import type { ExchangeType } from './types/transport.ts';

/** What decides where a message goes, and how urgent it is. */
export interface RouteOptions {
  readonly queue?: string;
  readonly exchange?: string;
  readonly exchangeType?: ExchangeType;
  readonly routingKey?: string;
  readonly priority?: number;
}

export type RouteFunction = (
  task: string,
  args: readonly unknown[],
  kwargs: Readonly<Record<string, unknown>>,
  options: RouteOptions,
) => RouteOptions | string | null | undefined;

type RouteTarget = RouteOptions | string;

/**
 * The setting `taskRoutes`: a map from task names (exact, or with `*` and `?`) to a queue or options, a function, a pair
 * of a regular expression and a target, or a list of these; the first that answers wins.
 */
export type TaskRoutes =
  | Readonly<Record<string, RouteTarget>>
  | RouteFunction
  | readonly (
      | Readonly<Record<string, RouteTarget>>
      | RouteFunction
      | readonly [RegExp | string, RouteTarget]
    )[];

/** Where a message goes: published to `address`; `queue` is declared first, where it is known. */
export interface Route {
  readonly exchange: string;
  readonly routingKey: string;
  readonly queue?: Queue;
  readonly exchangeType?: ExchangeType;
  readonly priority?: number;
}

/** Decides the destination of a call. Explicit options win over `taskRoutes`, those over the default queue. Spec: amqp.md. */
export function route(
  task: string,
  args: readonly unknown[],
  kwargs: Readonly<Record<string, unknown>>,
  options: RouteOptions,
  config: Config,
): Route {
  const routed =
    config.taskRoutes === null || options.queue !== undefined
      ? undefined
      : lookUp(config.taskRoutes, task, args, kwargs, options);
  const merged: RouteOptions = routed ? { ...routed, ...withoutUndefined(options) } : options;
  const priority = merged.priority ?? config.taskDefaultPriority ?? undefined;
  return { ...destination(merged, config), ...(priority === undefined ? {} : { priority }) };
}

function destination(options: RouteOptions, config: Config): Route {
  if (options.exchange !== undefined && options.queue === undefined) {
    return {
      exchange: options.exchange,
      routingKey: options.routingKey ?? config.taskDefaultRoutingKey ?? config.taskDefaultQueue,
      ...(options.exchangeType ? { exchangeType: options.exchangeType } : {}),
    };
  }
  const queue = queueNamed(options.queue ?? config.taskDefaultQueue, config);
  // Celery publishes to a direct queue through the nameless exchange: no binding can be missing.
  if (queue.exchangeType === 'direct' && options.exchange === undefined && options.routingKey === undefined) {
    return { exchange: '', routingKey: queue.name, queue };
  }
  return {
    exchange: options.exchange ?? queue.exchange,
    routingKey: options.routingKey ?? queue.routingKey,
    queue,
  };
}

function lookUp(
  routes: TaskRoutes,
  task: string,
  args: readonly unknown[],
  kwargs: Readonly<Record<string, unknown>>,
  options: RouteOptions,
): RouteOptions | undefined {
  for (const router of Array.isArray(routes) ? (routes as readonly unknown[]) : [routes]) {
    const target = ask(router, task, args, kwargs, options);
    if (target !== undefined && target !== null)
      return typeof target === 'string' ? { queue: target } : target;
  }
  return undefined;
}

function ask(
  router: unknown,
  task: string,
  args: readonly unknown[],
  kwargs: Readonly<Record<string, unknown>>,
  options: RouteOptions,
): RouteTarget | null | undefined {
  if (typeof router === 'function') return (router as RouteFunction)(task, args, kwargs, options);
  if (Array.isArray(router)) {
    const [pattern, target] = router as unknown as readonly [RegExp | string, RouteTarget];
    return matches(pattern, task) ? target : undefined;
  }
  if (typeof router === 'object' && router !== null) {
    const map = router as Readonly<Record<string, RouteTarget>>;
    if (Object.hasOwn(map, task)) return map[task];
    for (const pattern of Object.keys(map))
      if (/[*?]/.test(pattern) && matches(pattern, task)) return map[pattern];
    return undefined;
  }
  throw new ImproperlyConfigured(
    'The setting taskRoutes holds something that is neither a map, a function nor a pair of a pattern and a target.',
  );
}

function matches(pattern: RegExp | string, task: string): boolean {
  return typeof pattern === 'string'
    ? globExpression(pattern).test(task)
    : new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, '')).test(task);
}

const globs = new Map<string, RegExp>();

function globExpression(glob: string): RegExp {
  let expression = globs.get(glob);
  if (!expression) {
    const source = glob
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.');
    globs.set(glob, (expression = new RegExp(`^${source}$`, 's')));
  }
  return expression;
}

function withoutUndefined(options: RouteOptions): RouteOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

import type { Config } from './config.ts';
import { didYouMean } from './did-you-mean.ts';
import { ImproperlyConfigured } from './errors.ts';
import { queueNamed } from './queues.ts';
import type { Queue } from './queues.ts';
import type { ExchangeType } from './types/transport.ts';

/** What decides where a message goes, and how urgent it is. */
export interface RouteOptions {
  /** A queue; it is declared before the first message, with the exchange that feeds it. */
  readonly queue?: string;
  /** An exchange instead of a queue. */
  readonly exchange?: string;
  /** Given, the exchange is declared too. */
  readonly exchangeType?: ExchangeType;
  /** What the exchange sorts by; a direct queue needs none. */
  readonly routingKey?: string;
  /** 0 to 255 as the broker understands it: on RabbitMQ the larger, on Redis the smaller number is more urgent. */
  readonly priority?: number;
}

/** Says where a call goes: a queue, options, or nothing to leave it to the next. */
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

/**
 * Decides the destination of a call. A queue or exchange in the options wins over `taskRoutes`, those over the default
 * queue. Spec: amqp.md 2.
 */
export function route(
  task: string,
  args: readonly unknown[],
  kwargs: Readonly<Record<string, unknown>>,
  options: RouteOptions,
  config: Config,
): Route {
  const routed =
    config.taskRoutes === null ? undefined : lookUp(config.taskRoutes, task, args, kwargs, options);
  const isPlaced = options.queue !== undefined || options.exchange !== undefined;
  const merged: RouteOptions = routed && !isPlaced ? { ...routed, ...withoutUndefined(options) } : options;
  const priority = options.priority ?? routed?.priority ?? config.taskDefaultPriority ?? undefined;
  return { ...destination(merged, config), ...(priority === undefined ? {} : { priority }) };
}

function destination(options: RouteOptions, config: Config): Route {
  const { exchange, routingKey, exchangeType } = options;
  if (exchange !== undefined && options.queue === undefined) {
    return {
      exchange,
      routingKey: routingKey ?? config.taskDefaultRoutingKey ?? config.taskDefaultQueue,
      ...(exchangeType ? { exchangeType } : {}),
    };
  }
  const queue = queueNamed(options.queue ?? config.taskDefaultQueue, config);
  // Celery publishes to a direct queue through the nameless exchange, whatever one of the two says: no binding can be missing.
  if (
    (exchangeType ?? queue.exchangeType) === 'direct' &&
    (exchange === undefined || routingKey === undefined)
  )
    return { exchange: '', routingKey: queue.name, queue };
  return { exchange: exchange ?? queue.exchange, routingKey: routingKey ?? queue.routingKey, queue };
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
    if (target !== undefined && target !== null) return optionsOf(target, task);
  }
  return undefined;
}

const TARGET_KEYS = ['queue', 'exchange', 'exchangeType', 'routingKey', 'priority'];
const checkedTargets = new WeakSet<object>();

/** A mistyped key would send the call elsewhere without a word. */
function optionsOf(target: RouteTarget, task: string): RouteOptions {
  if (typeof target === 'string') return { queue: target };
  if (checkedTargets.has(target)) return target;
  const wrong = Object.keys(target).find((key) => !TARGET_KEYS.includes(key));
  if (wrong !== undefined) {
    const near = didYouMean(wrong.replaceAll('_', ''), TARGET_KEYS);
    throw new ImproperlyConfigured(
      `The setting taskRoutes has the unknown key ${JSON.stringify(wrong)} for ${task}.${near ? ` Did you mean ${near}?` : ''}`,
    );
  }
  checkedTargets.add(target);
  return target;
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
  const expression = typeof pattern === 'string' ? globExpression(pattern) : pattern;
  expression.lastIndex = 0; // of one with the flag g, which remembers where it stopped
  return expression.test(task);
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

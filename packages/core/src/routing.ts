import type { Config } from './config.ts';
import { didYouMean } from './did-you-mean.ts';
import { ImproperlyConfigured } from './errors.ts';
import { globExpression } from './glob.ts';
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

/** Where a call goes: a queue by its name, or options. */
export type RouteTarget = RouteOptions | string;

/** A router with a method, as libraries write them. */
export interface RouterObject {
  routeForTask(...call: Parameters<RouteFunction>): ReturnType<RouteFunction>;
}

/** A task name, exact or with `*`, `?` and `[…]`, or a regular expression; and where such tasks go. */
export type RoutePair = readonly [RegExp | string, RouteTarget];

/** Targets by name or pattern: exact names first, then patterns in their order. */
export type RouteMap =
  | Readonly<Record<string, RouteTarget>>
  | ReadonlyMap<RegExp | string, RouteTarget>
  | readonly RoutePair[];

/**
 * The setting `taskRoutes`: a map from task names (exact, or with `*`, `?` and `[…]`) to a queue or options, a function, a
 * pair of a regular expression and a target, or a list of these; the first that answers wins.
 */
export type TaskRoutes =
  | RouteMap
  | RouteFunction
  | RouterObject
  | readonly (RouteMap | RouteFunction | RouterObject | RoutePair)[];

/** Where a message goes: published to `address`; `queue` is declared first, where it is known. */
export interface Route {
  readonly exchange: string;
  readonly routingKey: string;
  readonly queue?: Queue;
  readonly exchangeType?: ExchangeType;
  readonly priority?: number;
  /** Persistence that the queue asks for. */
  readonly deliveryMode?: 1 | 2;
}

/**
 * Decides the destination of a call. What its options say (the call's own, then the task's) wins over `taskRoutes`, those over
 * the default queue. Spec: amqp.md 2.
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
  const merged = routed ? { ...besides(routed, options), ...withoutUndefined(options) } : options;
  const priority = options.priority ?? routed?.priority ?? config.taskDefaultPriority ?? undefined;
  return { ...destination(merged, config), ...(priority === undefined ? {} : { priority }) };
}

/** Whether all calls of a task go the same way, as far as this setting says: unless a function is asked. */
export function dependsOnNameAlone(routes: TaskRoutes | null): boolean {
  if (routes === null) return true;
  const routers: readonly unknown[] = Array.isArray(routes) ? routes : [routes];
  return routers.every((each) => typeof each === 'object' && each !== null && !('routeForTask' in each));
}

/** What is left of a route for a call that names a queue or an exchange itself: the other one would lead it away. */
function besides(routed: RouteOptions, { queue, exchange }: RouteOptions): RouteOptions {
  if (queue === undefined && exchange === undefined) return routed;
  const { queue: _queue, exchange: routedExchange, exchangeType: _type, routingKey, ...others } = routed;
  const keeps = routingKey !== undefined && routedExchange === undefined && exchange === undefined;
  return keeps ? { ...others, routingKey } : others;
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
  return {
    ...addressIn(queue, options),
    queue,
    ...(queue.deliveryMode === undefined ? {} : { deliveryMode: queue.deliveryMode }),
  };
}

/** Celery publishes to a direct queue through the nameless exchange, whatever one of the two says: no binding can be missing. */
function addressIn(
  queue: Queue,
  { exchange, routingKey, exchangeType }: RouteOptions,
): Pick<Route, 'exchange' | 'routingKey'> {
  const isDirect = (exchangeType ?? queue.exchangeType) === 'direct' && !queue.broadcast;
  if (isDirect && (!exchange || !routingKey)) return { exchange: '', routingKey: queue.name };
  return { exchange: exchange ?? queue.exchange, routingKey: routingKey ?? queue.routingKey };
}

type Call = Parameters<RouteFunction>;

function lookUp(routes: TaskRoutes, ...call: Call): RouteOptions | undefined {
  for (const router of Array.isArray(routes) ? (routes as readonly unknown[]) : [routes]) {
    const target = ask(router, call);
    if (target !== undefined && target !== null) return optionsOf(target, call[0]);
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

function ask(router: unknown, call: Call): RouteTarget | null | undefined {
  if (typeof router === 'function') return (router as RouteFunction)(...call);
  if (typeof router !== 'object' || router === null) throw noRouter();
  if ('routeForTask' in router && typeof router.routeForTask === 'function')
    return (router as RouterObject).routeForTask(...call);
  return among(pairsOf(router), call[0]);
}

/** Exact names first, then patterns in their order. */
function among(pairs: readonly RoutePair[], task: string): RouteTarget | undefined {
  return (
    pairs.find(([pattern]) => pattern === task)?.[1] ??
    pairs.find(([pattern]) => isPattern(pattern) && matches(pattern, task))?.[1]
  );
}

const pairsIn = new WeakMap<object, readonly RoutePair[]>();

/** A map in any of its forms: an object, a Map, a lone pair or a list of pairs. */
function pairsOf(map: object): readonly RoutePair[] {
  let pairs = pairsIn.get(map);
  if (!pairs) pairsIn.set(map, (pairs = readPairs(map)));
  return pairs;
}

function readPairs(map: object): readonly RoutePair[] {
  if (map instanceof Map) return [...(map as ReadonlyMap<RegExp | string, RouteTarget>)];
  if (!Array.isArray(map)) return Object.entries(map as Readonly<Record<string, RouteTarget>>);
  if (isPair(map)) return [map];
  if (map.every(isPair)) return map as readonly RoutePair[];
  throw noRouter();
}

function isPair(value: unknown): value is RoutePair {
  if (!Array.isArray(value) || value.length !== 2) return false;
  const [pattern, target] = value as readonly unknown[];
  const hasTarget = typeof target === 'string' || (typeof target === 'object' && !Array.isArray(target));
  return (typeof pattern === 'string' || pattern instanceof RegExp) && hasTarget;
}

function isPattern(pattern: RegExp | string): boolean {
  return typeof pattern !== 'string' || /[*?[]/.test(pattern);
}

function noRouter(): ImproperlyConfigured {
  return new ImproperlyConfigured(
    'The setting taskRoutes holds something that is neither a map, a function nor a pair of a pattern and a target.',
  );
}

function matches(pattern: RegExp | string, task: string): boolean {
  const expression = typeof pattern === 'string' ? globExpression(pattern) : pattern;
  expression.lastIndex = 0; // of one with the flag g, which remembers where it stopped
  return expression.test(task);
}

function withoutUndefined(options: RouteOptions): RouteOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

import { randomUUID } from 'node:crypto';
import { signatureData, signatureList } from './call-options.ts';
import type { CallOptions } from './call-options.ts';
import type { Config } from './config.ts';
import type { TaskContext } from './context.ts';
import { dateMs, durationMs, durationSeconds, instantMs } from './duration.ts';
import type { Duration } from './duration.ts';
import { encodeCall } from './message/encode-call.ts';
import type { OutgoingTask } from './message/protocol2.ts';
import { argsRepr, kwargsRepr } from './message/repr.ts';
import type { PublishPlan } from './producer.ts';
import { deliveryModeNumber } from './queue-definition.ts';
import { dependsOnNameAlone, route } from './routing.ts';
import type { Route, RouteOptions } from './routing.ts';
import type { Serializers } from './serialize/registry.ts';
import type { TaskDefinition } from './task-definition.ts';
import type { Embed } from './types/pool.ts';
import type { SignatureData } from './types/signature.ts';
import type { Message } from './types/transport.ts';

/** A call ready to be published. */
export interface PreparedCall {
  readonly id: string;
  readonly task: string;
  readonly message: Message;
  readonly route: Route;
  readonly plan: PublishPlan;
  readonly ignoreResult: boolean;
}

/** What a call needs to know of the process that makes it. */
export interface CallSurroundings {
  readonly config: Config;
  readonly serializers: Serializers;
  readonly nowMs: number;
  /** Who sends: `gen<pid>@<host>`. */
  readonly origin: string;
  /** Where replies go, for backends that answer by message. */
  readonly replyTo: string;
  /** The task inside of which the call is made. */
  readonly parent: TaskContext | undefined;
}

const NO_STAMPS: Readonly<Record<string, unknown>> = Object.freeze({});
const NO_KWARGS: Readonly<Record<string, unknown>> = Object.freeze({});

/** Everything about a call but sending it: ids, times, destination, bytes. Options: task < call. */
export function prepareCall(
  name: string,
  definition: TaskDefinition | undefined,
  args: readonly unknown[],
  options: CallOptions,
  around: CallSurroundings,
): PreparedCall {
  const { config, parent, nowMs } = around;
  const own = definition?.options;
  const kwargs = options.kwargs ?? NO_KWARGS;
  const etaMs = earliestStart(options, nowMs);
  const expires = options.expires ?? own?.expires;
  const expiresMs = expires === undefined ? null : instantMs(expires, nowMs, 'expires');
  const routed = routeOfCall(name, definition, args, kwargs, options, config);
  const inherited = config.taskInheritParentPriority ? parent?.request.priority : undefined;
  const call = outgoing({ name, definition, args, kwargs, options, around, etaMs, expiresMs });
  return {
    id: call.id,
    task: name,
    message: encodeCall(call, {
      serializer: options.serializer ?? own?.serializer ?? config.taskSerializer,
      compression: compressionOf(options, own, config),
      deliveryMode: deliveryModeNumber(
        options.deliveryMode ?? own?.deliveryMode ?? routed.deliveryMode ?? config.taskDefaultDeliveryMode,
      ),
      priority: routed.priority ?? inherited ?? 0,
      replyTo: options.replyTo ?? around.replyTo,
      expiration: brokerLife(options, expiresMs, nowMs),
      maxBytes: config.maxMessageBytes,
      protocol: config.taskProtocol,
      serializers: around.serializers,
    }),
    route: routed,
    plan: publishPlan(options, config, etaMs),
    ignoreResult: call.ignoreResult,
  };
}

/**
 * After which RabbitMQ drops the message where it lies, as for Celery: milliseconds as text. A part of a work-flow must not vanish
 * so: what comes after it would wait for ever. A worker drops it, and gives it an end. Spec: amqp.md, trap 9.
 */
function brokerLife(options: CallOptions, expiresMs: number | null, nowMs: number): string | undefined {
  const isPart = options.groupId !== undefined || options.chain !== undefined || options.chord !== undefined;
  if (expiresMs === null || isPart) return undefined;
  return String(Math.max(0, Math.trunc(expiresMs - nowMs)));
}

/** A map goes where the task goes that it maps. */
function routedName(name: string, kwargs: Readonly<Record<string, unknown>>): string {
  if (name !== 'celery.map' && name !== 'celery.starmap') return name;
  const mapped = kwargs['task'] as Partial<SignatureData> | undefined;
  return mapped?.task ?? name;
}

interface CallParts {
  readonly name: string;
  readonly definition: TaskDefinition | undefined;
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Record<string, unknown>>;
  readonly options: CallOptions;
  readonly around: CallSurroundings;
  readonly etaMs: number | null;
  readonly expiresMs: number | null;
}

/** The fields of the message. */
function outgoing(parts: CallParts): OutgoingTask {
  const { name, definition, args, kwargs, options, around } = parts;
  const { config, parent } = around;
  const own = definition?.options;
  const id = options.taskId ?? randomUUID();
  const { stamps } = options;
  return {
    id,
    task: name,
    args,
    kwargs,
    embed: embedOf(options),
    shadow: options.shadow ?? shadowOf(definition, args, kwargs),
    etaMs: parts.etaMs,
    expiresMs: parts.expiresMs,
    group: options.groupId ?? null,
    groupIndex: options.groupIndex ?? null,
    retries: options.retries ?? 0,
    timeLimit: seconds(options.timeLimit ?? own?.timeLimit, 'timeLimit'),
    softTimeLimit: seconds(options.softTimeLimit ?? own?.softTimeLimit, 'softTimeLimit'),
    rootId: options.rootId ?? parent?.request.rootId ?? id,
    parentId: options.parentId ?? parent?.request.id ?? null,
    argsrepr: options.argsrepr ?? argsRepr(args),
    kwargsrepr: options.kwargsrepr ?? (kwargs === NO_KWARGS ? '{}' : kwargsRepr(kwargs)),
    origin: options.origin ?? around.origin,
    // Of a task that isn't known here, its worker's own setting can't be known either.
    ignoreResult: options.ignoreResult ?? own?.ignoreResult ?? (definition ? config.taskIgnoreResult : false),
    replacedTaskNesting: options.replacedTaskNesting ?? 0,
    stampedHeaders: options.stampedHeaders ?? (stamps ? Object.keys(stamps) : null),
    stamps: stamps ?? NO_STAMPS,
    headers: options.headers,
  };
}

function earliestStart({ countdown, eta }: CallOptions, nowMs: number): number | null {
  if (countdown === undefined) return eta === undefined ? null : dateMs(eta, 'eta');
  // Without a wait there's no ETA, as in Celery: the worker's clock may be behind.
  if (durationMs(countdown, 'countdown') <= 0) return null;
  return Math.round(instantMs(durationSeconds(countdown, 'countdown'), nowMs, 'countdown'));
}

function routeOfCall(
  name: string,
  definition: TaskDefinition | undefined,
  args: readonly unknown[],
  kwargs: Readonly<Record<string, unknown>>,
  options: CallOptions,
  config: Config,
): Route {
  const own = definition ? routeOf(definition.options) : NO_ROUTE;
  const asked = callRoute(options);
  const target = routedName(name, kwargs);
  const isUsual =
    definition && asked === NO_ROUTE && target === name && dependsOnNameAlone(config.taskRoutes);
  if (!isUsual) return route(target, args, kwargs, { ...own, ...asked }, config);
  const { routes } = usualOf(config);
  let usual = routes.get(definition);
  if (!usual) routes.set(definition, (usual = route(name, args, kwargs, own, config)));
  return usual;
}

function callRoute(options: CallOptions): RouteOptions {
  const { exchangeType } = options;
  return exchangeType === undefined ? routeOf(options) : { ...routeOf(options), exchangeType };
}

const NO_ROUTE: RouteOptions = Object.freeze({});

/** What is given of these; most calls give nothing. */
function routeOf({ queue, exchange, routingKey, priority }: RouteOptions): RouteOptions {
  if (queue === undefined && exchange === undefined && routingKey === undefined && priority === undefined)
    return NO_ROUTE;
  return {
    ...(queue === undefined ? {} : { queue }),
    ...(exchange === undefined ? {} : { exchange }),
    ...(routingKey === undefined ? {} : { routingKey }),
    ...(priority === undefined ? {} : { priority }),
  };
}

function compressionOf(
  options: CallOptions,
  own: TaskDefinition['options'] | undefined,
  config: Config,
): string | null {
  return options.compression === undefined
    ? (own?.compression ?? config.taskCompression)
    : options.compression;
}

const NO_EMBED: Embed = Object.freeze({});

function embedOf({ link, linkError, chain, chord }: CallOptions): Embed {
  if (link === undefined && linkError === undefined && chain === undefined && chord === undefined)
    return NO_EMBED;
  return {
    callbacks: signatureList(link) ?? null,
    errbacks: signatureList(linkError) ?? null,
    chain: signatureList(chain) ?? null,
    chord: chord === undefined ? null : signatureData(chord),
  };
}

function shadowOf(
  definition: TaskDefinition | undefined,
  args: readonly unknown[],
  kwargs: Readonly<Record<string, unknown>>,
): string | null {
  const shadow = definition?.options.shadow;
  return (typeof shadow === 'function' ? shadow(args, kwargs) : shadow) ?? null;
}

function seconds(value: Duration | undefined, what: string): number | null {
  return value === undefined ? null : durationSeconds(value, what);
}

function publishPlan(options: CallOptions, config: Config, etaMs: number | null): PublishPlan {
  const { publishTimeout, retry, retryPolicy } = options;
  const isUsual = publishTimeout === undefined && retry === undefined && retryPolicy === undefined;
  const plan = isUsual ? usualOf(config).plan : planOf(options, config);
  return etaMs === null ? plan : { ...plan, notBeforeMs: etaMs };
}

function planOf(options: CallOptions, config: Config): PublishPlan {
  const retries = options.retry ?? config.taskPublishRetry;
  return {
    timeoutMs: durationMs(options.publishTimeout ?? config.publishTimeout, 'publishTimeout'),
    retry: retries ? { ...config.taskPublishRetryPolicy, ...options.retryPolicy } : undefined,
    notBeforeMs: undefined,
  };
}

/** What calls without options have in common: made once for a configuration, which doesn't change. */
interface Usual {
  readonly plan: PublishPlan;
  readonly routes: WeakMap<TaskDefinition, Route>;
}

const usuals = new WeakMap<Config, Usual>();

function usualOf(config: Config): Usual {
  let usual = usuals.get(config);
  if (!usual) usuals.set(config, (usual = { plan: planOf({}, config), routes: new WeakMap() }));
  return usual;
}

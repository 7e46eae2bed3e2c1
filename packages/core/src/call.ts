import { randomUUID } from 'node:crypto';
import { signatureData, signatureList } from './call-options.ts';
import type { CallOptions } from './call-options.ts';
import type { Config } from './config.ts';
import type { TaskContext } from './context.ts';
import { durationMs, durationSeconds, instantMs } from './duration.ts';
import type { Duration } from './duration.ts';
import { EncodeError, ImproperlyConfigured } from './errors.ts';
import { formatIso } from './message/dates.ts';
import { taskBody, taskHeaders } from './message/protocol2.ts';
import type { OutgoingTask } from './message/protocol2.ts';
import { argsRepr, kwargsRepr } from './message/repr.ts';
import type { PublishPlan } from './producer.ts';
import { route } from './routing.ts';
import type { Route } from './routing.ts';
import { compress } from './serialize/compress.ts';
import { encodeJson } from './serialize/json.ts';
import type { Serializers } from './serialize/registry.ts';
import type { TaskDefinition } from './task-definition.ts';
import type { Embed } from './types/pool.ts';
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

const NO_KWARGS: Readonly<Record<string, unknown>> = Object.freeze({});
const NO_EMBED_TEXT = '{"callbacks": null, "errbacks": null, "chain": null, "chord": null}';

/** Everything about a call but sending it: ids, times, destination, bytes. Options: task < call. */
export function prepareCall(
  name: string,
  definition: TaskDefinition | undefined,
  args: readonly unknown[],
  options: CallOptions,
  around: CallSurroundings,
): PreparedCall {
  const { config, parent } = around;
  const own = definition?.options;
  const kwargs = options.kwargs ?? NO_KWARGS;
  const id = options.taskId ?? randomUUID();
  const etaMs = earliestStart(options, around.nowMs);
  const expires = options.expires ?? own?.expires;
  const expiresMs = expires === undefined ? undefined : instantMs(expires, around.nowMs, 'expires');
  const routed = route(name, args, kwargs, { ...taskRoute(own), ...callRoute(options) }, config);
  const priority =
    routed.priority ??
    own?.priority ??
    (config.taskInheritParentPriority ? parent?.request.priority : undefined);
  const ignoreResult =
    options.ignoreResult ?? own?.ignoreResult ?? (definition ? config.taskIgnoreResult : false);
  const call: OutgoingTask = {
    id,
    task: name,
    args,
    kwargs,
    embed: embedOf(options),
    shadow: options.shadow ?? shadowOf(definition, args, kwargs),
    etaMs,
    eta: typeof options.eta === 'string' ? options.eta : null,
    expires:
      typeof expires === 'string' && expiresMs !== undefined && /^\d{4}-?\d\d/.test(expires)
        ? expires
        : expiresMs === undefined
          ? null
          : formatIso(expiresMs),
    group: options.groupId ?? null,
    groupIndex: options.groupIndex ?? null,
    retries: options.retries ?? 0,
    timeLimit: seconds(options.timeLimit ?? own?.timeLimit, 'timeLimit'),
    softTimeLimit: seconds(options.softTimeLimit ?? own?.softTimeLimit, 'softTimeLimit'),
    rootId: options.rootId ?? parent?.request.rootId ?? id,
    parentId: options.parentId ?? parent?.request.id ?? null,
    argsrepr: options.argsrepr ?? argsRepr(args),
    kwargsrepr: options.kwargsrepr ?? kwargsRepr(kwargs),
    origin: options.origin ?? around.origin,
    ignoreResult,
    replacedTaskNesting: options.replacedTaskNesting ?? 0,
    stampedHeaders: options.stampedHeaders ?? null,
    stamps: options.stamps ?? {},
    headers: options.headers,
  };
  return {
    id,
    task: name,
    message: encodeCall(call, {
      serializer: options.serializer ?? own?.serializer ?? config.taskSerializer,
      compression:
        options.compression === undefined
          ? (own?.compression ?? config.taskCompression)
          : options.compression,
      deliveryMode: deliveryMode(options.deliveryMode ?? own?.deliveryMode ?? config.taskDefaultDeliveryMode),
      priority: priority ?? 0,
      replyTo: options.replyTo ?? around.replyTo,
      expiration:
        expiresMs === undefined ? undefined : String(Math.max(0, Math.trunc(expiresMs - around.nowMs))),
      maxBytes: config.maxMessageBytes,
      serializers: around.serializers,
    }),
    route: routed,
    plan: publishPlan(options, config, etaMs),
    ignoreResult,
  };
}

interface EncodeOptions {
  readonly serializer: string;
  readonly compression: string | null | undefined;
  readonly deliveryMode: number;
  readonly priority: number;
  readonly replyTo: string;
  readonly expiration: string | undefined;
  readonly maxBytes: number;
  readonly serializers: Serializers;
}

function encodeCall(call: OutgoingTask, options: EncodeOptions): Message {
  const serializer = options.serializers.forSending(options.serializer);
  let body = serializer.name === 'json' ? Buffer.from(jsonBody(call)) : serializer.encode(taskBody(call));
  const headers = taskHeaders(call);
  if (options.compression) {
    const compressed = compress(options.compression, body);
    headers['compression'] = compressed.header;
    body = compressed.bytes;
  }
  if (body.byteLength > options.maxBytes) throw tooLarge(call, body.byteLength, options.maxBytes);
  return {
    body,
    headers,
    properties: {
      contentType: serializer.contentType,
      contentEncoding: serializer.contentEncoding,
      deliveryMode: options.deliveryMode,
      priority: options.priority,
      correlationId: call.id,
      replyTo: options.replyTo,
      ...(options.expiration === undefined ? {} : { expiration: options.expiration }),
    },
  };
}

/** In parts, so that what can't travel is named as the caller knows it: `args[0].when`. */
function jsonBody(call: OutgoingTask): string {
  const { callbacks, errbacks, chain, chord } = call.embed;
  const embed =
    callbacks || errbacks || chain || chord ? encodeJson(taskBody(call)[2], 'embed') : NO_EMBED_TEXT;
  return `[${encodeJson(call.args, 'args')}, ${encodeJson(call.kwargs, 'kwargs')}, ${embed}]`;
}

function tooLarge(call: OutgoingTask, bytes: number, most: number): EncodeError {
  const parts = [
    ...call.args.map((value, index) => [`args[${index}]`, value] as const),
    ...Object.entries(call.kwargs).map(([key, value]) => [`kwargs.${key}`, value] as const),
  ];
  const sizes = parts
    .map(([path, value]) => [path, encodeJson(value, path).length] as const)
    .sort((a, b) => b[1] - a[1]);
  const [path, size] = sizes[0] ?? ['args', bytes];
  return new EncodeError(
    path,
    `The message for ${call.task} has ${bytes} bytes, over maxMessageBytes (${most}); its largest part is ${path} with ${size}. Store the data elsewhere and send a reference, or compress it.`,
  );
}

function earliestStart(options: CallOptions, nowMs: number): number | null {
  if (options.countdown !== undefined) return Math.round(nowMs + durationMs(options.countdown, 'countdown'));
  if (options.eta === undefined) return null;
  if (typeof options.eta === 'string' && !/^\d{4}/.test(options.eta))
    throw new ImproperlyConfigured(
      `eta must be a Date or an ISO 8601 time, not ${JSON.stringify(options.eta)}; a wait is given as countdown.`,
    );
  return instantMs(options.eta, nowMs, 'eta');
}

function taskRoute(own: TaskDefinition['options'] | undefined): object {
  if (own?.queue === undefined && own?.exchange === undefined && own?.routingKey === undefined)
    return NO_KWARGS;
  return {
    ...(own.queue === undefined ? {} : { queue: own.queue }),
    ...(own.exchange === undefined ? {} : { exchange: own.exchange }),
    ...(own.routingKey === undefined ? {} : { routingKey: own.routingKey }),
  };
}

function callRoute({ queue, exchange, exchangeType, routingKey, priority }: CallOptions): object {
  return {
    ...(queue === undefined ? {} : { queue }),
    ...(exchange === undefined ? {} : { exchange }),
    ...(exchangeType === undefined ? {} : { exchangeType }),
    ...(routingKey === undefined ? {} : { routingKey }),
    ...(priority === undefined ? {} : { priority }),
  };
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

function deliveryMode(mode: 1 | 2 | 'transient' | 'persistent'): 1 | 2 {
  return mode === 1 || mode === 'transient' ? 1 : 2;
}

function publishPlan(options: CallOptions, config: Config, etaMs: number | null): PublishPlan {
  const retries = options.retry ?? config.taskPublishRetry;
  return {
    timeoutMs: durationMs(options.publishTimeout ?? config.publishTimeout, 'publishTimeout'),
    retry: retries ? { ...config.taskPublishRetryPolicy, ...options.retryPolicy } : undefined,
    notBeforeMs: etaMs ?? undefined,
  };
}

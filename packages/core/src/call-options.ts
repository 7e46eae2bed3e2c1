import type { Duration, Instant } from './duration.ts';
import type { RouteOptions } from './routing.ts';
import type { PublishRetryPolicy } from './settings.ts';
import type { SignatureData } from './types/signature.ts';

/** Anything that stands for a signature: one made by `s()`, or its data. */
export type SignatureLike = SignatureData | { toJSON(): SignatureData };

/** How one call is sent and run. Celery's apply_async options in camelCase. Spec: message.md 2. */
export interface CallOptions extends RouteOptions {
  readonly kwargs?: Readonly<Record<string, unknown>>;
  /** Run at the earliest after this long. */
  readonly countdown?: Duration;
  /** Run at the earliest then. */
  readonly eta?: Date | string;
  /** Don't start after this. */
  readonly expires?: Instant;
  /** @default a new UUID */
  readonly taskId?: string;
  /** Run these when the task succeeds, with its result in front of their arguments. */
  readonly link?: SignatureLike | readonly SignatureLike[];
  /** Run these when the task fails. */
  readonly linkError?: SignatureLike | readonly SignatureLike[];
  /** Extra message headers; the task sees them as `self.request.headers`. */
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly serializer?: string;
  readonly compression?: string | null;
  readonly shadow?: string;
  /** Hard limit. */
  readonly timeLimit?: Duration;
  /** Soft limit. */
  readonly softTimeLimit?: Duration;
  readonly ignoreResult?: boolean;
  /** Publish again when the connection drops. @default the setting taskPublishRetry */
  readonly retry?: boolean;
  readonly retryPolicy?: PublishRetryPolicy;
  /** Longest life of this call's publishing. @default the setting publishTimeout */
  readonly publishTimeout?: Duration;
  readonly deliveryMode?: 1 | 2 | 'transient' | 'persistent';
  readonly replyTo?: string;
  readonly rootId?: string;
  readonly parentId?: string;
  readonly groupId?: string;
  readonly groupIndex?: number;
  readonly chord?: SignatureLike;
  /** Remaining steps, reversed: the last one is next. */
  readonly chain?: readonly SignatureLike[];
  readonly argsrepr?: string;
  readonly kwargsrepr?: string;
  readonly origin?: string;
  readonly retries?: number;
  /** Count this call among the children of the task that makes it. @default true */
  readonly addToParent?: boolean;
  readonly replacedTaskNesting?: number;
  readonly stampedHeaders?: readonly string[];
  readonly stamps?: Readonly<Record<string, unknown>>;
}

/** The options' names in a signature on the wire. Spec: canvas.md 1. */
const WIRE_NAMES: Readonly<Record<string, keyof CallOptions>> = {
  countdown: 'countdown',
  eta: 'eta',
  expires: 'expires',
  task_id: 'taskId',
  link: 'link',
  link_error: 'linkError',
  headers: 'headers',
  serializer: 'serializer',
  compression: 'compression',
  shadow: 'shadow',
  time_limit: 'timeLimit',
  soft_time_limit: 'softTimeLimit',
  ignore_result: 'ignoreResult',
  retry: 'retry',
  retry_policy: 'retryPolicy',
  publish_timeout: 'publishTimeout',
  delivery_mode: 'deliveryMode',
  reply_to: 'replyTo',
  root_id: 'rootId',
  parent_id: 'parentId',
  group_id: 'groupId',
  group_index: 'groupIndex',
  chord: 'chord',
  chain: 'chain',
  argsrepr: 'argsrepr',
  kwargsrepr: 'kwargsrepr',
  origin: 'origin',
  retries: 'retries',
  add_to_parent: 'addToParent',
  replaced_task_nesting: 'replacedTaskNesting',
  stamped_headers: 'stampedHeaders',
  stamps: 'stamps',
  queue: 'queue',
  exchange: 'exchange',
  exchange_type: 'exchangeType',
  routing_key: 'routingKey',
  priority: 'priority',
};

const TO_WIRE = new Map(Object.entries(WIRE_NAMES).map(([wire, name]) => [name as string, wire]));

/** Options as they stand in a signature; nothing is lost that a peer put there. */
export function optionsToWire(options: CallOptions): Record<string, unknown> {
  const wire: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined || name === 'kwargs') continue;
    wire[TO_WIRE.get(name) ?? name] =
      name === 'link' || name === 'linkError' ? signatureList(value as CallOptions['link']) : value;
  }
  return wire;
}

/** Options of a signature; null means not given (spec: canvas.md 1.2), unknown names are left out. */
export function optionsFromWire(wire: Readonly<Record<string, unknown>> | undefined): CallOptions {
  const options: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(wire ?? {})) {
    const name = WIRE_NAMES[key];
    if (name !== undefined && value !== null && value !== undefined) options[name] = value;
  }
  return options as CallOptions;
}

/** One signature or several, as plain data. */
export function signatureList(
  given: SignatureLike | readonly SignatureLike[] | undefined,
): readonly SignatureData[] | undefined {
  if (given === undefined) return undefined;
  const list = Array.isArray(given) ? (given as readonly SignatureLike[]) : [given as SignatureLike];
  return list.map(signatureData);
}

export function signatureData(signature: SignatureLike): SignatureData {
  return 'data' in signature
    ? (signature.data as SignatureData)
    : 'task' in signature
      ? signature
      : signature.toJSON();
}

import { durationSeconds, isDuration } from './duration.ts';
import type { Duration, Instant } from './duration.ts';
import { ImproperlyConfigured } from './errors.ts';
import { policyFromWire, policyToWire } from './publish-retry.ts';
import type { RouteOptions } from './routing.ts';
import type { PublishRetryPolicy } from './settings.ts';
import type { SignatureData } from './types/signature.ts';

/** Anything that stands for a signature: one made by `s()`, or its data. */
export type SignatureLike = SignatureData | { toJSON(): SignatureData };

/** How one call is sent and run. Celery's apply_async options in camelCase. Spec: message.md 2. */
export interface CallOptions extends RouteOptions {
  /** Keyword arguments: they fill the parameters that the task names; the rest arrives as one trailing object. */
  readonly kwargs?: Readonly<Record<string, unknown>>;
  /** Run at the earliest after this long. */
  readonly countdown?: Duration;
  /** Run at the earliest then; a text is ISO 8601. */
  readonly eta?: Date | string;
  /** Don't start after this. */
  readonly expires?: Instant;
  /** @default a new UUID */
  readonly taskId?: string;
  /** Run these when the task succeeds, with its result in front of their arguments. */
  readonly link?: SignatureLike | readonly SignatureLike[];
  /** Run these when the task fails, with its id in front of their arguments, or with the failure: see `Signature.linkError()`. */
  readonly linkError?: SignatureLike | readonly SignatureLike[];
  /** Extra message headers; the task sees them as `self.request.headers`. */
  readonly headers?: Readonly<Record<string, unknown>>;
  /** @default the task's, else the setting taskSerializer */
  readonly serializer?: string;
  /** null = none. @default the task's, else the setting taskCompression */
  readonly compression?: string | null;
  /** Display name in logs and monitors instead of the task's. */
  readonly shadow?: string;
  /** Hard limit. @default the task's */
  readonly timeLimit?: Duration;
  /** Soft limit. @default the task's */
  readonly softTimeLimit?: Duration;
  /** Don't keep the result. @default the task's, else the setting taskIgnoreResult */
  readonly ignoreResult?: boolean;
  /** Publish again when the connection drops. @default the setting taskPublishRetry */
  readonly retry?: boolean;
  /** How; what is left out is as in the setting. @default the setting taskPublishRetryPolicy */
  readonly retryPolicy?: PublishRetryPolicy;
  /** Longest life of this call's publishing. @default the setting publishTimeout */
  readonly publishTimeout?: Duration;
  /** @default the task's, else the setting taskDefaultDeliveryMode */
  readonly deliveryMode?: 1 | 2 | 'transient' | 'persistent';
  /** Where backends that answer by message send the result. @default this process */
  readonly replyTo?: string;
  /** First task of the workflow. @default that of the calling task, else this one */
  readonly rootId?: string;
  /** The task that calls. @default the one in which the call is made */
  readonly parentId?: string;
  readonly groupId?: string;
  /** Position in the group. */
  readonly groupIndex?: number;
  /** Body of the chord of whose header the call is a member. */
  readonly chord?: SignatureLike;
  /** Remaining steps, reversed: the last one is next. */
  readonly chain?: readonly SignatureLike[];
  /** Shown in logs and monitors instead of the arguments. */
  readonly argsrepr?: string;
  /** Shown in logs and monitors instead of the keyword arguments. */
  readonly kwargsrepr?: string;
  /** Who sends. @default gen<pid>@<host> */
  readonly origin?: string;
  /** Retries so far. @default 0 */
  readonly retries?: number;
  /** Count this call among the children of the task that makes it. @default true */
  readonly addToParent?: boolean;
  readonly replacedTaskNesting?: number;
  /** Which of the stamps are passed on. @default all */
  readonly stampedHeaders?: readonly string[];
  /** Marks on the call, by name; workers can revoke by them. */
  readonly stamps?: Readonly<Record<string, unknown>>;
}

/** The options' names in a signature on the wire. Stamps stand there under their own names. Spec: canvas.md 1 and 9. */
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
  queue: 'queue',
  exchange: 'exchange',
  exchange_type: 'exchangeType',
  routing_key: 'routingKey',
  priority: 'priority',
};

const TO_WIRE = new Map(Object.entries(WIRE_NAMES).map(([wire, name]) => [name as string, wire]));

/** Every option that a call takes. */
export const KNOWN_OPTIONS: ReadonlySet<string> = new Set([...TO_WIRE.keys(), 'kwargs', 'stamps']);

type WireOptions = Readonly<Record<string, unknown>>;

/** Options as a Python peer understands them in a signature: its names, seconds, plain data. */
export function optionsToWire(options: CallOptions): Record<string, unknown> {
  const { stamps } = options;
  const wire: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined || value === null || name === 'kwargs' || name === 'stamps') continue;
    wire[TO_WIRE.get(name) ?? name] = valueToWire(name, value);
  }
  if (!stamps) return wire;
  return { ...wire, ...stamps, stamped_headers: options.stampedHeaders ?? Object.keys(stamps) };
}

function valueToWire(name: string, value: unknown): unknown {
  switch (name) {
    case 'link':
    case 'linkError':
    case 'chain':
      return signatureList(value as SignatureLike);
    case 'chord':
      return signatureData(value as SignatureLike);
    case 'countdown':
    case 'timeLimit':
    case 'softTimeLimit':
    case 'publishTimeout':
      return durationSeconds(value as Duration, name);
    case 'expires':
      return isDuration(value) ? durationSeconds(value, name) : value;
    case 'retryPolicy':
      return policyToWire(value as PublishRetryPolicy);
    default:
      return value;
  }
}

/** Options of a signature; null means not given (spec: canvas.md 1.2), unknown names are left out. */
export function optionsFromWire(wire: WireOptions | undefined): CallOptions {
  const options: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(wire ?? {})) {
    const name = WIRE_NAMES[key];
    if (name === undefined || value === null || value === undefined) continue;
    options[name] = name === 'retryPolicy' ? policyFromWire(value as WireOptions) : value;
  }
  const stamped = stampsIn(wire);
  if (stamped.length > 0) options['stamps'] = Object.fromEntries(stamped.map((name) => [name, wire?.[name]]));
  return options as CallOptions;
}

/**
 * Options of a signature overlaid by others. The group and the stamps that it has stay: to change them would leave somebody
 * waiting. Spec: canvas.md 1.2.
 */
export function mergeOptions(own: WireOptions | undefined, others: WireOptions): Record<string, unknown> {
  if (own?.['group_id'] === undefined && own?.['stamped_headers'] === undefined) return { ...own, ...others };
  const kept = new Set(['group_id', 'stamped_headers', ...stampsIn(own)]);
  const isKept = (key: string): boolean => kept.has(key) && own?.[key] !== undefined && own[key] !== null;
  return { ...own, ...Object.fromEntries(Object.entries(others).filter(([key]) => !isKept(key))) };
}

/** Names of the stamps that a signature has. */
function stampsIn(wire: WireOptions | undefined): readonly string[] {
  const names = wire?.['stamped_headers'];
  return Array.isArray(names)
    ? names.filter((name) => typeof name === 'string' && Object.hasOwn(wire ?? {}, name))
    : [];
}

/** One signature or several, as plain data. */
export function signatureList(
  given: SignatureLike | readonly SignatureLike[] | undefined,
): readonly SignatureData[] | undefined {
  if (given === undefined) return undefined;
  const list = Array.isArray(given) ? (given as readonly SignatureLike[]) : [given as SignatureLike];
  return list.map(signatureData);
}

/** A signature's dictionary, values as the user gave them. @throws ImproperlyConfigured when it is none */
export function signatureData(signature: SignatureLike): SignatureData {
  if (typeof signature !== 'object' || signature === null) throw notASignature(signature);
  if ('data' in signature) return signature.data as SignatureData;
  return 'task' in signature ? signature : signature.toJSON();
}

function notASignature(given: unknown): ImproperlyConfigured {
  const isTask = typeof given === 'function' && 'taskName' in given;
  const is = isTask ? `the task ${String(given.taskName)}` : String(given);
  return new ImproperlyConfigured(`A signature is needed here, such as add.s(2, 2); ${is} is none.`);
}

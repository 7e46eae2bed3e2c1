import type { SignatureData } from '../types/signature.ts';
import type { Embed } from '../types/pool.ts';
import { formatIso } from './dates.ts';

/** Everything that goes into a task message. Spec: message.md 1. */
export interface OutgoingTask {
  readonly id: string;
  readonly task: string;
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Record<string, unknown>>;
  readonly embed: Embed;
  readonly shadow: string | null;
  /** Unix milliseconds. */
  readonly etaMs: number | null;
  /** Unix milliseconds. */
  readonly expiresMs: number | null;
  readonly group: string | null;
  readonly groupIndex: number | null;
  readonly retries: number;
  /** Seconds. */
  readonly timeLimit: number | null;
  readonly softTimeLimit: number | null;
  readonly rootId: string;
  readonly parentId: string | null;
  readonly argsrepr: string;
  readonly kwargsrepr: string;
  readonly origin: string;
  readonly ignoreResult: boolean;
  readonly replacedTaskNesting: number;
  readonly stampedHeaders: readonly string[] | null;
  readonly stamps: Readonly<Record<string, unknown>>;
  /** Merged flat into the same table. */
  readonly headers: Readonly<Record<string, unknown>> | undefined;
}

/** Header table of a task message, in Celery's order. */
export function taskHeaders(call: OutgoingTask): Record<string, unknown> {
  const headers: Record<string, unknown> = {
    lang: 'js',
    task: call.task,
    id: call.id,
    shadow: call.shadow,
    // Always in this one form: older peers misread others.
    eta: isoOrNull(call.etaMs),
    expires: isoOrNull(call.expiresMs),
    group: call.group,
    group_index: call.groupIndex,
    retries: call.retries,
    timelimit: timeLimits(call),
    root_id: call.rootId,
    parent_id: call.parentId,
    argsrepr: call.argsrepr,
    kwargsrepr: call.kwargsrepr,
    origin: call.origin,
    ignore_result: call.ignoreResult,
    replaced_task_nesting: call.replacedTaskNesting,
    stamped_headers: call.stampedHeaders,
    stamps: call.stamps,
  };
  // Fields of the protocol win: a user's header named `id` must not change the task's id.
  return call.headers ? { ...call.headers, ...headers } : headers;
}

/** One for all calls without limits, so that nobody has to look into it. */
const NO_LIMITS = Object.freeze([null, null]);

function timeLimits({ timeLimit, softTimeLimit }: OutgoingTask): readonly (number | null)[] {
  return timeLimit === null && softTimeLimit === null ? NO_LIMITS : [timeLimit, softTimeLimit];
}

export function isoOrNull(ms: number | null): string | null {
  return ms === null ? null : formatIso(ms);
}

/** The body before serialization: `[args, kwargs, embed]`. */
export function taskBody(call: Pick<OutgoingTask, 'args' | 'kwargs' | 'embed'>): readonly unknown[] {
  const { callbacks, errbacks, chain, chord } = call.embed;
  return [
    call.args,
    call.kwargs,
    { callbacks: callbacks ?? null, errbacks: errbacks ?? null, chain: chain ?? null, chord: chord ?? null },
  ];
}

/** What a body holds once decoded. */
export interface DecodedBody {
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Record<string, unknown>>;
  /** Absent when it holds nothing. */
  readonly embed?: Embed;
}

/** Checks the shape of a decoded protocol 2 body; a text says what's wrong with it. */
export function readBody(body: unknown): DecodedBody | string {
  if (!Array.isArray(body) || body.length !== 3) return 'The body is not [args, kwargs, embed].';
  const [args, kwargs, embed] = body as readonly unknown[];
  if (!Array.isArray(args)) return 'The positional arguments are not a list.';
  if (!isObject(kwargs)) return 'The keyword arguments are not an object.';
  if (embed !== null && !isObject(embed)) return 'The third part of the body is not an object.';
  const found = embed === null ? undefined : readEmbed(embed as Readonly<Record<string, unknown>>);
  if (typeof found === 'string') return found;
  return found ? { args, kwargs, embed: found } : { args, kwargs };
}

function readEmbed(embed: Readonly<Record<string, unknown>>): Embed | string | undefined {
  const { callbacks, errbacks, chain, chord } = embed;
  if (!callbacks && !errbacks && !chain && !chord) return undefined;
  for (const [name, list] of Object.entries({ callbacks, errbacks, chain })) {
    if (list !== null && list !== undefined && !(Array.isArray(list) && list.every(isSignature)))
      return `The ${name} in the body are not a list of signatures.`;
  }
  if (chord !== null && chord !== undefined && !isSignature(chord))
    return 'The chord in the body is not a signature.';
  return embed as Embed;
}

/** Of its parts only the name is required; the others may be null. */
function isSignature(value: unknown): value is SignatureData {
  if (!isObject(value) || typeof value['task'] !== 'string') return false;
  const { args = null, kwargs = null, options = null } = value;
  if (args !== null && !Array.isArray(args)) return false;
  return [kwargs, options].every((part) => part === null || isObject(part));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

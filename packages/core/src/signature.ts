import { randomUUID } from 'node:crypto';
import type { App } from './app.ts';
import { mergeOptions, optionsFromWire, optionsToWire, signatureList } from './call-options.ts';
import type { CallOptions, SignatureLike } from './call-options.ts';
import { checkCall, faultOfCall } from './check-call.ts';
import { ImproperlyConfigured } from './errors.ts';
import { repr } from './message/repr.ts';
import { SentCall } from './sent-call.ts';
import { decodeJson, encodeJson } from './serialize/json.ts';
import { isMarker } from './serialize/typed.ts';
import type { SignatureData } from './types/signature.ts';

/**
 * One call of a task as a value: arguments and options that can be kept, passed on, sent over the wire and completed
 * later. `Needs` is what must still come in front, `Gives` what comes out. Never changes; every verb returns a new one.
 */
export class Signature<Needs extends unknown[] = unknown[], Gives = unknown> {
  /** Celery's dictionary, values as the user gave them. */
  readonly data: SignatureData;
  readonly #app: App;
  /** Only for the compiler. */
  declare readonly types: { readonly needs: Needs; readonly gives: Gives };

  constructor(app: App, data: SignatureData) {
    this.#app = app;
    this.data = data;
  }

  /** The task's registered name. */
  get task(): string {
    return this.data.task;
  }

  /** Sends the call; new arguments go in front of those that the signature has. */
  delay(...args: Needs): SentCall<Gives> {
    return this.applyAsync(args);
  }

  /** Sends the call with options: task < signature < call. */
  applyAsync(args?: Needs, options: CallOptions = {}): SentCall<Gives> {
    const { subtask_type: composite } = this.data;
    if (composite) return SentCall.of<Gives>(randomUUID(), Promise.reject(notYet(composite)));
    const fault = faultOfCall(this.data.task, args ?? [], options);
    if (fault) return SentCall.of<Gives>(randomUUID(), Promise.reject(fault));
    const { args: all, kwargs, options: merged } = applied(this.data, args ?? [], options);
    return this.#app.call<Gives>(this.data.task, all, { ...merged, kwargs });
  }

  /** Another signature with more arguments in front, merged keyword arguments and options. */
  clone(
    args: readonly unknown[] = [],
    kwargs: Readonly<Record<string, unknown>> = {},
    options: CallOptions = {},
  ): Signature<unknown[], Gives> {
    const { data } = this;
    checkCall(data.task, args, options);
    const merged = mergedArguments(data, args, kwargs);
    return new Signature(this.#app, {
      ...data,
      ...merged,
      options: mergeOptions(data.options, optionsToWire(options)),
    });
  }

  /** The same call with other options; the new ones win. */
  set(options: CallOptions): Signature<Needs, Gives> {
    checkCall(this.data.task, [], options);
    return this.#with({ options: { ...this.data.options, ...optionsToWire(options) } });
  }

  /** The same call with more keyword arguments; the new ones win. */
  withKwargs(kwargs: Readonly<Record<string, unknown>>): Signature<Needs, Gives> {
    return this.#with({ kwargs: { ...this.data.kwargs, ...kwargs } });
  }

  /** Never takes arguments from others, such as the result of the task it is linked to. */
  immutable(): Signature<[], Gives> {
    return new Signature(this.#app, { ...this.data, immutable: true });
  }

  /** Runs another signature when this call succeeds. */
  link(signature: SignatureLike): Signature<Needs, Gives> {
    return this.#append('link', signature);
  }

  /** Runs another signature when this call fails. */
  linkError(signature: SignatureLike): Signature<Needs, Gives> {
    return this.#append('link_error', signature);
  }

  /** Celery's JSON form; `signatureFrom()` is the way back. */
  toJSON(): SignatureData {
    return JSON.parse(encodeJson(plain(this.data), 'signature')) as SignatureData;
  }

  /** As Celery prints it: `proj.tasks.add(2, 2)`. */
  toString(): string {
    const args = (this.data.args ?? []).map((arg) => repr(arg));
    const kwargs = Object.entries(this.data.kwargs ?? {}).map(([name, value]) => `${name}=${repr(value)}`);
    return `${this.data.task}(${[...args, ...kwargs].join(', ')})`;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }

  #append(option: 'link' | 'link_error', signature: SignatureLike): Signature<Needs, Gives> {
    const present = signatureList(this.data.options?.[option] as SignatureLike[] | undefined) ?? [];
    return this.#with({
      options: { ...this.data.options, [option]: [...present, ...(signatureList(signature) ?? [])] },
    });
  }

  #with(changes: Partial<SignatureData>): Signature<Needs, Gives> {
    return new Signature(this.#app, { ...this.data, ...changes });
  }
}

/** To send its parts is canvas's affair. */
function notYet(composite: string): ImproperlyConfigured {
  return new ImproperlyConfigured(
    `A ${composite} can't be sent yet: tq sends single tasks with their links.`,
  );
}

/** Any signature, where its types don't matter. */
// oxlint-disable-next-line typescript/no-explicit-any -- stands for every argument list
export type AnySignature = Signature<any, any>;

/** Data of a new signature. */
export function makeSignatureData(
  task: string,
  args: readonly unknown[],
  options: CallOptions,
  immutable: boolean,
): SignatureData {
  checkCall(task, args, options);
  return {
    task,
    args: [...args],
    kwargs: { ...options.kwargs },
    options: optionsToWire(options),
    subtask_type: null,
    immutable,
  };
}

/** What is sent when a signature meets arguments. Spec: canvas.md 1.2. */
export function applied(
  data: SignatureData,
  args: readonly unknown[],
  options: CallOptions,
): {
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Record<string, unknown>>;
  readonly options: CallOptions;
} {
  const { kwargs, ...call } = options;
  const merged = mergeOptions(data.options, optionsToWire(call));
  return { ...mergedArguments(data, args, kwargs ?? {}), options: optionsFromWire(merged) };
}

/** New arguments in front, new keyword arguments over the old; an immutable signature keeps its own. */
function mergedArguments(
  data: SignatureData,
  args: readonly unknown[],
  kwargs: Readonly<Record<string, unknown>>,
): { readonly args: readonly unknown[]; readonly kwargs: Readonly<Record<string, unknown>> } {
  if (data.immutable) return { args: data.args ?? [], kwargs: data.kwargs ?? {} };
  return { args: [...args, ...(data.args ?? [])], kwargs: { ...data.kwargs, ...kwargs } };
}

/** Checks data that came from outside, such as parsed JSON, and reads Celery's typed values in it. @throws ImproperlyConfigured */
export function checkSignatureData(data: unknown): SignatureData {
  const { task, args, kwargs, options } = (data ?? {}) as Partial<SignatureData>;
  const fits =
    typeof task === 'string' &&
    task !== '' &&
    isAbsentOr(Array.isArray, args) &&
    isAbsentOr(isRecord, kwargs) &&
    isAbsentOr(isRecord, options);
  if (!fits)
    throw new ImproperlyConfigured(
      'Not a signature: expected an object with `task`, a list `args` and objects `kwargs` and `options`.',
    );
  const { subtask_type = null, immutable = false, ...rest } = revived(data) as SignatureData;
  return {
    ...rest,
    args: rest.args ?? [],
    kwargs: rest.kwargs ?? {},
    options: rest.options ?? {},
    subtask_type,
    immutable,
  };
}

function isAbsentOr(fits: (value: unknown) => boolean, value: unknown): boolean {
  return value === undefined || value === null || fits(value);
}

function isRecord(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Nested signatures as plain data, so that only values are left to encode. */
function plain(value: unknown): unknown {
  return mapped(value, (object) => object);
}

/** The same with Celery's typed values read. */
function revived(value: unknown): unknown {
  return mapped(value, (object) => (isMarker(object) ? decodeJson(JSON.stringify(object)) : object));
}

/** A copy of lists, objects and signatures; every other value as it is. */
function mapped(value: unknown, finish: (object: object) => unknown): unknown {
  if (value instanceof Signature) return mapped(value.data, finish);
  if (Array.isArray(value)) return value.map((item) => mapped(item, finish));
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype)
    return value;
  return finish(Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapped(item, finish)])));
}
